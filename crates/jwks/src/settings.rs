//! How long keys are kept, and how often they are asked for.

use std::time::Duration;

/// How long keys are kept, and how often they are asked for.
#[derive(Clone, Debug)]
pub struct KeyCacheSettings {
    /// The life of a key set if the provider does not tell one.
    pub default_life: Duration,
    /// The shortest life. A provider that says `no-cache` is not asked for every token.
    pub min_life: Duration,
    /// The longest life. A key that the provider withdraws is accepted no longer than this while the provider answers.
    pub max_life: Duration,
    /// The time between two fetches that an unknown `kid` causes, and after a failed renewal.
    pub cool_down: Duration,
    /// The time after a failed fetch while there are no keys at all.
    pub retry_after: Duration,
    /// How long a fetch may take.
    pub fetch_timeout: Duration,
    /// How long keys serve after their life while the provider does not answer. A provider that is down for longer
    /// makes every token unverifiable ([`KeysUnavailable`](crate::TokenError::KeysUnavailable)).
    pub stale_for: Duration,
}

impl Default for KeyCacheSettings {
    /// Lives of 10 minutes, between 1 minute and 24 hours; a cool-down of 30 s, 5 s without keys; 5 s for a fetch; 24
    /// hours of stale keys.
    fn default() -> Self {
        let minute = Duration::from_mins(1);
        let day = 24 * 60 * minute;
        Self {
            default_life: 10 * minute,
            min_life: minute,
            max_life: day,
            cool_down: Duration::from_secs(30),
            retry_after: Duration::from_secs(5),
            fetch_timeout: Duration::from_secs(5),
            stale_for: day,
        }
    }
}

impl KeyCacheSettings {
    /// The life of a key set for which the provider tells this one.
    pub(crate) fn life(&self, max_age: Option<Duration>) -> Duration {
        max_age.unwrap_or(self.default_life).max(self.min_life).min(self.max_life)
    }
}
