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

/// Two minutes of it: one from a seed that stays the same and guards what was once found, and one from a seed that is drawn
/// anew and printed, so that every check looks somewhere else and what it finds can be found again.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn run_for_two_minutes() -> Result<()> {
    run(&["--seed", SEED, "--seconds", "60"].map(str::to_owned))?;
    run(&["--seconds", "60"].map(str::to_owned))
}

/// The known mistakes.
///
/// # Errors
///
/// When one was not found.
pub(crate) fn run_mutants() -> Result<()> {
    run(&[MUTANTS.to_owned()])
}
