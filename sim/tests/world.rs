//! Small worlds, run as the command does it.

use sim::options::Options;
use sim::report::Report;
use sim::run::run;

fn options(line: &str) -> Options {
    Options::parse(line.split_whitespace().map(str::to_owned)).expect("the line is understood")
}

fn report(seed: u64) -> Report {
    run(&options("--people 20 --world 20 --days 1 --threads 1"), seed)
}

/// Everything except how long it took.
fn told(report: &Report) -> Vec<String> {
    let is_timeless = |line: &&str| !line.contains(" us each") && !line.starts_with("seed ");
    report.to_string().lines().filter(is_timeless).map(str::to_owned).collect()
}

#[test]
fn a_seed_replays() {
    assert_eq!(told(&report(7)), told(&report(7)));
    assert_ne!(told(&report(7)), told(&report(8)));
}

#[test]
fn a_small_world_loses_nobody() {
    let report = report(9);
    assert!(report.is_good(), "{report}");
}
