//! `cargo xtask test`: every check of this repository in sequence, with one summary at the end.
//!
//! The two halves of the application are never in the same cargo command, because that would unify their features and
//! compile server code into the front end.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::{Failure, Result};
use crate::report::{Outcome, Report};
use crate::room::{self, Room};
use crate::settings::{Settings, TRY_PROFILE};
use crate::workspace::BROWSER_HALF;
use crate::{
    application, browser, builder, documented_page, failed_tests, frontend_tree, fuzz, own_provider,
    packages, peers, process, publishing, simulation, site_marks, tools,
};

struct Step {
    name: &'static str,
    /// Skipped with `--fast`.
    slow: bool,
    /// The step that must pass before this one has a meaning.
    needs: Option<&'static str>,
    run: fn(&Settings) -> Result<Outcome>,
}

impl Step {
    const fn new(name: &'static str, run: fn(&Settings) -> Result<Outcome>) -> Self {
        Self { name, slow: false, needs: None, run }
    }

    const fn slow(self) -> Self {
        Self { slow: true, ..self }
    }

    const fn needs(self, step: &'static str) -> Self {
        Self { needs: Some(step), ..self }
    }
}

/// What a first run took at most without incremental compilation, rounded up: 17.4 and 9.6 GB were seen.
const NEEDED_FOR_ALL: Room = Room::gigabytes(18);
const NEEDED_FOR_FAST: Room = Room::gigabytes(10);

const RELEASE_BUILD: &str = "release build";
const DOCUMENTED_PAGE: &str = "the page of docs/adding-a-page.md";

const STEPS: &[Step] = &[
    Step::new("format", |_| cargo(&["fmt", "--all", "--check"])),
    Step::new("front end without server crates", |_| frontend_tree::check().map(|()| Outcome::Passed)),
    Step::new("no circles of files", |_| tests(&["test", "--quiet", "--test", "circles"])),
    Step::new("clippy, server half", |_| {
        cargo(&["clippy", "--features", "server/peers", "--all-targets", "--", "-D", "warnings"])
    }),
    Step::new("clippy, browser half", clippy_browser_half),
    Step::new("docs", docs),
    Step::new("unit and integration tests", |_| {
        packages::program(&["redis-server"], "redis-server")?;
        packages::program(&["aiosmtpd"], "python3-aiosmtpd")?;
        tests(&["test", "--no-fail-fast"])
    }),
    Step::new("before providers that others wrote", |_| peers::test().map(|()| Outcome::Passed)).slow(),
    Step::new(DOCUMENTED_PAGE, |settings| documented_page::check(settings).map(|()| Outcome::Passed)),
    Step::new("the provider of docs/providers/your-own.md", |settings| {
        own_provider::check(settings).map(|()| Outcome::Passed)
    }),
    Step::new("traces", |_| tests(&["test", "--features", "server/otlp", "--test", "process", "traces"])),
    Step::new("licences, bans, sources", cargo_deny),
    Step::new("publishable", |_| publishing::check().map(|()| Outcome::Passed)),
    Step::new("builder of the site", builder_of_the_site),
    Step::new(RELEASE_BUILD, |settings| application::build_to_check(settings).map(|_| Outcome::Passed))
        .slow(),
    Step::new("the same site from cargo-leptos", same_site).slow().needs(RELEASE_BUILD),
    Step::new("no server words for the browser", |_| site_marks::check().map(|()| Outcome::Passed))
        .slow()
        .needs(RELEASE_BUILD),
    Step::new("browser", |settings| browser::run_playwright(settings, &[]).map(|()| Outcome::Passed))
        .slow()
        .needs(RELEASE_BUILD),
    Step::new("the page of docs/adding-a-page.md, in a browser", |settings| {
        documented_page::check_in_browser(settings).map(|()| Outcome::Passed)
    })
    .slow()
    .needs(DOCUMENTED_PAGE),
    Step::new("bytes per page", |settings| browser::measure_sizes(settings).map(|()| Outcome::Passed))
        .slow()
        .needs(RELEASE_BUILD),
    Step::new("simulation", |_| simulation::run_for_a_check().map(|()| Outcome::Passed)).slow(),
    Step::new("simulation of known mistakes", |_| simulation::run_mutants().map(|()| Outcome::Passed)).slow(),
    Step::new("fuzz targets", |settings| fuzz::run(settings, fuzz::Extent::Check).map(|()| Outcome::Passed))
        .slow(),
];

