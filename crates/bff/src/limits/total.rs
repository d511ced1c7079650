//! Limits the e-mails that all people together may ask for.
//!
//! One half is open to everybody. When strangers have used that up, each network has a small part of the other half, so
//! that a few machines that ask as fast as they may cannot keep out people elsewhere.

use std::slice;

use super::counters::Limits;
use super::settings::RateLimits;
use super::subject::{Counter, Origin, key, networks};
use super::too_many::TooMany;

/// The first half is open to everybody. Each network has a small part of the second.
const HALVES: u32 = 2;

/// Each network has this part of the whole. So a hundred networks can use up the second half.
const PARTS_OF_A_NETWORK: u32 = 200;

/// The counters of one e-mail, for the first half and for the second.
pub(super) struct Total {
    open: Counter,
    /// Includes the networks of the requester.
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
        // SECURITY: charged now, not after sending. Otherwise a thousand requests at once would each see what is left
        // for one.
        self.tally.charge(&total.reserved).await;
        Ok(())
    }
}
