//! The command line options.

use std::time::Duration;

use crate::style::Style;

pub const HELP: &str = "\
Simulates people, browsers, replicas, a store, an API and everything that goes wrong between them.

  --seed S          from which everything follows (printed; drawn from the clock if it is left out)
  --people N        how many people there are, in worlds of at most --world people each
  --world N         how many people share one world (default 250)
  --days D          how many days they live through (default 3)
  --replicas R      how many replicas serve them (default 3)
  --style S         one of them, or all in turn (default all): ours, recorded, commercetools, cookie-api,
                    jwt-sessions, better-auth, graced, openid
  --seconds N       goes on with new worlds until so many seconds of wall clock are over (default 120 without --people)
  --threads N       how many worlds go on at once (default 2)
  --table           prints docs/providers/losses.md: sessions lost per fault, beside a plain client (default seed 17)
  --faults N        how many faults of each kind the table counts (default 1000)
  --mutants         shows that every known mistake is found, each within a minute
";

/// As many as the table in the documentation counts.
const FAULTS: u32 = 1000;

/// The parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub seed: Option<u64>,
    pub people: Option<u32>,
    pub world: u32,
    pub days: u32,
    pub replicas: usize,
    /// `None` uses all in turn.
    pub style: Option<Style>,
    pub time: Option<Duration>,
    pub threads: usize,
    pub mutants: bool,
    /// How many faults of each kind the table counts; `None` if it is not asked for.
    pub table: Option<u32>,
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
            style: None,
            time: None,
            threads: 2,
            mutants: false,
            table: None,
            help: false,
        }
    }
}

impl Options {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// A sentence that names the argument that is not understood.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut faults = FAULTS;
        let mut table = false;
        while let Some(name) = args.next() {
            match name.as_str() {
                "--table" => table = true,
                "--faults" => faults = number(&name, args.next())?,
                "--mutants" => options.mutants = true,
                "--help" | "-h" => options.help = true,
                "--style" => options.style = style(&value(&name, args.next())?)?,
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
        options.table = table.then_some(faults);
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

fn style(text: &str) -> Result<Option<Style>, String> {
    if text == "all" {
        return Ok(None);
    }
    let known = Style::ALL.into_iter().find(|style| style.words() == text);
    known.map(Some).ok_or_else(|| format!("`--style {text}`: `--help` lists them."))
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
        let options = parse("--people 100_000 --days 7 --seed 42 --style recorded").unwrap();
        assert_eq!((options.people, options.days, options.seed), (Some(100_000), 7, Some(42)));
        assert_eq!((options.time, options.style), (None, Some(Style::Recorded)));
    }

    #[test]
    fn a_table_counts_a_thousand_faults_unless_it_is_told_otherwise() {
        assert_eq!(parse("--table").unwrap().table, Some(1000));
        assert_eq!(parse("--faults 20 --table").unwrap().table, Some(20));
        assert_eq!(parse("--faults 20").unwrap().table, None);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for line in ["--peple 3", "--people", "--people many", "--style mine", "--replicas 0"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
