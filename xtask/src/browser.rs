//! Playwright: its packages, a browser, the tests, and the measurements and pictures that use the same page objects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{failed_tests, npm, packages, peers, process, tools, workspace};

/// The names of Chromium and of browsers built from it. The first one draws no windows, which halves the time of the
/// tests.
const CHROMIUM_NAMES: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The options of Playwright for watching the tests.
const WINDOW_OPTIONS: [&str; 3] = ["--headed", "--ui", "--debug"];

/// Runs the browser tests against the release build. Failed tests run again with traces, because traces of every test
/// would take a third of the time.
///
/// # Errors
///
/// If Node or a browser is not available, or a test fails.
pub(crate) fn run_playwright(settings: &Settings, args: &[String]) -> Result<()> {
    run_with(settings, &settings.server_binary(), args)
}

/// Does the same with the program that `cargo leptos end-to-end` has built: a release if it was asked for one.
///
/// # Errors
///
/// As [`run_playwright`].
pub(crate) fn run_playwright_for_cargo_leptos(settings: &Settings) -> Result<()> {
    let folder = if asks_for_a_release(&words_of_the_parent()) { "release" } else { "debug" };
    run_with(settings, &settings.program(folder), &[])
}

/// The command line of the parent process. It gives no other information about itself.
#[cfg(unix)]
fn words_of_the_parent() -> String {
    let parent = std::os::unix::process::parent_id().to_string();
    process::quiet_output(process::program("ps").args(["-o", "args=", "-p", &parent])).unwrap_or_default()
}

#[cfg(not(unix))]
fn words_of_the_parent() -> String {
    String::new()
}

fn asks_for_a_release(command: &str) -> bool {
    command.split_whitespace().any(|word| word == "--release" || word == "-r")
}

fn run_with(settings: &Settings, program: &Path, args: &[String]) -> Result<()> {
    let windows = args.iter().any(|arg| WINDOW_OPTIONS.contains(&arg.as_str()));
    let kind = if windows { Kind::Full } else { Kind::Headless };
    let run = || playwright(settings, program, kind);
    let outcome = run_and_name(&workspace::end2end(), run, args);
    if !windows && matches!(outcome, Err(Failure::Explained(_))) {
        println!(
            "\nThe failed tests run again to record traces. They count as failed, whatever the second result is."
        );
        let again = process::run(run()?.args(args).args(["--last-failed", "--trace=on"]));
        if let Err(Failure::Interrupted) = again {
            return again;
        }
    }
    outcome
}

/// Runs the browser tests of another folder like `end2end/`, against another program.
///
/// # Errors
///
/// If Node or a browser is not available, or a test fails.
pub(crate) fn run_playwright_in(
    settings: &Settings,
    end2end: &Path,
    server: &Path,
    args: &[String],
) -> Result<()> {
    run_and_name(end2end, || playwright(settings, server, Kind::Headless), args)
}

/// Runs the tests of this folder. A failure names the failed tests.
fn run_and_name(folder: &Path, playwright: impl Fn() -> Result<Command>, args: &[String]) -> Result<()> {
    // Playwright writes the failed tests into this file, unless it ends before the first test.
    let last_run = folder.join("test-results/.last-run.json");
    let written = || fs::metadata(&last_run).and_then(|file| file.modified()).ok();
    let before = written();
    process::run(playwright()?.current_dir(folder).args(args)).map_err(|failure| {
        if written() == before || matches!(failure, Failure::Interrupted) {
            return failure;
        }
        // Listing leaves the file as it is.
        let list = playwright().ok().and_then(|mut playwright| {
            let options = ["--list", "--last-failed"];
            process::quiet_output(playwright.current_dir(folder).args(args).args(options))
        });
        failed_tests::with_names(failure, &failed_tests::listed_by_playwright(&list.unwrap_or_default()))
    })
}

/// Prints the bytes of each page and compares them with `end2end/measure/budget.json`.
///
/// # Errors
///
/// If Node or a browser is not available, or a page is over its budget.
pub(crate) fn measure_sizes(settings: &Settings) -> Result<()> {
    process::run(&mut measurement(settings, "size", Kind::Headless)?)
}

