use super::*;

fn rate(value: f64) -> Measurement {
    Measurement::new("/login, 64 at once", "rate", Unit::RequestsPerSecond, value)
}

fn p99(value: f64) -> Measurement {
    Measurement::new("/login, 64 at once", "p99", Unit::Milliseconds, value)
}

fn bytes(value: f64) -> Measurement {
    Measurement::new("/login, loaded", "html", Unit::Bytes, value)
}

fn results(measurements: Vec<Measurement>) -> Results {
    Results { circumstances: Circumstances::example(), measurements }
}

#[test]
fn numbers_have_as_many_digits_as_say_something() {
    for (value, expected) in [
        (0.125, "0.125"),
        (7.249, "7.25"),
        (42.06, "42.1"),
        (0.0, "0"),
        (42.0, "42"),
        (999.6, "1,000"),
        (25_800.0, "25,800"),
        (1_234_567.8, "1,234,568"),
        (-123.4, "-123"),
    ] {
        assert_eq!(number(value), expected);
    }
}

#[test]
fn a_target_stands_beside_its_number_and_a_miss_is_named() {
    let shown = results(vec![
        rate(20_000.0).with_target(25_800.0),
        p99(7.5).with_target(10.0),
        Measurement::new("the application", "idle", Unit::Megabytes, 12.5),
    ])
    .to_string();
    assert!(
        shown.lines().any(|line| line.split_whitespace().eq(["rate", "requests/s", "p99", "ms"])),
        "{shown}"
    );
    assert!(shown.contains("20,000 (≥ 25,800, MISSED)  7.50 (≤ 10)\n"), "{shown}");
    let (_, short) = shown.split_once("Short of their targets").unwrap();
    assert!(short.contains("/login, 64 at once: rate is 20,000 (≥ 25,800, MISSED)"), "{short}");
    assert!(!short.contains("p99"), "{short}");
}

#[test]
fn where_nothing_is_missed_that_is_said() {
    let shown = results(vec![rate(25_800.0).with_target(25_800.0)]).to_string();
    assert!(shown.ends_with("\nEvery target is met.\n"), "{shown}");
}

#[test]
fn what_is_written_is_read_back_as_it_was() {
    let folder = std::env::temp_dir().join(format!("ironleaf-bench-{}", std::process::id()));
    let path = folder.join("deep/run.json");
    let written = results(vec![rate(20_000.5).with_target(25_800.0), bytes(3_000.0)]);
    written.write(&path).unwrap();
    assert_eq!(Results::read(&path).unwrap(), written);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_something_else_is_refused() {
    for text in ["", "{}", r#"{"measurements":[{"subject":"x"}],"circumstances":{}}"#] {
        assert_eq!(Results::parse(text), None, "{text}");
    }
}

#[test]
fn worse_is_less_of_what_is_good_and_more_of_what_is_not() {
    assert!(!rate(7_001.0).is_worse_than(10_000.0));
    assert!(rate(6_999.0).is_worse_than(10_000.0));
    assert!(!rate(90_000.0).is_worse_than(10_000.0));
    assert!(!bytes(5_100.0).is_worse_than(5_000.0));
    assert!(bytes(5_101.0).is_worse_than(5_000.0));
    assert!(!bytes(1.0).is_worse_than(5_000.0));
}

#[test]
fn small_times_may_differ_by_half_a_millisecond() {
    assert!(!p99(0.6).is_worse_than(0.2));
    assert!(p99(0.8).is_worse_than(0.2));
    assert!(p99(14.5).is_worse_than(10.0));
}

#[test]
fn a_session_more_that_is_lost_is_worse() {
    let lost = |count| Measurement::new("storm", "answers other than 200", Unit::Count, count);
    assert!(lost(1.0).is_worse_than(0.0));
    assert!(!lost(0.0).is_worse_than(0.0));
}

#[test]
fn a_comparison_shows_the_change_and_counts_what_became_worse() {
    let (then, now) =
        (results(vec![rate(10_000.0), p99(4.0), bytes(0.0)]), results(vec![rate(6_000.0), p99(3.0)]));
    let comparison = now.since(&then);
    assert_eq!(comparison.worse(), 2);
    let shown = comparison.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].ends_with("10,000 ->      6,000 requests/s  -40.0 %  WORSE"), "{shown}");
    assert!(lines[1].ends_with("4 ->          3 ms  -25.0 %"), "{shown}");
    assert!(lines[2].ends_with("not measured now  WORSE"), "{shown}");
}

#[test]
fn a_run_is_no_worse_than_itself() {
    let run = results(vec![rate(10_000.0), p99(4.0), bytes(0.0)]);
    assert_eq!(run.since(&run).worse(), 0);
}
