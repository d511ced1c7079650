//! Time and randomness, taken as arguments so that tests can move the one and fix the other.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Tells the time. Tests pass one that they move by hand.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes. Tests pass one that counts, so that sealed values can be frozen.
///
/// # Security
///
/// Session ids and nonces come from here: in production it must be a cryptographically secure source,
/// such as [`system_random`].
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

/// Milliseconds since 1970; 0 for a time before that.
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The reverse of [`unix_millis`]; `None` where the platform cannot represent the time.
pub(crate) fn from_unix_millis(millis: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

/// Cuts a time to the precision that an envelope stores.
pub(crate) fn whole_millis(time: SystemTime) -> SystemTime {
    from_unix_millis(unix_millis(time)).unwrap_or(time)
}
