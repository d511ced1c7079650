//! The endpoints for load balancers and supervisors.
//!
//! A process is ready while its store can be read and written; without the store, requests should go to other replicas
//! first. It stays ready while the core API or the provider is away, because that affects all replicas equally: pages
//! that do not need them are served, and the others say what is wrong.

mod ask;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ironleaf_auth::{BreakerState, Provider, Transport};
use ironleaf_store::Store;

pub use self::ask::{Question, ask};

/// A store that takes longer is too slow for a page as well.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    store: Arc<dyn Store>,
    core_api: Arc<dyn Transport>,
    /// The provider and how it is reached, if it is not the core API.
    provider: Option<(Arc<dyn Provider>, Arc<dyn Transport>)>,
    /// The last answer. The log gets a line for each change, not for each request.
    said_ready: Arc<AtomicBool>,
}

impl Health {
    /// The health of a store, and of a core API behind a circuit breaker.
    pub fn new(store: Arc<dyn Store>, core_api: Arc<dyn Transport>) -> Self {
        Self { store, core_api, provider: None, said_ready: Arc::new(AtomicBool::new(true)) }
    }

    /// The same with a provider that is reached in another way, behind a circuit breaker of its own.
    #[must_use]
    pub fn with_provider(self, provider: Arc<dyn Provider>, transport: Arc<dyn Transport>) -> Self {
        Self { provider: Some((provider, transport)), ..self }
    }

    pub(crate) fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let ready = Router::new().route("/health/ready", get(ready)).with_state(self);
        ready.route("/health/live", get(async || answer(StatusCode::OK, r#"{"ok":true}"#.to_owned())))
    }

    async fn store_is_there(&self) -> bool {
        let problem = match tokio::time::timeout(STORE_TIMEOUT, self.store.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.detail()),
            Err(late) => Some(late.to_string()),
        };
        let is_there = problem.is_none();
        if self.said_ready.swap(is_there, Ordering::Relaxed) != is_there {
            if let Some(detail) = problem {
                tracing::warn!(detail, "not ready: the store cannot be used");
            } else {
                tracing::info!("ready again: the store can be used");
            }
        }
        is_there
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let ok = health.store_is_there().await;
    // This asks the breakers, not the core API: the answer costs nothing, and the next real call finds out.
    let is_reached = |way: &Arc<dyn Transport>| way.breaker() == BreakerState::Closed;
    let word = |is_there| if is_there { "ok" } else { "unreachable" };
    let mut body =
        serde_json::json!({ "ok": ok, "store": word(ok), "core_api": word(is_reached(&health.core_api)) });
    if let Some((provider, way)) = &health.provider {
        body["provider"] = word(is_reached(way) && provider.is_ready()).into();
    }
    answer(if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, body.to_string())
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}
