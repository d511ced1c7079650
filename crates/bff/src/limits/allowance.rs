use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ironleaf_auth::CLOCK_SKEW;
use thiserror::Error;

/// The first wait is this part of the time in which one failure is forgotten. Each further wait is twice as long, up to
/// that time.
const FIRST_WAIT_PART: u64 = 16;

/// Nobody notices a shorter wait, and `Retry-After` counts in whole seconds.
const SHORTEST_WAIT_MILLIS: u64 = 1000;

/// The number of failures that are free within a period. One failure is forgotten each time that one share of the
/// period has passed.
///
/// Beyond the free ones, every failure delays the next try: first by a sixteenth of that share, then by twice as much
/// each time, and at last by the whole share, so that no more failures are added than are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    failures: u32,
    period: Duration,
}

/// It allows nothing, or forgets at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an allowance is a number of failures and a period, both above zero")]
pub struct InvalidAllowance;

impl Allowance {
    /// Allows `failures` failures within `period`.
    ///
    /// # Panics
    ///
    /// If either is zero.
    pub const fn new(failures: u32, period: Duration) -> Self {
        assert!(failures > 0 && period.as_millis() > 0, "an allowance of nothing");
        Self { failures, period }
    }

    /// Does the same for values from elsewhere, without a panic.
    ///
    /// # Errors
    ///
    /// [`InvalidAllowance`] if either is zero.
    pub fn checked(failures: u32, period: Duration) -> Result<Self, InvalidAllowance> {
        (failures > 0 && period.as_millis() > 0).then_some(Self { failures, period }).ok_or(InvalidAllowance)
    }

    /// How many failures are free.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The time after which all of them are forgotten.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// The given number of thirds of the failures in the same period, and at least one failure.
    pub(super) fn thirds(self, thirds: u32) -> Self {
        let failures = (u64::from(self.failures) * u64::from(thirds)).div_ceil(3);
        Self { failures: failures.try_into().unwrap_or(u32::MAX).max(1), ..self }
    }

    /// One of `parts` parts of the failures in the same period, and at least one failure.
    pub(super) fn part_of(self, parts: u32) -> Self {
        Self { failures: (self.failures / parts).max(1), ..self }
    }

    /// As many failures, each remembered `times` times as long.
    pub(super) fn slower(self, times: u32) -> Self {
        Self { period: self.period.saturating_mul(times), ..self }
    }

    fn share_millis(&self) -> u64 {
        (millis(self.period) / u64::from(self.failures)).max(1)
    }

    /// A debt above this is never kept.
    fn most_millis(&self) -> u64 {
        (u64::from(self.failures) + FIRST_WAIT_PART).saturating_mul(self.share_millis())
    }

    fn longest_wait_millis(&self) -> u64 {
        self.share_millis().max(SHORTEST_WAIT_MILLIS)
    }
}

/// The state of one counter: three points in time, and nothing about what was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// When every failure will be forgotten, in milliseconds since 1970.
    pub(super) empty_at: u64,
    /// When the next try may be made.
    next_at: u64,
    /// When the last failure was counted.
    as_of: u64,
}

impl Cell {
    /// Adds one failure.
    pub(super) fn charged(self, allowance: &Allowance, now: SystemTime) -> Self {
        let (now, share) = (since_1970(now), allowance.share_millis());
        let debt = self.by_a_right_clock(allowance, now).debt_at(now, allowance) + share;
        let over = debt.div_ceil(share).checked_sub(u64::from(allowance.failures));
        let wait = over.map_or(0, |over| {
            let grown = (share / FIRST_WAIT_PART).max(1) << over.min(FIRST_WAIT_PART.ilog2().into());
            grown.min(share).max(SHORTEST_WAIT_MILLIS)
        });
        // Without a wait no time is kept, because a slow clock would read it as a wait.
        Self { empty_at: now + debt, next_at: if wait == 0 { 0 } else { now + wait }, as_of: now }
    }

