//! The command behind `cargo xtask sim`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "speaking to the person at the terminal is its purpose"
)]

#[cfg(feature = "mutants")]
mod mutants;

use std::process::ExitCode;

use sim::options::{HELP, Options};
use sim::run;
use sim::table::table;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if options.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if let Some(faults) = options.table {
        return print_table(&options, faults);
    }
    let seed = options.seed.unwrap_or_else(run::drawn_seed);
    println!("seed {seed}");
    if options.mutants {
        return all_mutants(&options, seed);
    }
    let report = run::run(&options, seed);
    print!("{report}");
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The same seed every time, so that the numbers in the documentation can be printed again.
const TABLE_SEED: u64 = 17;

fn print_table(options: &Options, faults: u32) -> ExitCode {
    let table = table(options.seed.unwrap_or(TABLE_SEED), faults, options.threads);
    print!("{table}");
    for sentence in table.unexplained() {
        eprintln!("Not 0 although the back end leaves a way: {sentence}");
    }
    if table.unexplained().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(feature = "mutants")]
fn all_mutants(options: &Options, seed: u64) -> ExitCode {
    if mutants::run_all(options, seed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(feature = "mutants"))]
fn all_mutants(_: &Options, _: u64) -> ExitCode {
    eprintln!("Build it with the feature `mutants` for that, as `cargo xtask sim --mutants` does.");
    ExitCode::from(2)
}
