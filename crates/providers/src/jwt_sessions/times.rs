//! Dates as Ruby writes them: `Time#to_s` (`2026-11-28 10:00:00 +0000`) and ISO 8601 (`2026-11-28T10:00:00.000Z`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of a date in either form. `None` for anything else, and for times before 1970.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
    let [year, month, day] = numbers(date, "-", [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ":", [2, 2, 2])?;
    let is_possible = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_possible {
        return None;
    }
    let offset = offset_secs(without_fraction(rest)?.trim_start())?;
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(secs).ok()?))
}

fn numbers(text: &str, separator: &str, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).zip(widths).map(|(part, width)| {
        (part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse().ok())
            .flatten()
    });
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// What comes after a fraction of a second, if there is one.
fn without_fraction(text: &str) -> Option<&str> {
    let Some(fraction) = text.strip_prefix(['.', ',']) else {
        return Some(text);
    };
    let rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < fraction.len()).then_some(rest)
}

fn offset_secs(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z" | "UTC") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|character| *character != ':').collect();
    let is_offset = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let [hours, minutes] = [digits.get(..2)?, digits.get(2..)?].map(str::parse::<i64>);
    is_offset.then_some(sign * (hours.ok()? * 3600 + minutes.ok()? * 60))
}

/// The number of days from 1970-01-01 to a date of the Gregorian calendar. Years count from March, so that a leap day
/// is the last day of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_ruby_are_read() {
        for (text, secs) in [
            ("2026-11-28 10:00:00 +0000", Some(1_795_860_000)),
            ("2026-11-28 12:00:00 +0200", Some(1_795_860_000)),
            ("2026-11-28 04:30:00 -0530", Some(1_795_860_000)),
            ("2026-11-28 10:00:00 UTC", Some(1_795_860_000)),
            ("2026-11-28T10:00:00Z", Some(1_795_860_000)),
            ("2026-11-28T10:00:00.999Z", Some(1_795_860_000)),
            ("2026-11-28T11:00:00.123456+01:00", Some(1_795_860_000)),
            (" 2026-11-28T10:00:00Z ", Some(1_795_860_000)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2024-03-01 00:00:00 +0000", Some(1_709_251_200)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("1970-01-01T00:00:00+01:00", None),
            ("2026-11-28T10:00:00", None),
            ("2026-11-28", None),
            ("2026-13-28T10:00:00Z", None),
            ("2026-11-28T25:00:00Z", None),
            ("2026-11-28T10:00:00.Z", None),
            ("2026-11-28T10:00:00+1", None),
            ("2026-11-28T10:00:00+éé", None),
            ("28.11.2026 10:00:00 +0000", None),
            ("éééééééééééééééééééé", None),
            ("tomorrow", None),
            ("", None),
        ] {
            let expected = secs.map(|secs| UNIX_EPOCH + Duration::from_secs(secs));
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