/// Runs every step. With `fast`, it leaves out those that need the release build, a browser, or minutes of simulation
/// and fuzzing. Steps that do not depend on a failed step still run.
///
/// # Errors
///
/// If a step failed, or Ctrl-C was pressed.
pub(crate) fn run_all(settings: &Settings, fast: bool) -> Result<()> {
    if let Some(warning) =
        room_needed(&settings.target, fast).and_then(|needed| room::shortage(&settings.target, needed))
    {
        println!("{warning}");
    }
    tools::ensure_lint_components()?;
    tools::ensure_wasm_target()?;
    let report = run(STEPS.iter().filter(|step| !(fast && step.slow)), settings)?;
    print!("\n{report}");
    if report.failed() == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// Later runs replace most of what the first one has written, so they need less than anybody knows. These commands
/// themselves are in the build folder before any run.
fn room_needed(target: &Path, fast: bool) -> Option<Room> {
    let is_first = !target.join("wasm32-unknown-unknown").exists();
    is_first.then_some(if fast { NEEDED_FOR_FAST } else { NEEDED_FOR_ALL })
}

fn run<'a>(steps: impl Iterator<Item = &'a Step>, settings: &Settings) -> Result<Report> {
    let mut report = Report::default();
    let mut failed: Vec<&str> = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let started = Instant::now();
        let outcome = match step.needs.filter(|needed| failed.contains(needed)) {
            Some(needed) => Outcome::Skipped(format!("the step before it failed: {needed}")),
            None => outcome_of((step.run)(settings))?,
        };
        let seconds = started.elapsed().as_secs_f64();
        let left = Room::left_for(&settings.target)
            .map(|left| format!(", {left} left on the disk"))
            .unwrap_or_default();
        match &outcome {
            Outcome::Passed => println!("=== {}: ok, {seconds:.1} s{left}", step.name),
            Outcome::Failed(_) => println!("=== {}: FAILED, {seconds:.1} s{left}", step.name),
            Outcome::Skipped(reason) => println!("=== {}: skipped, {reason}", step.name),
        }
        if matches!(outcome, Outcome::Failed(_)) {
            failed.push(step.name);
        }
        report.add(step.name, outcome, started.elapsed());
    }
    Ok(report)
}

/// Prints and counts a failure at once. Ctrl-C ends the run.
fn outcome_of(result: Result<Outcome>) -> Result<Outcome> {
    match result {
        Err(Failure::Explained(reason)) => {
            println!("{reason}");
            Ok(Outcome::Failed(reason))
        }
        outcome_or_interrupted => outcome_or_interrupted,
    }
}

fn cargo(args: &[&str]) -> Result<Outcome> {
    process::run(process::program("cargo").args(args)).map(|()| Outcome::Passed)
}

/// As [`cargo`], with the names of the failed tests.
fn tests(args: &[&str]) -> Result<Outcome> {
    failed_tests::run_cargo_test(process::program("cargo").args(args)).map(|()| Outcome::Passed)
}

fn clippy_browser_half(_: &Settings) -> Result<Outcome> {
    cargo(&[&["clippy"], &BROWSER_HALF[..], &["--", "-D", "warnings"]].concat())
}

/// A package that the other steps leave out. Its own profile is used, so that its libraries are compiled once for both
/// uses.
fn builder_of_the_site(_: &Settings) -> Result<Outcome> {
    let package = ["--profile", TRY_PROFILE, "--package", builder::PACKAGE, "--features", builder::FEATURES];
    cargo(&[&["clippy"][..], &package, &["--all-targets", "--", "-D", "warnings"]].concat())?;
    tests(&[&["test"][..], &package].concat())
}

