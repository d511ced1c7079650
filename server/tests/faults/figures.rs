//! Counts of what happened, by kind of fault.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) requests: usize,
    /// How often a proxy caused a fault.
    pub(crate) faults: usize,
    /// Answers that said that the service is unavailable, with a page or with a message on the form.
    pub(crate) unavailable: usize,
    pub(crate) lost_sessions: usize,
    pub(crate) slowest_page: Duration,
    pub(crate) slowest_form: Duration,
    pub(crate) wrong: Vec<String>,
    /// The forms that have met the fault.
    pub(crate) met: BTreeSet<&'static str>,
}

impl Figures {
    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.faults += other.faults;
        self.unavailable += other.unavailable;
        self.lost_sessions += other.lost_sessions;
        self.slowest_page = self.slowest_page.max(other.slowest_page);
        self.slowest_form = self.slowest_form.max(other.slowest_form);
        self.wrong.extend(other.wrong);
        self.met.extend(other.met);
    }
}

/// The figures of worlds that run at the same time, in the order of `words`.
pub(crate) async fn in_order<const N: usize>(
    words: [&'static str; N],
    running: [JoinHandle<Figures>; N],
) -> Vec<(&'static str, Figures)> {
    let mut found = Vec::new();
    for (words, figures) in words.into_iter().zip(running) {
        found.push((words, figures.await.unwrap()));
    }
    found
}

/// Prints the figures, then judges them. The test harness does not capture the output, because it is of interest even
/// if all tests pass.
pub(crate) fn conclude<'a>(
    name: &str,
    begun: Instant,
    by_fault: impl IntoIterator<Item = (&'a str, Figures)>,
) {
    let mut text = format!(
        "\n{name}, {} s\n  {:<50}{:>9}{:>8}{:>13}{:>7}{:>6}{:>10}{:>10}\n",
        begun.elapsed().as_secs(),
        "fault",
        "requests",
        "faults",
        "unavailable",
        "wrong",
        "lost",
        "page, ms",
        "form, ms"
    );
    let mut all = Figures::default();
    let mut line = |words: &str, figures: &Figures| {
        let Figures { requests, faults, unavailable, lost_sessions, .. } = figures;
        let (page, form) = (figures.slowest_page.as_millis(), figures.slowest_form.as_millis());
        let wrong = figures.wrong.len();
        let _ = writeln!(
            text,
            "  {words:<50}{requests:>9}{faults:>8}{unavailable:>13}{wrong:>7}{lost_sessions:>6}{page:>10}{form:>10}"
        );
    };
    for (words, figures) in by_fault {
        line(words, &figures);
        all.add(figures);
    }
    line("together", &all);
    for wrong in &all.wrong {
        let _ = writeln!(text, "  wrong: {wrong}");
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
    assert!(all.wrong.is_empty(), "{name}: {} wrong answers", all.wrong.len());
    assert_eq!(all.lost_sessions, 0, "{name}");
}
