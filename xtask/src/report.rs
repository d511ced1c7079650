//! The results of the steps of a test run.

use std::fmt;
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Includes the reason, in one or more lines.
    Failed(String),
    /// Not run, with the reason. It counts neither as passed nor as failed.
    Skipped(String),
}

#[derive(Debug)]
struct Line {
    step: &'static str,
    outcome: Outcome,
    duration: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    pub(crate) fn add(&mut self, step: &'static str, outcome: Outcome, duration: Duration) {
        self.lines.push(Line { step, outcome, duration });
    }

    pub(crate) fn passed(&self) -> usize {
        self.lines.iter().filter(|line| line.outcome == Outcome::Passed).count()
    }

    pub(crate) fn failed(&self) -> usize {
        self.failures().count()
    }

    fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|line| match &line.outcome {
            Outcome::Failed(reason) => Some((line.step, reason.as_str())),
            Outcome::Passed | Outcome::Skipped(_) => None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let seconds = line.duration.as_secs_f64();
            match &line.outcome {
                Outcome::Passed => writeln!(f, "  {:<34} ok     {seconds:>7.1} s", line.step)?,
                Outcome::Failed(_) => writeln!(f, "  {:<34} FAILED {seconds:>7.1} s", line.step)?,
                Outcome::Skipped(reason) => writeln!(f, "  {:<34} skipped: {reason}", line.step)?,
            }
        }
        // Repeated at the end, because the output of the step is thousands of lines above.
        for (step, reason) in self.failures() {
            writeln!(f, "\n{step}:")?;
            for line in reason.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        // On its own line and with these words, because programs read it.
        writeln!(f, "\n{} passed, {} failed", self.passed(), self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_ends_with_the_counts_alone_on_a_line() {
        let mut report = Report::default();
        report.add("format", Outcome::Passed, Duration::from_millis(1_240));
        report.add(
            "clippy, server",
            Outcome::Failed("`cargo clippy` ended with 101.\nAnd so on.".to_owned()),
            Duration::from_secs(61),
        );
        report.add(
            "dependencies",
            Outcome::Skipped("cargo-deny is not installed".to_owned()),
            Duration::ZERO,
        );
        let expected = "  format                             ok         1.2 s\n\
            \x20 clippy, server                     FAILED    61.0 s\n\
            \x20 dependencies                       skipped: cargo-deny is not installed\n\
            \n\
            clippy, server:\n\
            \x20 `cargo clippy` ended with 101.\n\
            \x20 And so on.\n\
            \n\
            1 passed, 1 failed\n";
        assert_eq!(report.to_string(), expected);
    }
}
