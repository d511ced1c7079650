//! What a command needs from the machine and cannot install. This is checked before anything is built, so that nobody
//! learns of it after half an hour. Everything that is missing is named at once.

use std::fmt::Write as _;

use crate::failure::{Failure, Result};
use crate::version::Version;
use crate::{packages, process, tools};

/// The version that Playwright and the other packages of `end2end` require.
const OLDEST_NODE: Version = Version::new(20, 0, 0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    CCompiler,
    CxxCompiler,
    Node,
    NightlyToolchain,
    OpenSsl,
    Redis,
    Smtp,
    WasmTarget,
}

/// For a release of the application, or for a build to try it.
pub(crate) const FOR_BUILDING: &[Need] = &[Need::CCompiler, Need::WasmTarget];
/// For `cargo xtask test --fast`.
pub(crate) const FOR_FAST_TESTS: &[Need] =
    &[Need::CCompiler, Need::WasmTarget, Need::OpenSsl, Need::Redis, Need::Smtp];
/// In addition, for the rest of `cargo xtask test`.
pub(crate) const FOR_ALL_TESTS: &[Need] = &[
    Need::CCompiler,
    Need::WasmTarget,
    Need::OpenSsl,
    Need::Redis,
    Need::Smtp,
    Need::Node,
    Need::CxxCompiler,
    Need::NightlyToolchain,
];
/// For a build and the browser that tests it.
pub(crate) const FOR_BROWSER_TESTS: &[Need] = &[Need::CCompiler, Need::WasmTarget, Need::Node];

pub(crate) const FOR_FUZZING: &[Need] = &[Need::CxxCompiler, Need::NightlyToolchain];

/// # Errors
///
/// Names everything that is missing, its purpose, and how to get it.
pub(crate) fn check(needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_there()).collect();
    match explanation(&missing) {
        None => Ok(()),
        Some(explanation) => Err(Failure::new(explanation)),
    }
}

fn explanation(missing: &[Need]) -> Option<String> {
    if missing.is_empty() {
        return None;
    }
    let mut text =
        "This machine lacks these prerequisites, which cannot be installed from here:\n".to_owned();
    for need in missing {
        let (name, purpose, way) = need.words();
        // Writing to a String does not fail.
        let _ = write!(text, "\n  {name}\n    for {purpose}\n    {way}");
    }
    Some(text)
}

impl Need {
    fn is_there(self) -> bool {
        let any = |names: &[&str]| names.iter().any(|name| tools::on_path(name).is_some());
        match self {
            Self::CCompiler => any(&["cc", "gcc", "clang"]) || cfg!(windows),
            Self::CxxCompiler => any(&["c++", "g++", "clang++"]),
            Self::Node => {
                let version =
                    process::quiet_output(process::program("node").arg("--version")).unwrap_or_default();
                tools::on_path("npm").is_some() && is_new_enough(&version)
            }
            Self::NightlyToolchain => tools::has_nightly_toolchain(),
            Self::OpenSsl => any(&["openssl"]),
            Self::Redis => any(&["redis-server"]) || packages::can_install(),
            Self::Smtp => any(&["aiosmtpd"]) || packages::can_install(),
            Self::WasmTarget => tools::has_wasm_target() || any(&["rustup"]),
        }
    }

    /// Its name, its purpose, and how to get it.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::CCompiler => (
                "a C compiler",
                "SQLite, the allocator and the cryptography of TLS",
                "`apt-get install gcc libc6-dev`, or Xcode's command line tools",
            ),
            Self::CxxCompiler => (
                "a C++ compiler",
                "libFuzzer, which drives the fuzz targets (`cargo xtask test --fast` does without)",
                "`apt-get install g++`, or Xcode's command line tools",
            ),
            Self::Node => (
                "Node 20 or later with npm",
                "the browser tests (`cargo xtask test --fast` does without)",
                "https://nodejs.org, or `apt-get install nodejs npm`",
            ),
            Self::NightlyToolchain => (
                "a nightly Rust toolchain beside the stable one",
                "the fuzz targets (`cargo xtask test --fast` does without)",
                "`rustup toolchain install nightly --profile minimal`",
            ),
            Self::OpenSsl => ("openssl", "certificates of tests", "`apt-get install openssl`"),
            Self::Redis => {
                ("redis-server", "tests of the store that replicas share", "`apt-get install redis-server`")
            }
            Self::Smtp => (
                "aiosmtpd",
                "tests of sending e-mail",
                "`apt-get install python3-aiosmtpd`, or `pip install aiosmtpd`",
            ),
            Self::WasmTarget => (
                "Rust's standard library for wasm32-unknown-unknown",
                "the half of the application that runs in the browser",
                "rustup (https://rustup.rs) installs it by itself; other distributions of Rust have a package for it",
            ),
        }
    }
}

/// Parses the output of `node --version`.
fn is_new_enough(version: &str) -> bool {
    Version::find_in(version).is_some_and(|version| version >= OLDEST_NODE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_where_nothing_is_missing() {
        assert_eq!(explanation(&[]), None);
    }

    #[test]
    fn all_that_is_missing_is_named_at_once_with_the_way_to_get_it() {
        let text = explanation(FOR_ALL_TESTS).unwrap();
        for need in FOR_ALL_TESTS {
            let (name, purpose, way) = need.words();
            assert!([name, purpose, way].iter().all(|part| text.contains(part)), "{need:?} in {text}");
        }
    }

    #[test]
    fn the_fast_tests_need_a_part_of_what_all_need() {
        assert!(FOR_FAST_TESTS.iter().all(|need| FOR_ALL_TESTS.contains(need)));
        assert!(FOR_FAST_TESTS.len() < FOR_ALL_TESTS.len());
    }

    #[test]
    fn node_is_judged_by_its_version() {
        assert!(is_new_enough("v20.20.2\n") && is_new_enough("v24.1.0\n"));
        assert!(!is_new_enough("v18.19.0\n") && !is_new_enough(""));
    }
}
