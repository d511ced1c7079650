//! How long to wait, in words and in the seconds of `Retry-After`.

use std::time::Duration;

use crate::language::{Language, Value};

/// Rounded up, so that a person who comes back at that time does not have to wait again.
pub(crate) fn whole_secs(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// When to come back, in words.
pub(crate) fn try_again(wait: Duration, language: Language) -> String {
    language.words("try-again-in", in_words(wait))
}

/// When to come back, where nobody knows it to the second.
pub(crate) fn try_again_in_about(wait: Duration, language: Language) -> String {
    language.words("try-again-in-about", in_words(wait))
}

/// After too many attempts: what happened, and when to come back.
pub(crate) fn too_many_tries(wait: Duration, language: Language) -> String {
    language.words("message-too-many-tries-wait", in_words(wait))
}

/// The values of the message `wait`, in the unit that people would use.
fn in_words(wait: Duration) -> [(&'static str, Value<'static>); 2] {
    let secs = whole_secs(wait);
    let (count, unit) = match secs {
        0..=90 => (secs, "seconds"),
        91..=5400 => (secs.div_ceil(60), "minutes"),
        _ => (secs.div_ceil(3600), "hours"),
    };
    [("count", count.into()), ("unit", unit.into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_the_unit_that_people_would_use() {
        let german = Language::parse("de").unwrap();
        for (millis, words, in_german) in [
            (0, "1 second", "1 Sekunde"),
            (1_001, "2 seconds", "2 Sekunden"),
            (90_000, "90 seconds", "90 Sekunden"),
            (90_001, "2 minutes", "2 Minuten"),
            (720_000, "12 minutes", "12 Minuten"),
            (5_400_001, "2 hours", "2 Stunden"),
            (3_600_000_000, "1,000 hours", "1.000 Stunden"),
        ] {
            let wait = Duration::from_millis(millis);
            assert_eq!(try_again(wait, Language::ENGLISH), format!("Please try again in {words}."));
            let said = try_again_in_about(wait, german);
            assert_eq!(said, format!("Bitte versuchen Sie es in etwa {in_german} erneut."));
        }
    }
}
