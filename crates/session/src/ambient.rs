//! Times in the precision that an envelope stores.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970; 0 for earlier times.
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The reverse of [`unix_millis`]; `None` if the platform cannot represent the time.
pub(crate) fn from_unix_millis(millis: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

/// Truncates a time to the precision that an envelope stores.
pub(crate) fn whole_millis(time: SystemTime) -> SystemTime {
    from_unix_millis(unix_millis(time)).unwrap_or(time)
}

/// The first time in that precision that is not before this one.
pub(crate) fn next_whole_millis(time: SystemTime) -> SystemTime {
    let whole = whole_millis(time);
    if whole < time { whole.checked_add(Duration::from_millis(1)).unwrap_or(time) } else { whole }
}
