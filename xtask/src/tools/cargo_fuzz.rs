//! The requirements of the fuzz targets besides a stable toolchain: a nightly one, a C++ compiler for libFuzzer, and
//! cargo-fuzz.
//!
//! The person has to install the toolchain: it is half a gigabyte, and it is their choice whether rustup keeps it up to
//! date.

use std::path::Path;

use super::cargo_install::CargoInstall;
use super::found::{Found, has_cxx_compiler};
use crate::failure::{Failure, Result};
use crate::process;
use crate::version::Version;

/// Selects the toolchain of rustup's `cargo` and `rustc`. Without rustup it has no effect, and the compiler on `PATH`
/// must be a nightly one itself.
pub(super) const NIGHTLY: (&str, &str) = ("RUSTUP_TOOLCHAIN", "nightly");

const CARGO_FUZZ: CargoInstall = CargoInstall {
    package: "cargo-fuzz",
    program: "cargo-fuzz",
    version: Version::new(0, 13, 2),
    accepted: |found, wanted| found >= wanted,
    options: &["--locked"],
    cost: "it is compiled once for this user, which takes 1 to 3 minutes",
};

/// # Errors
///
/// If one of them is missing. The error names it and how to get it.
pub(super) fn cargo_fuzz(tools: &Path) -> Result<Found> {
    if let Some(missing) = missing(has_nightly_toolchain(), has_cxx_compiler()) {
        return Err(Failure::new(missing));
    }
    CARGO_FUZZ.or_install(tools)
}

pub(super) fn has_nightly_toolchain() -> bool {
    let version = process::quiet_output(process::program("rustc").arg("--version").env(NIGHTLY.0, NIGHTLY.1));
    version.is_some_and(|version| is_nightly(&version))
}

fn is_nightly(version: &str) -> bool {
    version.contains("-nightly")
}

fn missing(has_nightly: bool, has_cxx_compiler: bool) -> Option<&'static str> {
    if !has_nightly {
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

    #[test]
    fn a_nightly_toolchain_and_a_compiler_are_enough() {
        assert_eq!(missing(true, true), None);
    }

    #[test]
    fn whoever_has_no_nightly_toolchain_is_told_how_to_get_it() {
        assert!(missing(false, true).unwrap().contains("`rustup toolchain install nightly"));
    }

    #[test]
    fn a_stable_compiler_is_no_nightly_one() {
        assert!(is_nightly("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)"));
        assert!(!is_nightly("rustc 1.95.0 (59807616e 2026-04-14)"));
    }

    #[test]
    fn whoever_has_no_cxx_compiler_is_told_what_it_is_for() {
        assert!(missing(true, false).unwrap().contains("builds libFuzzer"));
    }
}
