//! The circumstances of a run: machine, time and commit. Numbers have no meaning without them.

use std::{fmt, fs, thread};

use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::process;

/// Above this, another program takes a share of the machine.
const QUIET_LOAD: f64 = 0.5;
/// Percent of the processor time. Above this, other guests on the same host affect the result.
const QUIET_HOST: f64 = 1.0;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Circumstances {
    processor: String,
    cores: u64,
    memory_mb: u64,
    /// How many processes wanted a core in the minute before.
    load_before: f64,
    commit: String,
    /// Whether there were uncommitted changes.
    dirty: bool,
    date: String,
    profile: String,
    rounds: u64,
    /// Seconds of load for each number in each round.
    seconds: u64,
    /// The share that the host of a virtual machine gave to others during the load, in percent of the processor time.
    stolen_percent: f64,
    /// The ticks at the start of the load.
    at_start: Ticks,
}

/// Processor time of all cores since the machine started, in hundredths of a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Ticks {
    all: f64,
    stolen: f64,
}

impl Circumstances {
    /// The circumstances on this machine now. `load_before` is the load before the build. `is_built_now` is whether the
    /// program was built now or already existed.
    ///
    /// # Errors
    ///
    /// If this is not a git checkout.
    pub(super) fn now(load_before: f64, rounds: u32, seconds: u32, is_built_now: bool) -> Result<Self> {
        let said = |program: &str, args: &[&str]| {
            process::quiet_output(process::program(program).args(args)).map(|said| said.trim().to_owned())
        };
        let commit = said("git", &["rev-parse", "--short=12", "HEAD"]).ok_or_else(|| {
            Failure::new("This is not a git checkout, so the result would not name its commit.")
        })?;
        let changes = said("git", &["status", "--porcelain", "--untracked-files=no"]).unwrap_or_default();
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Ok(Self {
            processor: processor(&file("/proc/cpuinfo")),
            cores: thread::available_parallelism().map_or(0, |cores| cores.get() as u64),
            memory_mb: memory_mb(&file("/proc/meminfo")),
            load_before,
            commit,
            dirty: !changes.is_empty(),
            date: said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_default(),
            profile: if is_built_now {
                "release"
            } else {
                "release, built before and maybe of another commit"
            }
            .to_owned(),
            rounds: rounds.into(),
            seconds: seconds.into(),
            stolen_percent: 0.0,
            at_start: Ticks::now(),
        })
    }

    /// Ends the period of `stolen_percent`.
    pub(super) fn load_is_over(&mut self) {
        self.stolen_percent = Ticks::now().stolen_percent_since(self.at_start);
    }

    /// Whether numbers of these two runs can be compared at all.
    pub(super) fn is_same_machine(&self, other: &Self) -> bool {
        (&self.processor, self.cores) == (&other.processor, other.cores)
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.load_before <= QUIET_LOAD
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "processor": self.processor, "cores": self.cores, "memory_mb": self.memory_mb, "load_before": self.load_before,
            "stolen_percent": self.stolen_percent, "commit": self.commit, "dirty": self.dirty, "date": self.date,
            "profile": self.profile, "rounds": self.rounds, "seconds": self.seconds,
        })
    }

    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            processor: text("processor")?,
            cores: value["cores"].as_u64()?,
            memory_mb: value["memory_mb"].as_u64()?,
            load_before: value["load_before"].as_f64()?,
            commit: text("commit")?,
            dirty: value["dirty"].as_bool()?,
            date: text("date")?,
            profile: text("profile")?,
            rounds: value["rounds"].as_u64()?,
            seconds: value["seconds"].as_u64()?,
            stolen_percent: value["stolen_percent"].as_f64()?,
            at_start: Ticks::default(),
        })
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_mb, load_before, commit, date, profile, .. } = self;
        let Self { rounds, seconds, stolen_percent, .. } = self;
        let dirty = if self.dirty { ", with changes" } else { "" };
        writeln!(f, "\n  machine  {processor}, {cores} cores, {memory_mb} MB")?;
        writeln!(f, "  commit   {commit}{dirty}, profile {profile}")?;
        writeln!(
            f,
            "  date     {date}, {rounds} rounds, {seconds} s of load for each number; the middle one counts"
        )?;
        if !self.is_quiet() {
            writeln!(
                f,
                "  The load was {load_before} before the run: something else took its share of these cores."
            )?;
        }
        if *stolen_percent > QUIET_HOST {
            writeln!(
                f,
                "  The host gave {stolen_percent:.1} % of these cores to others: rates are lower for it, and p99 is longer."
            )?;
        }
        Ok(())
    }
}

