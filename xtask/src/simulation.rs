//! `cargo xtask sim`: builds the simulation for release and runs it. What it simulates and which arguments it takes is its own
//! affair: `cargo xtask sim --help`.

use crate::failure::Result;
use crate::process;

/// Shows that every known mistake is found; it needs a build that contains them.
const MUTANTS: &str = "--mutants";

/// It guards what was once found.
const SEED: &str = "98858374813846";

/// Some 140 worlds, twenty of each style.
const PEOPLE: &str = "35000";
/// 35 worlds, five of each style: those are new each time.
const NEW_PEOPLE: &str = "8750";

/// Runs the simulation with these arguments.
///
/// # Errors
///
/// When something was found, or never tried.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut cargo = process::program("cargo");
    cargo.args(["run", "--release", "--quiet", "--package", "sim"]);
    if args.iter().any(|arg| arg == MUTANTS) {
        cargo.args(["--features", "mutants"]);
    }
    process::run(cargo.arg("--").args(args))
}

/// Twice: with a seed that is the same each time, and with a fresh one, which is printed.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn run_for_a_check() -> Result<()> {
    run(&["--seed", SEED, "--people", PEOPLE].map(str::to_owned))?;
    run(&["--people", NEW_PEOPLE].map(str::to_owned))
}

/// The known mistakes.
///
/// # Errors
///
/// When one was not found.
pub(crate) fn run_mutants() -> Result<()> {
    run(&[MUTANTS.to_owned()])
}
