use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ironleaf_auth::{BreakerState, Clock, Transport};
use ironleaf_proxy::Proxy;
use ironleaf_session::KeyRing;
use ironleaf_store::Store;

use super::names::{BREAKER, PROVIDER_BREAKER, PROXY_BREAKER, SESSIONS, STORE_CAPACITY, STORE_USED};

const STATES: [(BreakerState, &str); 3] =
    [(BreakerState::Closed, "closed"), (BreakerState::HalfOpen, "half_open"), (BreakerState::Open, "open")];

/// The values that are read for each request to the metrics, because their changes cause no event.
#[derive(Clone)]
pub(crate) struct Live(Arc<Shared>);

struct Shared {
    core_api: Arc<dyn Transport>,
    /// The way to the provider, if it is not the core API.
    provider: Option<Arc<dyn Transport>>,
    proxy: Arc<Proxy>,
    store: Arc<dyn Store>,
    keys: KeyRing,
    idle_timeout: Duration,
    clock: Clock,
    /// The keys that were shown before. A key that has disappeared has no sessions.
    shown: Mutex<BTreeSet<String>>,
}

impl Live {
    pub(crate) fn new(
        core_api: Arc<dyn Transport>,
        provider: Option<Arc<dyn Transport>>,
        proxy: Arc<Proxy>,
        store: Arc<dyn Store>,
        keys: KeyRing,
        idle_timeout: Duration,
        clock: Clock,
    ) -> Self {
        let shown = Mutex::default();
        Self(Arc::new(Shared { core_api, provider, proxy, store, keys, idle_timeout, clock, shown }))
    }

    pub(super) async fn measure(&self) {
        self.measure_store().await;
        self.measure_breakers();
        self.measure_sessions();
    }

    /// If the store does not answer now, there is no number. The last one would look current.
    async fn measure_store(&self) {
        let (used, capacity) = match self.0.store.usage().await {
            Ok(None) => return,
            Ok(Some(usage)) => (precise(usage.used_bytes), precise(usage.capacity_bytes)),
            Err(_) => (f64::NAN, f64::NAN),
        };
        metrics::gauge!(STORE_USED).set(used);
        metrics::gauge!(STORE_CAPACITY).set(capacity);
    }

    fn measure_breakers(&self) {
        measure_breaker(BREAKER, self.0.core_api.breaker());
        if let Some(provider) = &self.0.provider {
            measure_breaker(PROVIDER_BREAKER, provider.breaker());
        }
        for (route, breaker) in self.0.proxy.breakers() {
            for (state, label) in STATES {
                let gauge = metrics::gauge!(PROXY_BREAKER, "route" => route.to_owned(), "state" => label);
                gauge.set(u32::from(state == breaker));
            }
        }
    }

    fn measure_sessions(&self) {
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

fn measure_breaker(metric: &'static str, breaker: BreakerState) {
    for (state, label) in STATES {
        metrics::gauge!(metric, "state" => label).set(u32::from(state == breaker));
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 8 PiB of sessions")]
fn precise(bytes: u64) -> f64 {
    bytes as f64
}
