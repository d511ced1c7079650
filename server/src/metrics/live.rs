use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ironleaf_auth::{BreakerState, Clock, Transport};
use ironleaf_session::KeyRing;

use super::{BREAKER, SESSIONS};

/// What is looked at whenever somebody reads, because nothing happens when it changes.
#[derive(Clone)]
pub(crate) struct Live(Arc<Shared>);

struct Shared {
    core_api: Arc<dyn Transport>,
    keys: KeyRing,
    idle_timeout: Duration,
    clock: Clock,
    /// The keys that were shown before: one that is gone has no sessions.
    shown: Mutex<BTreeSet<String>>,
}

impl Live {
    pub(crate) fn new(
        core_api: Arc<dyn Transport>,
        keys: KeyRing,
        idle_timeout: Duration,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Shared { core_api, keys, idle_timeout, clock, shown: Mutex::default() }))
    }

    pub(super) fn measure(&self) {
        let breaker = self.0.core_api.breaker();
        for (state, label) in [
            (BreakerState::Closed, "closed"),
            (BreakerState::HalfOpen, "half_open"),
            (BreakerState::Open, "open"),
        ] {
            metrics::gauge!(BREAKER, "state" => label).set(u32::from(state == breaker));
        }
        let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for key_id in shown.iter() {
            metrics::gauge!(SESSIONS, "key_id" => key_id.clone()).set(0);
        }
        for key in self.0.keys.evidence(self.0.idle_timeout, (self.0.clock)()) {
            let (key_id, sessions) =
                (key.key_id.to_string(), u32::try_from(key.sessions).unwrap_or(u32::MAX));
            metrics::gauge!(SESSIONS, "key_id" => key_id.clone()).set(sessions);
            shown.insert(key_id);
        }
    }
}
