//! The page of `docs/adding-a-page.md`. Its code is extracted from the document, put into a copy of the workspace, and
//! tested there. The document's promises about the files of a page are checked as well.

mod copy;
mod document;

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::tools::Tools;
use crate::workspace::BROWSER_HALF;
use crate::{browser, failed_tests, process, workspace};
use copy::Copy;
use document::{apply, recipes};

const DOCUMENT: &str = "docs/adding-a-page.md";

/// The tests over HTTP that find pages and forms by themselves.
const OF_EVERY_PAGE: [&str; 4] = ["responses::", "store_outage::", "two_people::", "words::"];

/// The fault tests that find server functions by themselves: what they find, and one of those that try it.
const OF_EVERY_FUNCTION: [&str; 3] = ["survey::", "islands::", "refuses_connections"];

/// Lints both halves of the copy and runs its tests over HTTP, including those that find pages and forms by themselves.
///
/// # Errors
///
/// If the document touches more files than it says, no longer fits the files, or its result fails.
pub(crate) fn check(settings: &Settings) -> Result<()> {
    let (copy, tests) = prepare(settings)?;
    let cargo = |args: &[&str]| process::run(copy.program("cargo").args(args));
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])?;
    cargo(&[&["clippy"], &BROWSER_HALF[..], &["--", "-D", "warnings"]].concat())?;
    let test = |args: &[&str]| failed_tests::run_cargo_test(copy.program("cargo").arg("test").args(args));
    let tests: Vec<_> = tests.iter().flat_map(|test| ["--test", test]).collect();
    test(&tests)?;
    test(&[&["--test", "faults", "--"], &OF_EVERY_FUNCTION[..]].concat())?;
    test(&[&["--test", "http", "--"], &OF_EVERY_PAGE[..]].concat())
}

/// Runs the browser tests of the document, with and without JavaScript.
///
/// The server is the one that [`check`] has tested. The browser half is a debug build.
///
/// # Errors
///
/// If it cannot be built, or a test fails.
pub(crate) fn check_in_browser(settings: &Settings) -> Result<()> {
    let tools = Tools::for_binding(settings)?;
    let (copy, _) = prepare(settings)?;
    process::run(copy.program("cargo").args(["test", "--no-run", "--test", "faults"]))?;
    build_site(&copy, &tools)?;
    let modules = copy.path("end2end/node_modules");
    if !modules.exists() {
        link_folder(&workspace::end2end().join("node_modules"), &modules)?;
    }
    let server = copy.path("target/debug").join(format!("ironleaf{}", std::env::consts::EXE_SUFFIX));
    browser::run_playwright_in(settings, &copy.path("end2end"), &server, &specs()?)
}

/// Creates the copy with the changes of the document. Returns it with the names of the document's tests over HTTP.
fn prepare(settings: &Settings) -> Result<(Copy, Vec<String>)> {
    let read = |path: &str| fs::read_to_string(workspace::root().join(path)).ok();
    let (recipes, said) = of_repository()?;
    println!("{DOCUMENT}\n{said}");
    let changes = apply(&recipes, read)?;
    let test = |path: &String| Some(path.strip_prefix("server/tests/")?.strip_suffix(".rs")?.to_owned());
    let tests = changes.keys().filter_map(test).collect();
    Ok((Copy::of_workspace(settings, changes)?, tests))
}

fn of_repository() -> Result<(Vec<document::Recipe>, String)> {
    let text = fs::read_to_string(workspace::root().join(DOCUMENT))
        .map_err(|error| Failure::new(format!("{DOCUMENT} cannot be read: {error}")))?;
    recipes(&text, |path| workspace::root().join(path).exists())
}

/// The new browser tests, as Playwright names them.
fn specs() -> Result<Vec<String>> {
    let (recipes, _) = of_repository()?;
    let files = recipes.iter().flat_map(document::Recipe::files);
    Ok(files.filter_map(|path| path.strip_prefix("end2end/")).map(str::to_owned).collect())
}

/// Builds the site as the workspace would, but faster: nothing is minified, and the style is copied.
fn build_site(copy: &Copy, tools: &Tools) -> Result<()> {
    process::run(copy.program("cargo").arg("build").args(BROWSER_HALF))?;
    let site = copy.path("target/site");
    let package = site.join("pkg");
    let failed = |error| Failure::new(format!("{} cannot be made: {error}", site.display()));
    fs::create_dir_all(&package).map_err(failed)?;
    for entry in fs::read_dir(copy.path("public")).map_err(failed)?.flatten() {
        fs::copy(entry.path(), site.join(entry.file_name())).map_err(failed)?;
    }
    fs::copy(copy.path("style/main.css"), package.join("ironleaf.css")).map_err(failed)?;
    let mut bindgen = tools.program("wasm-bindgen");
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", "ironleaf", "--out-dir"]).arg(&package);
    process::run(bindgen.arg(copy.path("target/wasm32-unknown-unknown/debug/frontend.wasm")))?;
    // The name that the server expects.
    fs::rename(package.join("ironleaf_bg.wasm"), package.join("ironleaf.wasm")).map_err(failed)
}

#[cfg(unix)]
fn link_folder(original: &Path, link: &Path) -> Result<()> {
    std::os::unix::fs::symlink(original, link)
        .map_err(|error| Failure::new(format!("{} cannot be linked: {error}", link.display())))
}

#[cfg(windows)]
fn link_folder(original: &Path, link: &Path) -> Result<()> {
    std::os::windows::fs::symlink_dir(original, link)
        .map_err(|error| Failure::new(format!("{} cannot be linked: {error}", link.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_fits_the_files_and_touches_as_few_as_it_says() {
        let (recipes, said) = of_repository().unwrap();
        let read = |path: &str| fs::read_to_string(workspace::root().join(path)).ok();
        let changes = apply(&recipes, read).unwrap();
        assert!(changes.contains_key("app/src/pages/feedback.rs"), "{said}");
        assert_eq!(specs().unwrap(), ["tests/feedback.spec.ts"]);
    }
}
