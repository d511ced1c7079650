//! Counts of what happened in a storm.

use std::fmt::{self, Display, Formatter, Write as _};
use std::io::Write as _;
use std::time::Duration;

use crate::people::{Page, Visit};
use crate::proxy::{Fault, Proxy};
use crate::world::Stats;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) rounds: usize,
    pub(crate) kills: usize,
    pub(crate) resets: usize,
    pub(crate) pages: usize,
    pub(crate) unavailable: usize,
    pub(crate) cut_off: usize,
    /// The longest time to an answer.
    pub(crate) slowest: Duration,
    /// Everything that was seen instead of a page or a 503.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn count(&mut self, visit: &Visit) {
        self.cut_off += visit.cut_off;
        self.unavailable += visit.told_to_wait;
        self.slowest = self.slowest.max(visit.took);
        match &visit.page {
            Page::Person => self.pages += 1,
            Page::Unavailable => self.unavailable += 1,
            Page::Wrong(what) => self.wrong.push(what.clone()),
        }
    }

    /// Prints the figures. The test harness does not capture the output, because it is of interest even if all tests
    /// pass.
    pub(crate) fn print(&self, name: &str, proxy: &Proxy, stats: Stats) {
        let mut text = format!("\n{name}\n");
        let mut line = |what: &str, value: &dyn Display| {
            let _ = writeln!(text, "  {what:<32}{value:>8}");
        };
        line("rounds of 200 requests", &self.rounds);
        line("leaders reset", &self.resets);
        line("processes killed", &self.kills);
        for (fault, count) in proxy.met() {
            line(&format!("fault: {fault}"), &count);
        }
        line("requests", &(self.pages + self.unavailable + self.cut_off + self.wrong.len()));
        line("answered with the page", &self.pages);
        line("answered 503 with Retry-After", &self.unavailable);
        line("answered otherwise", &self.wrong.len());
        line("cut off by a kill, tried again", &self.cut_off);
        line("slowest answer, ms", &self.slowest.as_millis());
        line("refreshes accepted", &stats.accepted);
        line("refreshes refused", &stats.refused);
        line("families revoked", &stats.revoked);
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let words = format!("{self:?}").to_lowercase();
        f.write_str(words.replace('(', ", ").trim_end_matches(')'))
    }
}
