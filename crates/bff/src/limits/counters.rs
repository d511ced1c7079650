use std::sync::Arc;

use ironleaf_auth::Clock;
use ironleaf_store::Store;

use super::alarm::Alarm;
use super::concurrency::Concurrency;
use super::settings::RateLimits;
use super::tally::Tally;

/// Counts failures, and decides who has to wait.
pub(crate) struct Limits {
    pub(super) settings: RateLimits,
    pub(super) tally: Tally,
    pub(super) concurrency: Concurrency,
    pub(super) alarm: Alarm,
}

impl Limits {
    pub(crate) fn new(settings: RateLimits, store: Arc<dyn Store>, clock: Clock) -> Self {
        let tally = Tally::new(store, clock);
        Self { settings, tally, concurrency: Concurrency::default(), alarm: Alarm::default() }
    }
}
