//! What the layer, the session and the flashes share: keys, settings, time, randomness and the ledger.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    CLOCK_SKEW, Clock, FlashCookie, Ledger, Payload, Random, Record, Sealer, SessionSettings,
    ambient::whole_millis,
};

/// Tombstones outlive the last cookie by this much, because three clocks are involved: one machine sealed the cookie,
/// another wrote the tombstone, and the store measures the tombstone's lifetime.
const TOMBSTONE_MARGIN: Duration = CLOCK_SKEW.saturating_mul(2);

#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) sealer: Sealer,
    pub(crate) settings: SessionSettings,
    /// The cookie's name with its prefix. It is also the context that the cookie is sealed for.
    pub(crate) cookie_name: String,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) ledger: Option<Arc<dyn Ledger>>,
    /// The flashes that the layer knows by name, independent of the request.
    pub(crate) flashes: Vec<FlashCookie>,
}

impl Context {
    /// The time in the precision of the envelope, so that a record equals itself after sealing.
    pub(crate) fn now(&self) -> SystemTime {
        whole_millis((self.clock)())
    }

    /// When the record expires if it is sealed at `sealed_at`.
    pub(crate) fn expires_at<P: Payload>(&self, record: &Record<P>, sealed_at: SystemTime) -> SystemTime {
        let idle = sealed_at + self.settings.longest_rest(&record.payload);
        let absolute = record.created_at + self.settings.absolute_timeout;
        let expiry = idle.min(absolute);
        record.payload.expires_at().map_or(expiry, |payload| expiry.min(payload))
    }

    /// The cookie's `Max-Age`: the remaining life of the session. `None` if the session ends with the browser.
    pub(crate) fn max_age<P: Payload>(&self, record: &Record<P>, sealed_at: SystemTime) -> Option<Duration> {
        let left = || self.expires_at(record, sealed_at).duration_since(sealed_at).unwrap_or_default();
        (!record.payload.ends_with_browser()).then(left)
    }

    /// How long the ledger must remember the session: as long as a copy of its cookie could be accepted.
    pub(crate) fn remember_until<P>(&self, record: &Record<P>) -> SystemTime {
        record.created_at + self.settings.absolute_timeout + TOMBSTONE_MARGIN
    }
}
