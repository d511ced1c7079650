//! How long to wait, in words and in the seconds of `Retry-After`.

use std::time::Duration;

/// Rounded up, so that a person who comes back at that time does not have to wait again.
pub(crate) fn whole_secs(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// When to come back, in words.
pub(crate) fn try_again(wait: Duration) -> String {
    format!("Please try again in {}.", in_words(wait))
}

/// When to come back, where nobody knows it to the second.
pub(crate) fn try_again_in_about(wait: Duration) -> String {
    format!("Please try again in about {}.", in_words(wait))
}

fn in_words(wait: Duration) -> String {
    let secs = whole_secs(wait);
    let (count, unit) = match secs {
        0..=90 => (secs, "second"),
        91..=5400 => (secs.div_ceil(60), "minute"),
        _ => (secs.div_ceil(3600), "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_the_unit_that_people_would_use() {
        for (millis, words) in [
            (0, "1 second"),
            (1_001, "2 seconds"),
            (90_000, "90 seconds"),
            (90_001, "2 minutes"),
            (720_000, "12 minutes"),
            (5_400_001, "2 hours"),
        ] {
            let said = try_again(Duration::from_millis(millis));
            assert_eq!(said, format!("Please try again in {words}."));
        }
    }
}
