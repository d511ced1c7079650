//! `cargo xtask sim`: builds the simulation for release and runs it. What it simulates and which arguments it takes is its own
//! affair: `cargo xtask sim --help`.

use crate::failure::Result;
use crate::process;

/// Shows that every known mistake is found; it needs a build that contains them.
const MUTANTS: &str = "--mutants";

const SEED: &str = "98858374813846";

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

/// Some 140 worlds of it, the same each time: they guard what was once found. New seeds are for [`run`], which draws one and
/// prints it.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn run_for_a_check() -> Result<()> {
    run(&["--seed", SEED, "--people", "35000"].map(str::to_owned))
}

/// The known mistakes.
///
/// # Errors
///
/// When one was not found.
pub(crate) fn run_mutants() -> Result<()> {
    run(&[MUTANTS.to_owned()])
}
