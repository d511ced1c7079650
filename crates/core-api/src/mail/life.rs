//! The lifetime of a link, in the words of an e-mail.

use std::{fmt, time::Duration};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Exact, in the largest unit for which it is exact: `7 days`, `1 hour`, `90 minutes`.
pub(super) struct Life(pub(super) Duration);

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.as_secs();
        let (number, unit) = match secs {
            // One day is written in hours, because people count it from now and not from midnight.
            _ if secs > DAY && secs.is_multiple_of(DAY) => (secs / DAY, "day"),
            _ if secs >= HOUR && secs.is_multiple_of(HOUR) => (secs / HOUR, "hour"),
            _ if secs >= MINUTE && secs.is_multiple_of(MINUTE) => (secs / MINUTE, "minute"),
            _ => (secs, "second"),
        };
        let plural = if number == 1 { "" } else { "s" };
        write!(f, "{number} {unit}{plural}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_said_as_a_person_would() {
        for (secs, words) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (MINUTE, "1 minute"),
            (90 * MINUTE, "90 minutes"),
            (HOUR, "1 hour"),
            (DAY, "24 hours"),
            (36 * HOUR, "36 hours"),
            (7 * DAY, "7 days"),
        ] {
            assert_eq!(Life(Duration::from_secs(secs)).to_string(), words);
        }
    }
}