impl Ticks {
    fn now() -> Self {
        Self::read(&fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    /// Parses `cpu  user nice system idle iowait irq softirq steal guest guest_nice`. The time of guests is already
    /// part of user and nice (`man 5 proc`).
    fn read(stat: &str) -> Self {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
        let ticks: Vec<f64> =
            line.split_whitespace().take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        Self { all: ticks.iter().sum(), stolen: ticks.get(7).copied().unwrap_or_default() }
    }

    fn stolen_percent_since(self, start: Self) -> f64 {
        let all = self.all - start.all;
        if all > 0.0 { (self.stolen - start.stolen) / all * 100.0 } else { 0.0 }
    }
}

fn processor(cpuinfo: &str) -> String {
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    model.and_then(|rest| rest.split_once(':')).map_or("unknown", |(_, model)| model.trim()).to_owned()
}

fn memory_mb(meminfo: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes: Option<u64> =
        total.and_then(|total| total.split_whitespace().next()).and_then(|number| number.parse().ok());
    kibibytes.unwrap_or_default() * 1_024 / 1_000_000
}

/// How many processes wanted a core in the last minute.
pub(super) fn load_now() -> f64 {
    load(&fs::read_to_string("/proc/loadavg").unwrap_or_default())
}

fn load(loadavg: &str) -> f64 {
    loadavg.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
impl Circumstances {
    pub(super) fn example() -> Self {
        Self {
            processor: "Analytical Engine".to_owned(),
            cores: 2,
            memory_mb: 8_000,
            load_before: 0.25,
            commit: "0123456789ab".to_owned(),
            dirty: false,
            date: "2026-01-01T00:00:00Z".to_owned(),
            profile: "release".to_owned(),
            rounds: 5,
            seconds: 2,
            stolen_percent: 0.5,
            at_start: Ticks::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_as_the_kernel_shows_it() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.10GHz\n\nprocessor\t: 1\n";
        assert_eq!(processor(cpuinfo), "Some CPU @ 2.10GHz");
        assert_eq!(memory_mb("MemTotal:        8000000 kB\nMemFree: 1 kB\n"), 8_192);
        assert!((load("5.35 6.06 7.21 3/109 5352\n") - 5.35).abs() < f64::EPSILON);
    }

    #[test]
    fn what_the_kernel_does_not_show_is_no_failure() {
        assert_eq!((processor(""), memory_mb("")), ("unknown".to_owned(), 0));
    }

    #[test]
    fn a_busy_machine_is_said_to_be_busy() {
        let busy = Circumstances { load_before: 3.5, dirty: true, ..Circumstances::example() };
        let shown = busy.to_string();
        assert!(shown.contains("The load was 3.5 before the run"), "{shown}");
        assert!(shown.contains("0123456789ab, with changes"), "{shown}");
        assert!(!Circumstances::example().to_string().contains("load was"));
    }

    #[test]
    fn what_the_host_gave_to_others_is_said_where_it_counts() {
        let start = Ticks::read("cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        assert_eq!(start, Ticks { all: 1_000.0, stolen: 100.0 });
        let end = Ticks::read("cpu  150 0 150 700 0 0 75 125 50 0\n");
        let stolen_percent = end.stolen_percent_since(start);
        assert!((stolen_percent - 12.5).abs() < f64::EPSILON);
        let shown = Circumstances { stolen_percent, ..Circumstances::example() }.to_string();
        assert!(shown.contains("The host gave 12.5 % of these cores to others"), "{shown}");
        assert!(!Circumstances::example().to_string().contains("The host"));
        assert!(Ticks::read("").stolen_percent_since(Ticks::read("")).abs() < f64::EPSILON);
    }
}
