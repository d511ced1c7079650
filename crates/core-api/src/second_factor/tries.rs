//! How long whoever presented wrong codes waits before the next one.

use std::time::Duration;

use crate::timestamp::Timestamp;

/// So many wrong codes in a row cost nothing: people mistype them, or are late.
const FREE: u32 = 4;

/// The wait after one more, which doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// At this pace, and with three codes of a million accepted at any time, a guesser needs years.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Wrong codes since the last right one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    pub(super) failures: u32,
    pub(super) failed_at: Option<Timestamp>,
}

impl Tries {
    /// How long to wait from now. A clock that was set back begins a new wait at most.
    pub(super) fn wait(self, now: Timestamp) -> Option<Duration> {
        let since = self.failed_at?.min(now);
        let end = since.plus(wait_after(self.failures));
        (end > now).then(|| end.since(now))
    }
}

fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => {
            let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
            LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(factor))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_code_after_the_fourth_doubles_the_wait_up_to_an_hour() {
        for (failures, secs) in [(0, 0), (4, 0), (5, 30), (6, 60), (9, 480), (12, 3600), (200, 3600)] {
            assert_eq!(wait_after(failures).as_secs(), secs, "{failures}");
        }
    }

    #[test]
    fn a_wait_ends_and_a_clock_that_was_set_back_does_not_prolong_it() {
        let at = |secs: i64| Timestamp::from_millis(secs * 1000);
        let tries = Tries { failures: 5, failed_at: Some(at(100)) };
        assert_eq!(tries.wait(at(110)), Some(Duration::from_secs(20)));
        assert_eq!(tries.wait(at(130)), None);
        assert_eq!(tries.wait(at(0)), Some(Duration::from_secs(30)));
    }
}
