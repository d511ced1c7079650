//! wasm-opt halves what the browser loads.
//!
//! Distributions have versions that refuse Rust's output (Debian's 108 ends in a validation error). If `PATH` has no
//! recent version, there are two more sources: npm's `binaryen` is installed in seconds and needs Node; the `wasm-opt`
//! crate compiles Binaryen for minutes, and needs a C++ compiler but no Node. Their output differs by one percent,
//! which does not matter.
//! minutes, and needs a C++ compiler but no Node. Their output differs by one percent, which decides nothing.

use std::path::{Path, PathBuf};

use super::cargo_install::CargoInstall;
use super::found::{Found, find_in, has_cxx_compiler, on_path, version_of};
use crate::failure::{Failure, Result};
use crate::process;
use crate::version::Version;

/// The first version that understands the features of current LLVM output.
const OLDEST_ACCEPTED: Version = Version::new(116, 0, 0);

const CRATE: CargoInstall = CargoInstall {
    package: "wasm-opt",
    program: "wasm-opt",
    version: Version::new(0, 116, 1),
    // Not used: a program on `PATH` has the version number of Binaryen and is checked below.
    accepted: |_, _| false,
    // Debug information is stripped anyway. Without it, a fifth less C++ is compiled.
    options: &["--locked", "--no-default-features"],
    cost: "Binaryen is compiled once for this user, which takes 5 to 15 minutes",
};

const NPM_PACKAGE: &str = "binaryen";
const NPM_VERSION: Version = Version::new(132, 0, 0);

type Install = fn(&Path) -> Result<Found>;

/// # Errors
///
/// If there is none and none can be installed. The release build cannot continue without it.
pub(super) fn wasm_opt(tools: &Path) -> Result<Found> {
    let on_path_version = on_path("wasm-opt").and_then(|program| version_of(&program));
    if on_path_version.is_some_and(|version| version >= OLDEST_ACCEPTED) {
        return Ok(Found::OnPath);
    }
    if let Some(found) = npm_installed(tools).or_else(|| CRATE.installed(tools)) {
        return Ok(found);
    }
    if let Some(old) = on_path_version {
        println!(
            "wasm-opt {} on PATH is too old for what Rust emits ({} is needed).",
            old.major, OLDEST_ACCEPTED.major
        );
    }
    for install in ways(on_path("npm").is_some(), has_cxx_compiler()) {
        match install(tools) {
            Err(Failure::Explained(reason)) => println!("wasm-opt could not be installed this way: {reason}"),
            installed_or_interrupted => return installed_or_interrupted,
        }
    }
    Err(Failure::new(format!(
        "wasm-opt could not be installed: install Binaryen {} or later, a C++ compiler, or Node with npm.",
        OLDEST_ACCEPTED.major
    )))
}

/// The possible ways, fastest first.
fn ways(has_npm: bool, has_cxx_compiler: bool) -> Vec<Install> {
    let npm = has_npm.then_some(npm_install as Install);
    let compiler = has_cxx_compiler.then_some(compile as Install);
    npm.into_iter().chain(compiler).collect()
}

fn compile(tools: &Path) -> Result<Found> {
    CRATE.or_install(tools)
}

fn npm_installed(tools: &Path) -> Option<Found> {
    let folder = npm_root(tools).join("node_modules/.bin");
    find_in(std::slice::from_ref(&folder), "wasm-opt").map(|_| Found::InFolder(folder))
}

fn npm_install(tools: &Path) -> Result<Found> {
    println!("Installing wasm-opt {} from npm: about 100 MB on disk.", NPM_VERSION.major);
    let npm = on_path("npm").unwrap_or_else(|| PathBuf::from("npm"));
    process::run(
        process::program(npm)
            .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
            .arg(npm_root(tools))
            .arg(format!("{NPM_PACKAGE}@{NPM_VERSION}")),
    )?;
    npm_installed(tools).ok_or_else(|| Failure::new("npm's binaryen package has no wasm-opt."))
}

fn npm_root(tools: &Path) -> PathBuf {
    tools.join(format!("{NPM_PACKAGE}-{NPM_VERSION}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(way: Install, expected: Install) -> bool {
        std::ptr::fn_addr_eq(way, expected)
    }

    #[test]
    fn nothing_is_compiled_where_npm_has_it_in_seconds() {
        let ways = ways(true, true);
        assert!(is(ways[0], npm_install));
        assert!(is(ways[1], compile));
    }

    #[test]
    fn what_this_machine_lacks_is_not_tried() {
        assert!(ways(false, false).is_empty());
        let only_compiler = ways(false, true);
        assert!(only_compiler.len() == 1 && is(only_compiler[0], compile));
    }
}
