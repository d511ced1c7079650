//! Where, when and of what a run was: numbers mean nothing without.

use std::{fmt, fs, thread};

use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::process;

/// More than this, and something else is running that takes its share.
const QUIET_LOAD: f64 = 0.5;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Circumstances {
    processor: String,
    cores: u64,
    memory_mb: u64,
    /// How many processes wanted a core in the minute before.
    load_before: f64,
    commit: String,
    /// Whether there were changes that no commit has.
    dirty: bool,
    date: String,
    profile: String,
    /// Of load for each number.
    seconds: u64,
}

impl Circumstances {
    /// Of this machine, now, and of a build of now or of whatever was there.
    ///
    /// # Errors
    ///
    /// When this is no git checkout.
    pub(super) fn now(seconds: u32, is_built_now: bool) -> Result<Self> {
        let said = |program: &str, args: &[&str]| {
            process::quiet_output(process::program(program).args(args)).map(|said| said.trim().to_owned())
        };
        let commit = said("git", &["rev-parse", "--short=12", "HEAD"]).ok_or_else(|| {
            Failure::new("This is no git checkout: the result could not be told from others.")
        })?;
        let changes = said("git", &["status", "--porcelain", "--untracked-files=no"]).unwrap_or_default();
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Ok(Self {
            processor: processor(&file("/proc/cpuinfo")),
            cores: thread::available_parallelism().map_or(0, |cores| cores.get() as u64),
            memory_mb: memory_mb(&file("/proc/meminfo")),
            load_before: load(&file("/proc/loadavg")),
            commit,
            dirty: !changes.is_empty(),
            date: said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_default(),
            profile: if is_built_now {
                "release"
            } else {
                "release, built before and maybe of another commit"
            }
            .to_owned(),
            seconds: seconds.into(),
        })
    }

    /// Whether numbers of these two can be compared at all.
    pub(super) fn is_same_machine(&self, other: &Self) -> bool {
        (&self.processor, self.cores) == (&other.processor, other.cores)
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.load_before <= QUIET_LOAD
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { processor, cores, memory_mb, load_before, commit, dirty, date, profile, seconds } = self;
        json!({
            "processor": processor, "cores": cores, "memory_mb": memory_mb, "load_before": load_before,
            "commit": commit, "dirty": dirty, "date": date, "profile": profile, "seconds": seconds,
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
            seconds: value["seconds"].as_u64()?,
        })
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_mb, load_before, commit, dirty, date, profile, seconds } = self;
        let dirty = if *dirty { ", with changes" } else { "" };
        writeln!(f, "\n  machine  {processor}, {cores} cores, {memory_mb} MB")?;
        writeln!(f, "  commit   {commit}{dirty}, profile {profile}")?;
        writeln!(f, "  date     {date}, {seconds} s of load for each number")?;
        if !self.is_quiet() {
            writeln!(
                f,
                "  The load was {load_before} before the run: something else took its share of these cores."
            )?;
        }
        Ok(())
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
            seconds: 5,
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
}
