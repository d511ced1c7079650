//! The programs that a build needs and that may be missing. They are found on `PATH` or in this user's tool folder, or
//! are installed there.
//!
//! The folder belongs to the user, not to the repository, so it survives a fresh clone. It is not on `PATH`, so it
//! neither replaces nor hides programs that a person has installed for other projects.

mod cargo_fuzz;
mod cargo_install;
mod found;
mod wasm_opt;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::version::Version;
use crate::{process, workspace};
use cargo_install::CargoInstall;
pub(crate) use found::on_path;
use found::{Found, find_in, version_of};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The release with which this repository was built and measured. An installed later patch of the same minor version is
/// accepted.
const CARGO_LEPTOS: Version = Version::new(0, 3, 10);

/// The environment of every program that is started with these tools.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// They are added at the front of `PATH`.
    folders: Vec<PathBuf>,
    /// Selects the toolchain, if it is not the one of these commands.
    toolchain: Option<(&'static str, &'static str)>,
}

impl Tools {
    /// Finds or installs the tools of cargo-leptos and a release.
    ///
    /// # Errors
    ///
    /// If a tool can neither be found nor installed. The error names it and what was tried.
    pub(crate) fn for_a_release(settings: &Settings) -> Result<Self> {
        ensure_wasm_target()?;
        let mut tools = Self::default();
        tools.add(cargo_leptos().or_install(&settings.tools)?);
        tools.add(wasm_bindgen()?.or_install(&settings.tools)?);
        tools.add(wasm_opt::wasm_opt(&settings.tools)?);
        Ok(tools)
    }

    /// The tools of a release without cargo-leptos.
    ///
    /// # Errors
    ///
    /// As [`for_a_release`](Self::for_a_release).
    pub(crate) fn without_cargo_leptos(settings: &Settings) -> Result<Self> {
        ensure_wasm_target()?;
        let mut tools = Self::default();
        tools.add(wasm_opt::wasm_opt(&settings.tools)?);
        Ok(tools)
    }

    /// Finds or installs the tools that turn cargo's output into the browser half.
    ///
    /// # Errors
    ///
    /// As [`for_a_release`](Self::for_a_release).
    pub(crate) fn for_binding(settings: &Settings) -> Result<Self> {
        ensure_wasm_target()?;
        let mut tools = Self::default();
        tools.add(wasm_bindgen()?.or_install(&settings.tools)?);
        Ok(tools)
    }

    /// Finds or installs the tools of the fuzz targets. Their `cargo` is the nightly one.
    ///
    /// # Errors
    ///
    /// If a tool can neither be found nor installed. The error names it and what to do.
    pub(crate) fn for_fuzzing(settings: &Settings) -> Result<Self> {
        let mut tools = Self { toolchain: Some(cargo_fuzz::NIGHTLY), ..Self::default() };
        tools.add(cargo_fuzz::cargo_fuzz(&settings.tools)?);
        Ok(tools)
    }

    fn add(&mut self, found: Found) {
        if let Found::InFolder(folder) = found {
            self.folders.push(folder);
        }
    }

    /// A program that starts at the top of the repository and finds these tools first.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = process::program(find_in(&self.folders, name).unwrap_or_else(|| name.into()));
        if let Some(path) = self.path() {
            command.env("PATH", path);
        }
        command.envs(self.toolchain);
        command
    }

    fn path(&self) -> Option<OsString> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = self.folders.iter().cloned().chain(env::split_paths(&inherited));
        env::join_paths(folders).ok()
    }
}

/// # Errors
///
/// If clippy or rustfmt is missing and rustup cannot add it.
pub(crate) fn ensure_lint_components() -> Result<()> {
    for (command, component) in [("clippy", "clippy"), ("fmt", "rustfmt")] {
        if process::quiet_output(process::program("cargo").args([command, "--version"])).is_none() {
            println!("Adding {component} to the Rust toolchain (a few megabytes).");
            rustup(&["component", "add", component])?;
        }
    }
    Ok(())
}

/// # Errors
///
/// If the standard library for the browser is missing and rustup cannot add it.
pub(crate) fn ensure_wasm_target() -> Result<()> {
    if has_wasm_target() {
        return Ok(());
    }
    println!("Adding the {WASM_TARGET} target to the Rust toolchain (about 20 MB).");
    rustup(&["target", "add", WASM_TARGET])
}

pub(crate) fn has_wasm_target() -> bool {
    let libraries = process::quiet_output(process::program("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        WASM_TARGET,
    ]));
    libraries.is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Fuzzing needs a nightly compiler.
pub(crate) fn has_nightly_toolchain() -> bool {
    cargo_fuzz::has_nightly_toolchain()
}

fn rustup(args: &[&str]) -> Result<()> {
    process::run(process::program("rustup").args(args)).map_err(|failure| match failure {
        Failure::Explained(reason) => {
            Failure::new(format!("The Rust toolchain lacks something that rustup could not add: {reason}"))
        }
        other => other,
    })
}

/// Whether it is already installed. It takes the longest of all tools to compile.
pub(crate) fn has_cargo_leptos(settings: &Settings) -> bool {
    cargo_leptos().found(&settings.tools).is_some()
}

fn cargo_leptos() -> CargoInstall {
    CargoInstall {
        package: "cargo-leptos",
        program: "cargo-leptos",
        version: CARGO_LEPTOS,
        accepted: |found, wanted| {
            (found.major, found.minor) == (wanted.major, wanted.minor) && found >= wanted
        },
        // Its tools are installed here, at versions that fit together, so it does not download any while it builds.
        options: &["--locked", "--features", "no_downloads"],
        cost: "it is compiled once for this user, which takes 5 to 30 minutes",
    }
}

/// wasm-bindgen's program and library communicate in a format that changes with every version, so only the version in
/// `Cargo.lock` works.
fn wasm_bindgen() -> Result<CargoInstall> {
    Ok(CargoInstall {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: workspace::locked_version("wasm-bindgen")?,
        accepted: |found, wanted| found == wanted,
        options: &[],
        cost: "it is compiled once for this user, which takes 1 to 3 minutes",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_tools_come_before_the_inherited_path() {
        let folders = vec![PathBuf::from("/tools/a"), PathBuf::from("/tools/b")];
        let tools = Tools { folders, ..Tools::default() };
        let path: Vec<_> = env::split_paths(&tools.path().unwrap()).collect();
        assert_eq!(path[..2], [PathBuf::from("/tools/a"), PathBuf::from("/tools/b")]);
        assert!(path.len() > 2);
    }

    #[test]
    fn a_program_is_found_where_it_is_and_nowhere_else() {
        assert!(on_path("cargo").is_some());
        assert!(on_path("ironleaf-no-such-program").is_none());
    }
}
