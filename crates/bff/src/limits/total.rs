//! What all people together may ask for in e-mails.
//!
//! One half is for whoever comes first. When strangers have used that up, each network has a little of the other half, so that a few
//! machines that ask as fast as they may keep out nobody elsewhere.

use std::slice;

use super::counters::Limits;
use super::settings::RateLimits;
use super::subject::{Counter, Origin, key, networks};
use super::too_many::TooMany;

/// The first half is open to everybody, the second one to every network for a little of it.
const HALVES: u32 = 2;

/// A hundred networks can use up the half of which each has this part of the whole.
const PARTS_OF_A_NETWORK: u32 = 200;

/// Where one e-mail is counted: in the one half or in the other.
pub(super) struct Total {
    open: Counter,
    /// With the networks of whoever asks.
    reserved: Vec<Counter>,
}

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
