//! A time as the database stores it and as the API shows it.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

/// Milliseconds since the Unix epoch; shown as `2026-11-21T11:08:52.360Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub(crate) fn millis(self) -> i64 {
        self.0
    }

    pub(crate) fn whole_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The second that it is in. Access tokens use whole seconds.
    pub(crate) fn floor_to_second(self) -> Self {
        Self(self.whole_secs() * 1000)
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    pub(crate) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The time since an earlier moment; none since a later one.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// As a person writes it, to the minute: `21 November 2026, 11:08 UTC`.
    pub(crate) fn in_words(self) -> String {
        self.clamped().strftime("%-d %B %Y, %H:%M UTC").to_string()
    }

    fn clamped(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self(millis(since)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.clamped())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_with_milliseconds_even_when_they_are_zero() {
        assert_eq!(Timestamp::from_millis(1_795_259_332_360).to_string(), "2026-11-21T11:08:52.360Z");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_shown_as_its_end() {
        let endless = Timestamp::from_millis(0).plus(Duration::MAX);
        assert_eq!(endless.to_string(), "9999-12-30T22:00:00.999Z");
    }
}
