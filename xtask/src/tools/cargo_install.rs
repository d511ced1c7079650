//! Tools that `cargo install` builds.

use std::path::Path;

use super::found::{Found, find_in};
use crate::failure::Result;
use crate::process;
use crate::version::Version;

/// Builds a tool in a third of the time its authors' release profile takes. These programs run for seconds.
const QUICK_RELEASE_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

#[derive(Debug)]
pub(super) struct CargoInstall {
    pub(super) package: &'static str,
    pub(super) program: &'static str,
    pub(super) version: Version,
    pub(super) options: &'static [&'static str],
    /// What the person waits for.
    pub(super) cost: &'static str,
}

impl CargoInstall {
    /// # Errors
    ///
    /// When cargo cannot download or build it.
    pub(super) fn ensure(&self, tools: &Path) -> Result<Found> {
        if let Some(found) = self.installed(tools) {
            return Ok(found);
        }
        let Self { package, version, cost, .. } = self;
        println!("Installing {package} {version}: {cost}.");
        process::run(
            process::program("cargo")
                .args(["install", package, "--version", &version.to_string(), "--root"])
                .arg(self.root(tools))
                .args(self.options)
                // An older compiler gets dependencies that still support it.
                .env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "fallback")
                .envs(QUICK_RELEASE_PROFILE),
        )?;
        Ok(Found::InFolder(self.root(tools).join("bin")))
    }

    /// Where an earlier run left it. cargo puts a program there only once it is complete.
    pub(super) fn installed(&self, tools: &Path) -> Option<Found> {
        let folder = self.root(tools).join("bin");
        find_in(std::slice::from_ref(&folder), self.program).map(|_| Found::InFolder(folder))
    }

    fn root(&self, tools: &Path) -> std::path::PathBuf {
        tools.join(format!("{}-{}", self.package, self.version))
    }
}
