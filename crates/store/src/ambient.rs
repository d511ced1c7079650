//! Time and randomness, taken as arguments so that tests can move the one and fix the other.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Tells the time. Tests pass one that they move by hand.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock of the operating system.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the system's time comes from")]
pub fn system_clock() -> Clock {
    Arc::new(SystemTime::now)
}

/// The random source of the operating system.
///
/// # Panics
///
/// The returned function panics if that source fails: a server without randomness must not go on.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the system's randomness comes from"
)]
pub fn system_random() -> Random {
    Arc::new(|buffer| getrandom::fill(buffer).expect("the operating system provides randomness"))
}

/// Milliseconds since 1970, the unit every store counts in. It fits SQLite's signed integers.
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

    /// The end of a time that starts now.
    pub(crate) fn after(self, ttl: Duration) -> Self {
        Self(self.0.saturating_add(ttl_millis(ttl)))
    }
}

/// Rounded up, so that nothing ends before its time, and cut at a hundred years, which every store can count.
pub(crate) fn ttl_millis(ttl: Duration) -> i64 {
    const LONGEST: i64 = 100 * 366 * 24 * 60 * 60 * 1000;
    millis(ttl.as_nanos().div_ceil(1_000_000)).min(LONGEST)
}

fn millis(count: u128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
