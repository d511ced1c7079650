//! Shows that the checker finds every known mistake.

use std::time::Duration;

use ironleaf_auth::mutants::{Mutant, activate};
use sim::options::Options;
use sim::run::run_until_found;

/// The longest time in which a mistake may stay unnoticed.
const LIMIT: Duration = Duration::from_mins(1);

/// Runs with each mistake in turn, and returns whether all were found.
pub(crate) fn run_all(options: &Options, seed: u64) -> bool {
    let mut all_found = true;
    for mutant in Mutant::ALL {
        activate(Some(mutant));
        let report = run_until_found(options, seed, LIMIT);
        activate(None);
        let (secs, hours) = (report.took.as_secs_f64(), report.lasted().as_secs() / 3600);
        let name = format!("{mutant:?}");
        let worlds = report.worlds();
        if let Some(found) = report.first_finding() {
            println!("{name:<26} found in {secs:>5.1} s, {worlds} worlds, {hours} virtual hours: {found}");
        } else {
            all_found = false;
            println!("{name:<26} NOT FOUND in {secs:.1} s, {worlds} worlds, {hours} virtual hours");
        }
    }
    all_found
}
