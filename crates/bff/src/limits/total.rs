//! What all people together may ask for in e-mails.
//!
//! One half is for whoever comes first. When strangers have used that up, each network has a little of the other half, so that a few
//! machines that ask as fast as they may keep out nobody elsewhere.

use std::slice;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::subject::{Counter, Origin, key, networks};
use super::{Limits, RateLimits, TooMany};

/// The first half is open to everybody, the second one to every network for a little of it.
const HALVES: u32 = 2;

/// A hundred networks can use up the half of which each has this part of the whole.
const PARTS_OF_A_NETWORK: u32 = 200;

/// Whoever reads the log has seen it, and a flood must not fill it.
const ALARM_PERIOD: Duration = Duration::from_mins(1);

/// Where one e-mail is counted: in the one half or in the other.
pub(super) struct Total {
    open: Counter,
    /// With the networks of whoever asks.
    reserved: Vec<Counter>,
}

/// When the log was told last.
#[derive(Default)]
pub(super) struct Alarm(Mutex<Option<Instant>>);

impl Total {
    pub(super) fn new(origin: &Origin, settings: &RateLimits) -> Self {
        let label = "mails";
        let half = |what| Counter {
            key: key(label, what, &[]),
            allowance: settings.mails.part_of(HALVES),
            label,
            is_own: false,
        };
        let of_network = |(network, thirds): (Vec<u8>, u32)| Counter {
            key: key(label, "network", &[&network]),
            allowance: settings.mails.part_of(PARTS_OF_A_NETWORK).thirds(thirds),
            label,
            is_own: false,
        };
        let mut reserved = vec![half("reserved")];
        reserved.extend(networks(origin.address).into_iter().map(of_network));
        Self { open: half("open"), reserved }
    }
}

impl Limits {
    /// Counts one more e-mail, or says how long to wait first.
    pub(super) async fn take(&self, total: &Total) -> Result<(), TooMany> {
        let open = slice::from_ref(&total.open);
        let Some((_, until_open)) = self.tally.wait(open).await else {
            self.tally.charge(open).await;
            return Ok(());
        };
        self.alarm.sound();
        if let Some((counter, wait)) = self.tally.wait(&total.reserved).await {
            return Err(TooMany::noted(counter, wait.min(until_open)));
        }
        // SECURITY: here and now, not once it was sent, or a thousand at once would each find what is there for one.
        self.tally.charge(&total.reserved).await;
        Ok(())
    }
}

impl Alarm {
    fn sound(&self) {
        if self.is_due(Instant::now()) {
            tracing::error!(
                "half of the e-mails that all people together may ask for are used up, and each network has a few of the rest \
                 (RATE_LIMIT_MAILS): somebody abuses the open pages, or there are more people than it was set for"
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
