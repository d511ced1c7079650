//! When an e-mail that was not accepted is tried again.

use std::time::Duration;

/// How often an e-mail that was not accepted is tried again. Each wait is twice the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailRetries {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// An e-mail that was recorded this long ago is not tried again, because nobody waits for it any more.
    pub give_up_after: Duration,
}

impl Default for MailRetries {
    /// From five seconds to a quarter of an hour, for a day.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_mins(15),
            give_up_after: Duration::from_hours(24),
        }
    }
}

impl MailRetries {
    /// The wait after this many failures in a row.
    pub(crate) fn wait(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_up_to_the_longest() {
        let waits =
            [1, 2, 3, 8, 9, 10, u32::MAX].map(|failures| MailRetries::default().wait(failures).as_secs());
        assert_eq!(waits, [5, 10, 20, 640, 900, 900, 900]);
    }
}
