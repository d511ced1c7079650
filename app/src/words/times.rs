//! Times on pages.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{t, t_with};

/// The day of a time (UTC), as people write it: `30 November 2026`.
pub(crate) fn t_date(time: SystemTime) -> String {
    let date = timestamp(time).to_zoned(TimeZone::UTC).date();
    // The year is no number with thousands.
    let year = date.year().to_string();
    t_with("date", [("day", date.day().into()), ("month", date.month().into()), ("year", year.into())])
}

/// The day and the time, in Coordinated Universal Time: the server does not know where the person is.
pub(crate) fn t_date_time(time: SystemTime) -> String {
    let clock = timestamp(time).strftime("%H:%M").to_string();
    t_with("date-time", [("date", t_date(time).into()), ("time", clock.into())])
}

/// How long ago it was, in the unit that people would use, or the day.
pub(crate) fn t_ago(time: SystemTime, now: SystemTime) -> String {
    const HOUR: u64 = 60 * 60;
    const DAY: u64 = 24 * HOUR;
    // A time in the future was written by a clock that is ahead.
    let secs = now.duration_since(time).unwrap_or(Duration::ZERO).as_secs();
    let (count, unit) = match secs {
        0..60 => return t("just-now").to_owned(),
        60..HOUR => (secs / 60, "minutes"),
        HOUR..DAY => (secs / HOUR, "hours"),
        _ if secs < 31 * DAY => (secs / DAY, "days"),
        _ => return t_date_time(time),
    };
    t_with("ago", [("unit", unit.into()), ("count", count.into())])
}

/// A time for programs (RFC 3339), to the second.
pub(crate) fn date_time(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time beyond the year 9999 becomes 1970: nothing here has one.
fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::language::Language;

    const NOW: Duration = Duration::from_hours(500_000);

    #[test]
    fn a_date_is_written_as_in_the_language() {
        let time = UNIX_EPOCH + NOW;
        assert_eq!(t_date(time), "15 January 2027");
        assert_eq!(t_date_time(time), "15 January 2027, 08:00 UTC");
        assert_eq!(date_time(time), "2027-01-15T08:00:00Z");
        let german = Language::parse("de").unwrap();
        assert_eq!(german.speak(|| t_date(time)), "15. Januar 2027");
        assert_eq!(german.speak(|| t_date_time(time)), "15. Januar 2027, 08:00 UTC");
    }

    #[test]
    fn a_time_is_said_in_the_unit_that_people_would_use() {
        let now = UNIX_EPOCH + NOW;
        let german = Language::parse("de").unwrap();
        for (secs, words, in_german) in [
            (0, "Just now", "Gerade eben"),
            (59, "Just now", "Gerade eben"),
            (60, "1 minute ago", "Vor 1 Minute"),
            (3599, "59 minutes ago", "Vor 59 Minuten"),
            (3600, "1 hour ago", "Vor 1 Stunde"),
            (86_399, "23 hours ago", "Vor 23 Stunden"),
            (86_400, "1 day ago", "Vor 1 Tag"),
            (30 * 86_400, "30 days ago", "Vor 30 Tagen"),
            (31 * 86_400, "15 December 2026, 08:00 UTC", "15. Dezember 2026, 08:00 UTC"),
        ] {
            let time = now - Duration::from_secs(secs);
            assert_eq!(t_ago(time, now), words);
            assert_eq!(german.speak(|| t_ago(time, now)), in_german);
        }
        assert_eq!(t_ago(now + Duration::from_secs(30), now), "Just now");
    }
}
