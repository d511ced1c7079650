//! Shows that the checker finds every known mistake.

use std::time::Duration;

use ironleaf_auth::mutants::{Mutant, activate};
use sim::Style;
use sim::mistakes::{self, Mistake};
use sim::options::Options;
use sim::run::run_until_found;

/// The longest time in which a mistake may stay unnoticed.
const LIMIT: Duration = Duration::from_mins(1);

/// Runs with each mistake in turn, those of the application and those of a provider, and returns whether all were found.
pub(crate) fn run_all(options: &Options, seed: u64) -> bool {
    let mut all_found = true;
    for mutant in Mutant::ALL {
        let name = format!("{mutant:?}");
        if let Some(why) = options.style.and_then(|style| cannot_show(mutant, style)) {
            println!("{name:<26} cannot show here: {why}");
            continue;
        }
        activate(Some(mutant));
        let options = Options { style: options.style.or(only_in(mutant)), ..options.clone() };
        all_found &= is_found(&name, &options, seed);
        activate(None);
    }
    for mistake in Mistake::ALL {
        let name = format!("{mistake:?}");
        let style = mistake.style();
        if options.style.is_some_and(|chosen| chosen != style) {
            println!("{name:<26} cannot show here: it is a mistake of {}", style.words());
            continue;
        }
        mistakes::activate(Some(mistake));
        let options = Options { style: Some(style), ..options.clone() };
        all_found &= is_found(&format!("{name} ({})", style.words()), &options, seed);
        mistakes::activate(None);
    }
    all_found
}

fn is_found(name: &str, options: &Options, seed: u64) -> bool {
    let report = run_until_found(options, seed, LIMIT);
    let (secs, hours) = (report.took.as_secs_f64(), report.lasted().as_secs() / 3600);
    let worlds = report.worlds();
    let found = report.first_finding();
    match &found {
        Some(found) => {
            println!("{name:<26} found in {secs:>5.1} s, {worlds} worlds, {hours} virtual hours: {found}");
        }
        None => println!("{name:<26} NOT FOUND in {secs:.1} s, {worlds} worlds, {hours} virtual hours"),
    }
    found.is_some()
}

/// Why a mistake changes nothing where every world has this style.
fn cannot_show(mutant: Mutant, style: Style) -> Option<&'static str> {
    match (mutant, style) {
        (Mutant::WaitOfAnotherStyle, Style::OpenId) => {
            Some("every style gets the wait that this one asks for")
        }
        _ => match only_in(mutant) {
            Some(other) if other != style => Some("nobody signs in by redirect"),
            _ => None,
        },
    }
}

/// The one style in which a mistake can show, so that no time goes to the others.
const fn only_in(mutant: Mutant) -> Option<Style> {
    match mutant {
        Mutant::RedirectAnswerTakenAgain | Mutant::LogoutTokenTakenAgain | Mutant::ProofNotChecked => {
            Some(Style::OpenId)
        }
        _ => None,
    }
}
