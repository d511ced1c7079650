//! Logs that the e-mails that everybody shares are running out.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// One line is enough for the reader of the log. A flood must not fill it.
const ALARM_PERIOD: Duration = Duration::from_mins(1);

/// When the last line was logged.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<Instant>>);

impl Alarm {
    pub(super) fn sound(&self) {
        if self.is_due(Instant::now()) {
            tracing::error!(
                "half of the e-mail limit for all people together is used up, and each network has a few of the rest \
                 (RATE_LIMIT_MAILS): either somebody abuses the public pages, or the limit is too low for this many people"
            );
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= ALARM_PERIOD);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_once_a_minute() {
        let (alarm, start) = (Alarm::default(), Instant::now());
        let told: Vec<u64> =
            (0..200).filter(|secs| alarm.is_due(start + Duration::from_secs(*secs))).collect();
        assert_eq!(told, [0, 60, 120, 180]);
    }
}
