//! Tools that are packages of cargo.

use std::path::Path;
use std::process::Command;

use super::found::{Found, find_in};
use crate::failure::{Failure, Result};
use crate::process;
use crate::version::Version;

/// Builds a tool in a third of the time of its own release profile. These programs only run for seconds.
const QUICK_RELEASE_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// A tool that cargo can install.
#[derive(Debug)]
pub(super) struct CargoInstall {
    pub(super) package: &'static str,
    pub(super) program: &'static str,
    pub(super) version: Version,
    /// Whether the version on `PATH`, the first argument, can replace the one above.
    pub(super) accepted: fn(Version, Version) -> bool,
    pub(super) options: &'static [&'static str],
    /// A text about the cost, for the person who waits.
    pub(super) cost: &'static str,
}

impl CargoInstall {
    /// On `PATH`, or from an earlier run.
    pub(super) fn found(&self, tools: &Path) -> Option<Found> {
        let on_path_version = super::on_path(self.program).and_then(|program| super::version_of(&program));
        if on_path_version.is_some_and(|version| (self.accepted)(version, self.version)) {
            return Some(Found::OnPath);
        }
        self.installed(tools)
    }

    /// Finds the tool or installs it: as a binary if cargo-binstall is installed and finds one, or else compiled.
    ///
    /// # Errors
    ///
    /// If cargo cannot download or build it.
    pub(super) fn or_install(&self, tools: &Path) -> Result<Found> {
        if let Some(found) = self.found(tools) {
            return Ok(found);
        }
        if let Some(binstall) = super::on_path("cargo-binstall") {
            println!("Fetching {} {} with cargo-binstall.", self.package, self.version);
            match process::run(&mut self.fetch(&binstall, tools)) {
                Err(Failure::Explained(reason)) => println!("It is compiled instead: {reason}"),
                fetched_or_interrupted => {
                    fetched_or_interrupted?;
                    if let Some(found) = self.installed(tools) {
                        return Ok(found);
                    }
                }
            }
        }
        println!("Installing {} {}: {}.", self.package, self.version, self.cost);
        process::run(&mut self.compile(tools))?;
        Ok(Found::InFolder(self.root(tools).join("bin")))
    }

    fn fetch(&self, binstall: &Path, tools: &Path) -> Command {
        let mut command = process::program(binstall);
        command
            .args(["--no-confirm", "--disable-strategies", "compile", "--version", &self.version.to_string()])
            .arg("--root")
            .arg(self.root(tools))
            .arg(self.package);
        command
    }

    fn compile(&self, tools: &Path) -> Command {
        let mut command = process::program("cargo");
        command
            .args(["install", self.package, "--version", &self.version.to_string(), "--root"])
            .arg(self.root(tools))
            .args(self.options)
            // With an older compiler, cargo selects dependencies that still support it.
            .env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback")
            .envs(QUICK_RELEASE_PROFILE);
        command
    }

    /// The result of an earlier run. cargo puts a program there only once it is complete.
    pub(super) fn installed(&self, tools: &Path) -> Option<Found> {
        let folder = self.root(tools).join("bin");
        find_in(std::slice::from_ref(&folder), self.program).map(|_| Found::InFolder(folder))
    }

    fn root(&self, tools: &Path) -> std::path::PathBuf {
        tools.join(format!("{}-{}", self.package, self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: CargoInstall = CargoInstall {
        package: "a-tool-cli",
        program: "cargo",
        version: Version::new(1, 2, 3),
        accepted: |found, wanted| found >= wanted,
        options: &["--locked"],
        cost: "a second",
    };

    fn words(command: &Command) -> String {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_version_on_the_path_that_will_do_is_taken() {
        assert!(matches!(TOOL.found(Path::new("/nowhere")), Some(Found::OnPath)));
        let newer = CargoInstall { version: Version::new(9999, 0, 0), ..TOOL };
        assert!(newer.found(Path::new("/nowhere")).is_none());
    }

    #[test]
    fn what_is_fetched_is_the_same_version_and_is_never_compiled_on_the_way() {
        assert_eq!(
            words(&TOOL.fetch(Path::new("cargo-binstall"), Path::new("/tools"))),
            "cargo-binstall --no-confirm --disable-strategies compile --version 1.2.3 --root /tools/a-tool-cli-1.2.3 a-tool-cli"
        );
        assert_eq!(
            words(&TOOL.compile(Path::new("/tools"))),
            "cargo install a-tool-cli --version 1.2.3 --root /tools/a-tool-cli-1.2.3 --locked"
        );
    }
}
