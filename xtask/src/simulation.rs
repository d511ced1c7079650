//! `cargo xtask sim`: builds the simulation for release and runs it. `cargo xtask sim --help` shows what it simulates
//! and its arguments.

use crate::failure::Result;
use crate::process;

/// Shows that every known defect is found. It needs a build that contains them.
const MUTANTS: &str = "--mutants";

/// A seed that once found a defect.
const SEED: &str = "98858374813846";

/// About 160 worlds, twenty of each style.
const PEOPLE: &str = "40000";

/// Runs the simulation with these arguments.
///
/// # Errors
///
/// If a defect was found, or something was never tried.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut cargo = process::program("cargo");
    cargo.args(["run", "--release", "--quiet", "--package", "sim"]);
    if args.iter().any(|arg| arg == MUTANTS) {
        cargo.args(["--features", "mutants"]);
    }
    process::run(cargo.arg("--").args(args))
}

/// Runs it with a constant seed, so that a check fails for what has changed and for nothing else. Worlds with new seeds
/// are for `cargo xtask sim`.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn run_for_a_check() -> Result<()> {
    run(&["--seed", SEED, "--people", PEOPLE].map(str::to_owned))
}

/// Runs it with the known defects.
///
/// # Errors
///
/// If one was not found.
pub(crate) fn run_mutants() -> Result<()> {
    run(&[MUTANTS.to_owned()])
}
