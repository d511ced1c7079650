//! Playwright: its packages, a browser, and the run itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{packages, process, tools, workspace};

/// The names Chromium and what is built from it go by.
const CHROMIUM_NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs the browser tests against the release build.
///
/// # Errors
///
/// When Node or a browser cannot be had, or a test fails.
pub(crate) fn run_playwright(settings: &Settings, args: &[String]) -> Result<()> {
    if tools::on_path("npm").is_none() {
        return Err(Failure::new("The browser tests need Node 20 or later with npm on PATH."));
    }
    install_packages()?;
    let browser = browser(settings)?;
    let mut playwright = in_end2end("npx", ["playwright", "test"]);
    playwright.args(args).env("IRONLEAF_BINARY", settings.server_binary());
    if let Browser::Installed(path) = browser {
        playwright.env("PLAYWRIGHT_CHROMIUM", path);
    }
    process::run(&mut playwright)
}

fn in_end2end<'a>(name: &str, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = process::program(tools::on_path(name).unwrap_or_else(|| name.into()));
    command.args(args).current_dir(workspace::end2end());
    command
}

/// Exactly what the lock file says, unless that is there already.
fn install_packages() -> Result<()> {
    let modified = |path: &str| -> Option<SystemTime> {
        fs::metadata(workspace::end2end().join(path)).and_then(|metadata| metadata.modified()).ok()
    };
    // npm writes this file when an installation is complete.
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(());
    }
    println!("Installing the packages of the browser tests: about 70 MB.");
    process::run(&mut in_end2end("npm", ["ci"]))
}

#[derive(Debug)]
enum Browser {
    /// A program of this machine.
    Installed(PathBuf),
    /// The one Playwright downloads for itself and finds again.
    Playwrights,
}

fn browser(settings: &Settings) -> Result<Browser> {
    if let Some(path) = &settings.chromium {
        return if path.is_file() {
            Ok(Browser::Installed(path.clone()))
        } else {
            Err(Failure::new(format!("PLAYWRIGHT_CHROMIUM is `{}`, which is not a file.", path.display())))
        };
    }
    if let Some(path) = on_path_chromium() {
        return Ok(Browser::Installed(path));
    }
    println!("There is no Chromium on PATH: Playwright fetches its own, about 200 MB, unless it has it.");
    match process::run(&mut in_end2end("npx", ["playwright", "install", "chromium"])) {
        Ok(()) => return Ok(Browser::Playwrights),
        Err(Failure::Explained(reason)) => println!("Playwright's Chromium could not be had: {reason}"),
        Err(other) => return Err(other),
    }
    match packages::program(&CHROMIUM_NAMES, "chromium") {
        Err(Failure::Explained(_)) => {
            Err(Failure::new("No browser could be had: install Chromium, or set PLAYWRIGHT_CHROMIUM to one."))
        }
        found => found.map(Browser::Installed),
    }
}

fn on_path_chromium() -> Option<PathBuf> {
    CHROMIUM_NAMES.iter().find_map(|name| tools::on_path(name))
}
