//! What the fuzz targets need beyond a stable toolchain: a nightly one, a C++ compiler for libFuzzer, and cargo-fuzz.
//!
//! The toolchain is the person's to install: it is half a gigabyte, and rustup keeps it up to date or not as they say.

use std::path::Path;

use super::cargo_install::CargoInstall;
use super::found::{Found, has_cxx_compiler, on_path, version_of};
use crate::failure::{Failure, Result};
use crate::process;
use crate::version::Version;

/// Tells rustup's `cargo` and `rustc` which toolchain to be. Without rustup it means nothing, and the compiler on `PATH`
/// has to be a nightly one itself.
pub(super) const NIGHTLY: (&str, &str) = ("RUSTUP_TOOLCHAIN", "nightly");

const CARGO_FUZZ: CargoInstall = CargoInstall {
    package: "cargo-fuzz",
    program: "cargo-fuzz",
    version: Version::new(0, 13, 2),
    options: &["--locked"],
    cost: "it is compiled once for this user, which takes 1 to 3 minutes",
};

/// # Errors
///
/// When one of them is missing: which, and how to get it.
pub(super) fn cargo_fuzz(tools: &Path) -> Result<Found> {
    let version = process::quiet_output(process::program("rustc").arg("--version").env(NIGHTLY.0, NIGHTLY.1));
    if let Some(missing) = missing(version.as_deref(), has_cxx_compiler()) {
        return Err(Failure::new(missing));
    }
    let on_path_version = on_path(CARGO_FUZZ.program).and_then(|program| version_of(&program));
    if on_path_version.is_some_and(|version| version >= CARGO_FUZZ.version) {
        return Ok(Found::OnPath);
    }
    CARGO_FUZZ.ensure(tools)
}

fn missing(nightly_version: Option<&str>, has_cxx_compiler: bool) -> Option<&'static str> {
    if !nightly_version.is_some_and(|version| version.contains("-nightly")) {
        return Some(
            "The fuzz targets need a nightly Rust toolchain beside the stable one: \
             `rustup toolchain install nightly --profile minimal`. \
             `cargo xtask test --fast` does without.",
        );
    }
    if !has_cxx_compiler {
        return Some(
            "The fuzz targets need a C++ compiler, which builds libFuzzer: install g++ or clang. \
             `cargo xtask test --fast` does without.",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_NIGHTLY: Option<&str> = Some("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)");

    #[test]
    fn a_nightly_toolchain_and_a_compiler_are_enough() {
        assert_eq!(missing(A_NIGHTLY, true), None);
    }

    #[test]
    fn whoever_has_no_nightly_toolchain_is_told_how_to_get_it() {
        for version in [None, Some("rustc 1.95.0 (59807616e 2026-04-14)")] {
            assert!(missing(version, true).unwrap().contains("`rustup toolchain install nightly"));
        }
    }

    #[test]
    fn whoever_has_no_cxx_compiler_is_told_what_it_is_for() {
        assert!(missing(A_NIGHTLY, false).unwrap().contains("builds libFuzzer"));
    }
}
