//! The unit of time in a store.

use std::time::{Duration, UNIX_EPOCH};

use ironleaf_ambient::{CLOCK_SKEW, Clock};

/// Milliseconds since 1970, the unit of time in every store. It fits SQLite's signed integers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) fn now(clock: &Clock) -> Self {
        Self(millis(clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()))
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn unix_millis(self) -> i64 {
        self.0
    }

    /// Later than any correct clock can be by now. A later time was written by a clock that was ahead.
    pub(crate) fn latest(self) -> Self {
        self.after(CLOCK_SKEW)
    }

    /// The end of a period that starts now.
    pub(crate) fn after(self, ttl: Duration) -> Self {
        Self(self.0.saturating_add(ttl_millis(ttl)))
    }
}

/// Rounded up, so that nothing ends early, and limited to a hundred years, which every store can represent.
pub(crate) fn ttl_millis(ttl: Duration) -> i64 {
    const LONGEST: i64 = 100 * 366 * 24 * 60 * 60 * 1000;
    millis(ttl.as_nanos().div_ceil(1_000_000)).min(LONGEST)
}

fn millis(count: u128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