/// Builds the site again from the module that cargo-leptos has compiled, and compares.
fn same_site(settings: &Settings) -> Result<Outcome> {
    if !tools::has_cargo_leptos(settings) {
        return Ok(Outcome::Skipped(
            "cargo-leptos is not installed, so the builder of this repository has made the release \
             (`cargo xtask build` installs it)"
                .to_owned(),
        ));
    }
    let module = "target/front/wasm32-unknown-unknown/wasm-release/frontend.wasm";
    process::run(process::program(builder::ready(settings)?).args(["compare", module]))
        .map(|()| Outcome::Passed)
}

/// Uses all default members and not only the libraries: the same selection as in the other steps has the same features.
fn docs(_: &Settings) -> Result<Outcome> {
    process::run(process::program("cargo").args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
        .map(|()| Outcome::Passed)
}

fn cargo_deny(_: &Settings) -> Result<Outcome> {
    if tools::on_path("cargo-deny").is_none() {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed (cargo install cargo-deny --locked)".to_owned(),
        ));
    }
    let mut checks = vec!["deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    if has_advisory_database() {
        checks.push("advisories");
    } else {
        println!(
            "There is no advisory database on this machine (cargo deny fetch gets it): advisories are left out."
        );
    }
    cargo(&checks)
}

fn has_advisory_database() -> bool {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let databases = home.and_then(|home| std::fs::read_dir(home.join("advisory-dbs")).ok());
    databases.is_some_and(|mut databases| databases.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::from_environment().unwrap()
    }

    #[test]
    fn a_failed_step_leaves_out_those_that_need_it_and_no_others() {
        let steps = [
            Step::new("first", |_| Err(Failure::new("broken on purpose"))),
            Step::new("needs the first", |_| Ok(Outcome::Passed)).needs("first"),
            Step::new("stands alone", |_| Ok(Outcome::Passed)),
        ];
        let report = run(steps.iter(), &settings()).unwrap();
        assert_eq!((report.passed(), report.failed()), (1, 1));
    }

    #[test]
    fn only_a_first_run_needs_the_room_of_everything() {
        let target = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(target.path().join("debug/deps")).unwrap();
        assert_eq!(room_needed(target.path(), false), Some(NEEDED_FOR_ALL));
        assert_eq!(room_needed(target.path(), true), Some(NEEDED_FOR_FAST));
        std::fs::create_dir(target.path().join("wasm32-unknown-unknown")).unwrap();
        assert_eq!(room_needed(target.path(), false), None);
    }

    #[test]
    fn ctrl_c_ends_the_run() {
        let steps = [
            Step::new("stopped", |_| Err(Failure::Interrupted)),
            Step::new("never reached", |_| panic!("a step ran after Ctrl-C")),
        ];
        assert!(matches!(run(steps.iter(), &settings()), Err(Failure::Interrupted)));
    }

    #[test]
    fn every_need_names_an_earlier_step() {
        for (position, step) in STEPS.iter().enumerate() {
            if let Some(needed) = step.needs {
                assert!(STEPS[..position].iter().any(|earlier| earlier.name == needed), "{needed}");
            }
        }
    }

    #[test]
    fn fast_leaves_out_the_release_build_the_browser_and_fuzzing() {
        let slow: Vec<_> = STEPS.iter().filter(|step| step.slow).map(|step| step.name).collect();
        assert_eq!(
            slow,
            [
                "before providers that others wrote",
                "release build",
                "the same site from cargo-leptos",
                "no server words for the browser",
                "browser",
                "the page of docs/adding-a-page.md, in a browser",
                "bytes per page",
                "simulation",
                "simulation of known mistakes",
                "fuzz targets"
            ]
        );
    }
}
