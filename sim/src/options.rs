//! What can be asked for on the command line.

use std::time::Duration;

use crate::core_api::Contract;

pub const HELP: &str = "\
Simulates people, browsers, replicas, a store, a core API and everything that goes wrong between them.

  --seed S          from which everything follows (printed; drawn from the clock if it is left out)
  --people N        how many people there are, in worlds of at most --world people each
  --world N         how many people share one world (default 250)
  --days D          how many days they live through (default 3)
  --replicas R      how many replicas serve them (default 3)
  --contract C      ours, recorded, or both: then every fourth world has the recorded one (default both)
  --seconds N       goes on with new worlds until so many seconds of wall clock are over (default 120 without --people)
  --threads N       how many worlds go on at once (default 2)
  --mutants         shows that every known mistake is found, each within a minute
";

/// What the command line said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub seed: Option<u64>,
    pub people: Option<u32>,
    pub world: u32,
    pub days: u32,
    pub replicas: usize,
    /// `None` is both.
    pub contract: Option<Contract>,
    pub time: Option<Duration>,
    pub threads: usize,
    pub mutants: bool,
    pub help: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: None,
            people: None,
            world: 250,
            days: 3,
            replicas: 3,
            contract: None,
            time: None,
            threads: 2,
            mutants: false,
            help: false,
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// A sentence that says which argument is not understood.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(name) = args.next() {
            match name.as_str() {
                "--mutants" => options.mutants = true,
                "--help" | "-h" => options.help = true,
                "--contract" => options.contract = contract(&value(&name, args.next())?)?,
                "--seed" => options.seed = Some(number(&name, args.next())?),
                "--people" => options.people = Some(number(&name, args.next())?),
                "--world" => options.world = number(&name, args.next())?,
                "--days" => options.days = number(&name, args.next())?,
                "--replicas" => options.replicas = number(&name, args.next())?,
                "--threads" => options.threads = number(&name, args.next())?,
                "--seconds" => options.time = Some(Duration::from_secs(number(&name, args.next())?)),
                unknown => return Err(format!("`{unknown}` is not understood. `--help` lists what is.")),
            }
        }
        if options.world == 0 || options.replicas == 0 || options.threads == 0 || options.days == 0 {
            return Err("worlds, days, replicas and threads are counted from one.".to_owned());
        }
        if options.people.is_none() && options.time.is_none() {
            options.time = Some(Duration::from_mins(2));
        }
        Ok(options)
    }
}

fn value(name: &str, value: Option<String>) -> Result<String, String> {
    value.ok_or_else(|| format!("`{name}` needs a value."))
}

fn number<T: std::str::FromStr>(name: &str, given: Option<String>) -> Result<T, String> {
    let text = value(name, given)?;
    text.replace('_', "").parse().map_err(|_| format!("`{name} {text}`: that is not a number it can take."))
}

fn contract(text: &str) -> Result<Option<Contract>, String> {
    match text {
        "ours" => Ok(Some(Contract::Ours)),
        "recorded" => Ok(Some(Contract::Recorded)),
        "both" => Ok(None),
        other => Err(format!("`--contract {other}`: it is ours, recorded or both.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_said_is_two_minutes() {
        assert_eq!(parse("").unwrap().time, Some(Duration::from_mins(2)));
    }

    #[test]
    fn a_number_of_people_takes_as_long_as_it_takes() {
        let options = parse("--people 100_000 --days 7 --seed 42 --contract recorded").unwrap();
        assert_eq!((options.people, options.days, options.seed), (Some(100_000), 7, Some(42)));
        assert_eq!((options.time, options.contract), (None, Some(Contract::Recorded)));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for line in ["--peple 3", "--people", "--people many", "--contract mine", "--replicas 0"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