    /// A time in the future, or one that no rule can produce, was written by a wrong clock and is ignored.
    fn by_a_right_clock(self, allowance: &Allowance, now: u64) -> Self {
        let skew = millis(CLOCK_SKEW);
        if self.as_of > now + skew {
            return Self::default();
        }
        let latest_empty = now + allowance.most_millis() + allowance.share_millis() + skew;
        let latest_next = now + allowance.longest_wait_millis() + skew;
        if self.empty_at > latest_empty || self.next_at > latest_next { Self::default() } else { self }
    }

    /// How long to wait, if at all.
    pub(super) fn wait(self, allowance: &Allowance, now: SystemTime) -> Option<Duration> {
        let now = since_1970(now);
        // A machine with a fast clock may have written it. Nobody waits longer than the longest wait.
        let next_at = self.by_a_right_clock(allowance, now).next_at;
        let wait = next_at.saturating_sub(now).min(allowance.longest_wait_millis());
        (wait > 0).then(|| Duration::from_millis(wait))
    }

    /// How long the state still has a meaning.
    pub(super) fn life(self, now: SystemTime) -> Duration {
        Duration::from_millis(self.empty_at.max(self.next_at).saturating_sub(since_1970(now)))
    }

    /// Merges the knowledge of two counters. What one of them has from a wrong clock does not reduce what the other
    /// knows.
    pub(super) fn and(self, other: Self, allowance: &Allowance, now: SystemTime) -> Self {
        let [one, other] = [self, other].map(|cell| cell.by_a_right_clock(allowance, since_1970(now)));
        Self {
            empty_at: one.empty_at.max(other.empty_at),
            next_at: one.next_at.max(other.next_at),
            as_of: one.as_of.max(other.as_of),
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        [self.empty_at, self.next_at, self.as_of].map(u64::to_be_bytes).concat()
    }

    /// The empty state if the version of `mark` is unknown. The first version did not store when it was counted.
    pub(super) fn decode(mark: &[u8]) -> Self {
        let numbers: Vec<_> = mark.chunks(8).map(|bytes| bytes.try_into().map(u64::from_be_bytes)).collect();
        match numbers[..] {
            [Ok(empty_at), Ok(next_at)] => Self { empty_at, next_at, as_of: 0 },
            [Ok(empty_at), Ok(next_at), Ok(as_of)] => Self { empty_at, next_at, as_of },
            _ => Self::default(),
        }
    }

    /// SECURITY: the debt is never larger than for somebody who waits as told. A larger debt, from a fast clock or from
    /// many tries at once, would be remembered forever.
    fn debt_at(self, now: u64, allowance: &Allowance) -> u64 {
        self.empty_at.saturating_sub(now).min(allowance.most_millis())
    }
}

fn since_1970(time: SystemTime) -> u64 {
    millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Durations above two hundred million years are equal here, which leaves room for additions.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(u64::MAX / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: SystemTime = UNIX_EPOCH;

    /// The waits in seconds after one failure after the other, if each is made as early as possible.
    fn waits(allowance: &Allowance, count: usize) -> Vec<u64> {
        let (mut cell, mut now) = (Cell::default(), NOON + Duration::from_hours(1));
        let mut waits = Vec::new();
        for _ in 0..count {
            cell = cell.charged(allowance, now);
            let wait = cell.wait(allowance, now).unwrap_or_default();
            waits.push(wait.as_secs());
            now += wait;
        }
        waits
    }

    #[test]
    fn the_wait_begins_after_the_free_failures_and_doubles() {
        let allowance = Allowance::new(5, Duration::from_secs(5 * 160));
        assert_eq!(waits(&allowance, 12), [0, 0, 0, 0, 10, 20, 40, 80, 160, 160, 160, 160]);
    }

    #[test]
    fn failures_are_forgotten_one_by_one() {
        let allowance = Allowance::new(5, Duration::from_mins(5));
        let start = NOON + Duration::from_hours(1);
        let full = (0..5).fold(Cell::default(), |cell, _| cell.charged(&allowance, start));
        assert!(full.wait(&allowance, start).is_some());
        let later = start + Duration::from_mins(2);
        assert_eq!(full.wait(&allowance, later), None);
        let again = full.charged(&allowance, later);
        assert_eq!(again.wait(&allowance, later), None);
        assert!(again.charged(&allowance, later).wait(&allowance, later).is_some());
        assert_eq!(full.life(start), Duration::from_mins(5));
    }

    #[test]
    fn a_clock_that_is_ahead_keeps_nobody_waiting_for_its_lead() {
        let allowance = Allowance::new(2, Duration::from_mins(2));
        let ahead = NOON + Duration::from_hours(24);
        for failures in [1, 9] {
            let cell = (0..failures).fold(Cell::default(), |cell, _| cell.charged(&allowance, ahead));
            // After the clock is right again.
            assert_eq!(cell.wait(&allowance, NOON), None, "{failures}");
            let again = cell.charged(&allowance, NOON);
            assert_eq!(again, Cell::default().charged(&allowance, NOON), "{failures}");
            assert!(again.life(NOON) <= Duration::from_mins(1));
        }
    }

    /// This holds for any length of the period, and for a clock that is only a little fast.
    #[test]
    fn what_was_counted_by_a_clock_that_was_ahead_costs_nobody_a_free_try() {
        for (failures, period_mins) in [(10, 15), (50, 600), (300, 15), (1_000, 24 * 60), (5, 300)] {
            let allowance = Allowance::new(failures, Duration::from_mins(period_mins));
            for ahead_mins in [1, 10, 60, 600, 24 * 60, 365 * 24 * 60] {
                let then = NOON + Duration::from_mins(ahead_mins);
                let counted = (0..failures).fold(Cell::default(), |cell, _| cell.charged(&allowance, then));
                let again = counted.charged(&allowance, NOON);
                assert_eq!(again, Cell::default().charged(&allowance, NOON), "{failures} {ahead_mins}");
                let known = Cell::default().charged(&allowance, NOON);
                assert_eq!(
                    counted.and(known, &allowance, NOON),
                    known,
                    "it takes nothing of the right one's"
                );
            }
        }
    }

    #[test]
    fn a_mark_of_the_version_before_is_read() {
        let mark = [7_u64, 9].map(u64::to_be_bytes).concat();
        assert_eq!(Cell::decode(&mark), Cell { empty_at: 7, next_at: 9, as_of: 0 });
    }

    /// Two machines may differ by this much.
    #[test]
    fn the_skew_of_a_machine_is_no_wait_after_the_first_failure() {
        let allowance = Allowance::new(2, Duration::from_mins(2));
        let ahead = NOON + Duration::from_secs(25);
        let first = Cell::default().charged(&allowance, ahead);
        assert_eq!(first.wait(&allowance, NOON), None);
        let third = first.charged(&allowance, ahead).charged(&allowance, ahead);
        assert!(third.wait(&allowance, NOON).is_some(), "what is waited for on one is on the other");
        assert!(third.wait(&allowance, NOON).unwrap() <= Duration::from_mins(1));
    }

    proptest! {
        #[test]
        fn no_more_fail_than_are_free_and_forgotten(
            failures in 1_u32..60,
            period_secs in 60_u64..100_000,
            pauses in prop::collection::vec(0_u64..2_000, 1..200),
        ) {
            let allowance = Allowance::new(failures, Duration::from_secs(period_secs));
            let start = NOON + Duration::from_hours(1);
            let (mut cell, mut now, mut tried) = (Cell::default(), start, 0);
            for pause in pauses {
                now += cell.wait(&allowance, now).unwrap_or_default() + Duration::from_secs(pause);
                cell = cell.charged(&allowance, now);
                tried += 1;
                let passed = now.duration_since(start).unwrap();
                let forgotten = passed.as_secs() * u64::from(failures) / period_secs;
                // Five while the wait grows, and one for the moment that is cut in two.
                prop_assert!(tried <= u64::from(failures) + forgotten + 6, "{} by {:?}", tried, passed);
            }
        }

        #[test]
        fn any_mark_is_a_cell(mark in prop::collection::vec(any::<u8>(), 0..40)) {
            let allowance = RATE;
            let cell = Cell::decode(&mark);
            let _ = (cell.wait(&allowance, NOON), cell.charged(&allowance, NOON), cell.life(NOON));
            let charged = Cell::default().charged(&allowance, NOON);
            prop_assert_eq!(Cell::decode(&charged.encode()), charged);
        }
    }

    const RATE: Allowance = Allowance::new(3, Duration::from_mins(1));
}
