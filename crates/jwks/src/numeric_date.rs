//! Times in claims: seconds since 1970, perhaps with a fraction (RFC 7519 section 2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// The end of the year 9999. Later times count as this one, so that sums do not overflow.
const LATEST_SECS: u64 = 253_402_300_799;

/// `None` if it is not a number. A time before 1970 counts as 1970, one after 9999 as the end of 9999.
pub(crate) fn read(value: &Value) -> Option<SystemTime> {
    let number = value.as_number()?;
    let since_1970 = match number.as_u64() {
        Some(secs) => Duration::from_secs(secs.min(LATEST_SECS)),
        None => fraction(number.as_f64()?),
    };
    UNIX_EPOCH.checked_add(since_1970)
}

fn fraction(secs: f64) -> Duration {
    let latest = Duration::from_secs(LATEST_SECS);
    Duration::try_from_secs_f64(secs.max(0.0)).unwrap_or(latest).min(latest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secs(value: &Value) -> Option<f64> {
        Some(read(value)?.duration_since(UNIX_EPOCH).unwrap().as_secs_f64())
    }

    #[test]
    fn whole_and_fractional_seconds_are_read() {
        assert_eq!(secs(&json!(1_767_225_600)), Some(1_767_225_600.0));
        assert_eq!(secs(&json!(1_767_225_600.5)), Some(1_767_225_600.5));
        assert_eq!(secs(&json!(1.767_225_6e9)), Some(1_767_225_600.0));
    }

    #[test]
    fn anything_but_a_number_is_refused() {
        for value in [json!("1767225600"), json!(null), json!(true), json!([1]), json!({})] {
            assert_eq!(read(&value), None, "{value}");
        }
    }

    #[test]
    fn numbers_far_out_of_range_are_the_ends_of_time() {
        for value in [json!(u64::MAX), json!(1e300), json!(f64::MAX)] {
            assert_eq!(read(&value), UNIX_EPOCH.checked_add(Duration::from_secs(LATEST_SECS)), "{value}");
        }
        for value in [json!(-1), json!(i64::MIN), json!(-1e300), json!(-0.0)] {
            assert_eq!(read(&value), Some(UNIX_EPOCH), "{value}");
        }
    }
}
