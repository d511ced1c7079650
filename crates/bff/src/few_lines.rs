//! What strangers can write into the log must not fill it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many lines for one reason are logged in a period. They are enough to see what happens.
const LINES: u32 = 3;
const PERIOD: Duration = Duration::from_mins(1);

/// Lets a few lines for each reason through in every minute, and counts the others. A flood for one reason does not
/// hide the lines for another.
#[derive(Default)]
pub(crate) struct FewLines(Mutex<BTreeMap<&'static str, Lines>>);

/// The lines for one reason.
struct Lines {
    period_began: Instant,
    logged: u32,
    left_out: u64,
}

impl FewLines {
    /// Whether to log a line for this reason: `Some` with the number of lines that were left out since the last one.
    pub(crate) fn admit(&self, reason: &'static str, now: Instant) -> Option<u64> {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = reasons.entry(reason).or_insert(Lines { period_began: now, logged: 0, left_out: 0 });
        if now.saturating_duration_since(lines.period_began) >= PERIOD {
            (lines.period_began, lines.logged) = (now, 0);
        }
        if lines.logged == LINES {
            lines.left_out = lines.left_out.saturating_add(1);
            return None;
        }
        lines.logged += 1;
        Some(std::mem::take(&mut lines.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_few_lines_a_minute_and_the_next_one_says_how_many_are_missing() {
        let (few, start) = (FewLines::default(), Instant::now());
        let mut logged = Vec::new();
        for tenth in 0..1_300 {
            let admitted = few.admit("signature", start + Duration::from_millis(100 * tenth));
            logged.extend(admitted.map(|left_out| (tenth, left_out)));
        }
        assert_eq!(
            logged,
            [(0, 0), (1, 0), (2, 0), (600, 597), (601, 0), (602, 0), (1_200, 597), (1_201, 0), (1_202, 0),]
        );
    }

    #[test]
    fn a_flood_for_one_reason_does_not_hide_another() {
        let (few, now) = (FewLines::default(), Instant::now());
        for _ in 0..1_000 {
            few.admit("malformed", now);
        }
        assert_eq!((few.admit("malformed", now), few.admit("audience", now)), (None, Some(0)));
    }
}