/// Prints the Lighthouse results of the main pages.
///
/// # Errors
///
/// If Node or a browser is not available, or a page scores too low.
pub(crate) fn run_lighthouse(settings: &Settings) -> Result<()> {
    process::run(&mut measurement(settings, "lighthouse", Kind::Full)?)
}

/// The pictures to take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shots {
    /// Every page in every state, into this folder, or else into `target/shots`.
    Everything { folder: Option<PathBuf> },
    /// The four pictures of the README, into `docs/images`.
    Readme,
}

/// Takes pictures of the pages.
///
/// # Errors
///
/// If Node or a browser is not available, or a page does not reach a state.
pub(crate) fn take_shots(settings: &Settings, shots: &Shots) -> Result<()> {
    let mut playwright = measurement(settings, "shots", Kind::Headless)?;
    match shots {
        Shots::Everything { folder } => {
            let folder = folder.clone().unwrap_or_else(|| settings.target.join("shots"));
            let absolute = std::path::absolute(&folder)
                .map_err(|error| Failure::new(format!("{} is not a folder: {error}", folder.display())))?;
            playwright.env("IRONLEAF_SHOTS", absolute);
        }
        Shots::Readme => {
            playwright.env("IRONLEAF_SHOTS_FOR", "readme");
        }
    }
    process::run(&mut playwright)
}

fn measurement(settings: &Settings, project: &str, kind: Kind) -> Result<Command> {
    let mut playwright = playwright(settings, &settings.server_binary(), kind)?;
    playwright.args(["--config", "measure/playwright.config.ts", "--project", project]);
    Ok(playwright)
}

/// `playwright test` with everything that it needs.
fn playwright(settings: &Settings, program: &Path, kind: Kind) -> Result<Command> {
    npm::install(&workspace::end2end(), "The browser tests")?;
    peers::install()?;
    let browser = browser(settings, kind)?;
    let mut playwright = npm::program(&workspace::end2end(), "npx", ["playwright", "test"]);
    playwright.env("IRONLEAF_BINARY", program);
    if let Browser::Installed(path) = browser {
        playwright.env("PLAYWRIGHT_CHROMIUM", path);
    }
    Ok(playwright)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any Chromium; the headless shell if there is one.
    Headless,
    /// A complete browser with windows, as people use it.
    Full,
}

impl Kind {
    /// The first name is also that of Debian's package.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Headless => &CHROMIUM_NAMES,
            Self::Full => &CHROMIUM_NAMES[1..],
        }
    }
}

#[derive(Debug)]
enum Browser {
    /// A program on this machine.
    Installed(PathBuf),
    /// The one that Playwright downloads and finds by itself.
    Playwrights,
}

fn browser(settings: &Settings, kind: Kind) -> Result<Browser> {
    if let Some(path) = &settings.chromium {
        return if path.is_file() {
            Ok(Browser::Installed(path.clone()))
        } else {
            Err(Failure::new(format!("PLAYWRIGHT_CHROMIUM is `{}`, which is not a file.", path.display())))
        };
    }
    if let Some(path) = kind.names().iter().find_map(|name| tools::on_path(name)) {
        return Ok(Browser::Installed(path));
    }
    println!("There is no Chromium on PATH: Playwright fetches its own, about 200 MB, unless it has it.");
    match process::run(&mut npm::program(&workspace::end2end(), "npx", ["playwright", "install", "chromium"]))
    {
        Ok(()) => return Ok(Browser::Playwrights),
        Err(Failure::Explained(reason)) => println!("Playwright's Chromium could not be installed: {reason}"),
        Err(other) => return Err(other),
    }
    match packages::program(kind.names(), kind.names()[0]) {
        Err(Failure::Explained(_)) => Err(Failure::new(
            "There is no browser: install Chromium, or set PLAYWRIGHT_CHROMIUM to the path of one.",
        )),
        found => found.map(Browser::Installed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_what_was_asked_for_as_one() {
        assert!(asks_for_a_release("cargo-leptos end-to-end --release"));
        assert!(asks_for_a_release("/opt/bin/cargo-leptos leptos end-to-end -r"));
        assert!(!asks_for_a_release("cargo-leptos leptos end-to-end"));
    }

    #[cfg(unix)]
    #[test]
    fn the_parent_is_asked_for_its_words() {
        assert!(!words_of_the_parent().is_empty());
    }
}
