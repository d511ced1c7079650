//! The result of a run, as it is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::checker::Finding;
use crate::counts::{Counts, Fault};
use crate::living::Outcome;
use crate::options::Options;
use crate::style::Style;
use crate::world::{ADOPTED_FROM_AFAR, Setup};

/// Shorter runs need not have seen everything.
const LONG_ENOUGH_REQUESTS: u64 = 200_000;
/// How many stories are printed; one is enough to begin with.
const STORIES: usize = 3;

/// The paths of our code that a run has to take.
const PATHS: &[&str] = &[
    "Adopted",
    ADOPTED_FROM_AFAR,
    "AskedAgainAfterDoubt",
    "AskedAgainIdempotent",
    "CommitRetried",
    "Heir",
    "InDoubt",
    "Joined",
    "NotSent",
    "Overtaken",
    "Refreshed",
    "RefreshedWithoutStore",
    "Rejected",
    "RevocationFailed",
    "Revoked",
    "SealedElsewhere",
    "StoreUnreachable",
    "Unresolved",
    "Unspent",
    "WaitedForLease",
    "the sign-in page says Rejected(InvalidGrant)",
    "the sign-in page says SignedOut",
    "the sign-in page says Superseded",
    "the sign-in page says Unresolved",
];

pub struct Report {
    options: Options,
    seed: u64,
    pub took: Duration,
    worlds: u64,
    people: u64,
    person_days: u64,
    requests: u64,
    refreshes: u64,
    sessions: u64,
    lasted: Duration,
    counts: Counts,
    violations: BTreeMap<&'static str, u64>,
    /// How many worlds had each style.
    styles: BTreeMap<Style, u64>,
    /// Per style.
    excuses: BTreeMap<(&'static str, &'static str), u64>,
    failures: Vec<(Setup, Vec<Finding>)>,
}

impl Report {
    pub fn new(options: Options, seed: u64) -> Self {
        Self {
            options,
            seed,
            took: Duration::ZERO,
            worlds: 0,
            people: 0,
            person_days: 0,
            requests: 0,
            refreshes: 0,
            sessions: 0,
            lasted: Duration::ZERO,
            counts: Counts::default(),
            violations: BTreeMap::new(),
            styles: BTreeMap::new(),
            excuses: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        let setup = outcome.setup;
        self.worlds += 1;
        self.people += u64::from(setup.people);
        self.person_days += u64::from(setup.people) * u64::from(setup.days);
        self.requests += outcome.requests;
        self.refreshes += outcome.refreshes;
        self.sessions += outcome.sessions;
        self.lasted += outcome.lasted;
        self.counts.add(&outcome.counts);
        *self.styles.entry(setup.style).or_default() += 1;
        for (excuse, count) in outcome.excuses {
            *self.excuses.entry((excuse, setup.style.words())).or_default() += count;
        }
        for (violation, count) in outcome.violations {
            *self.violations.entry(violation).or_default() += count;
        }
        if !outcome.findings.is_empty() {
            self.failures.push((setup, outcome.findings));
        }
    }

    pub fn failed_worlds(&self) -> usize {
        self.failures.len()
    }

    /// The first finding, in one line.
    pub fn first_finding(&self) -> Option<String> {
        let (setup, findings) = self.failures.first()?;
        let found = findings.first()?;
        let hours = found.at.as_secs_f64() / 3600.0;
        Some(format!("{} (seed {}, after {hours:.1} virtual hours)", found.violation.words(), setup.seed))
    }

    pub fn worlds(&self) -> u64 {
        self.worlds
    }

    /// The virtual time of all worlds together.
    pub fn lasted(&self) -> Duration {
        self.lasted
    }

    /// Whether nothing was violated, and everything required was tried.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty() && self.missing().is_empty()
    }

    /// Faults and paths that a run of this length must have seen, and this one has not.
    fn missing(&self) -> Vec<String> {
        if self.requests < LONG_ENOUGH_REQUESTS || self.options.style.is_some() {
            return Vec::new();
        }
        let faults = Fault::ALL.iter().filter(|fault| self.counts.of(**fault) == 0);
        let faults = faults.map(|fault| fault.words().to_owned());
        let taken = self.counts.recoveries();
        let paths = PATHS.iter().filter(|path| !taken.contains_key(**path)).map(|path| (*path).to_owned());
        let styles = Style::ALL.iter().filter(|style| !self.styles.contains_key(style));
        let styles = styles.map(|style| format!("style {}", style.words()));
        faults.chain(paths).chain(styles).collect()
    }

    fn replay(setup: &Setup) -> String {
        let Setup { seed, people, days, replicas, style } = *setup;
        let style = style.words();
        format!(
            "cargo xtask sim --seed {seed} --people {people} --world {people} --days {days} --replicas {replicas} \
             --style {style}"
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nFaults injected")?;
        for fault in Fault::ALL {
            writeln!(f, "  {:>9}  {}", self.counts.of(*fault), fault.words())?;
        }
        writeln!(f, "\nPaths taken")?;
        let taken = self.counts.recoveries();
        let untaken = PATHS.iter().filter(|path| !taken.contains_key(**path)).map(|path| (*path, 0));
        let paths: BTreeMap<&str, u64> =
            taken.iter().map(|(path, count)| (path.as_str(), *count)).chain(untaken).collect();
        for (path, count) in paths {
            writeln!(f, "  {count:>9}  {path}")?;
        }
        writeln!(f, "\nEnds and exceptions that nothing of ours could avoid")?;
        for ((excuse, style), count) in &self.excuses {
            writeln!(f, "  {count:>9}  {excuse} [{style}]")?;
        }
        writeln!(f, "\nWorlds of each style")?;
        for (style, worlds) in &self.styles {
            writeln!(f, "  {worlds:>9}  {}", style.words())?;
        }
        self.totals(f)?;
        for (setup, findings) in &self.failures {
            failure(f, setup, findings)?;
        }
        for missing in self.missing() {
            writeln!(f, "Never happened, so nothing is shown: {missing}")?;
        }
        Ok(())
    }
}

impl Report {
    fn totals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.took.as_secs_f64();
        let micros = secs * 1e6 / self.requests.max(1).to_string().parse::<f64>().unwrap_or(1.0);
        writeln!(
            f,
            "\nseed {}: {} people in {} worlds, {} person-days, {} replicas each, {:.0} s",
            self.seed, self.people, self.worlds, self.person_days, self.options.replicas, secs
        )?;
        writeln!(
            f,
            "{} requests ({micros:.0} us each), {} sessions, {} refreshes accepted, {:.1} days simulated per second",
            self.requests,
            self.sessions,
            self.refreshes,
            self.lasted.as_secs_f64() / 86_400.0 / secs.max(f64::EPSILON)
        )?;
        let wrong: u64 = self.violations.values().sum();
        writeln!(f, "{wrong} violations")?;
        for (violation, count) in &self.violations {
            writeln!(f, "  {count:>9}  {violation}")?;
        }
        Ok(())
    }
}

fn failure(f: &mut fmt::Formatter<'_>, setup: &Setup, findings: &[Finding]) -> fmt::Result {
    writeln!(f, "\nFAILED with seed {}. Again: {}", setup.seed, Report::replay(setup))?;
    for found in findings.iter().take(STORIES) {
        writeln!(f, "\n{}: {} (person {})", found.violation.words(), found.text, found.person.0)?;
        f.write_str(&found.story)?;
    }
    Ok(())
}
