//! What a load balancer asks. Neither answer depends on the core API: pages that do without it are served. Without its
//! store a process lives, but others should be asked first.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ironleaf_store::Store;

/// A store that takes longer is of no use to a page either.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(store: Arc<dyn Store>) -> Router<S> {
    let ready = Router::new().route("/health/ready", get(ready)).with_state(store);
    ready.route("/health/live", get(async || answer(StatusCode::OK, r#"{"ok":true}"#)))
}

async fn ready(State(store): State<Arc<dyn Store>>) -> Response {
    let detail = match tokio::time::timeout(STORE_TIMEOUT, store.check()).await {
        Ok(Ok(())) => return answer(StatusCode::OK, r#"{"ok":true}"#),
        Ok(Err(error)) => error.to_string(),
        Err(late) => late.to_string(),
    };
    tracing::warn!(detail, "not ready: the store does not answer");
    answer(StatusCode::SERVICE_UNAVAILABLE, r#"{"ok":false,"store":"unreachable"}"#)
}

fn answer(status: StatusCode, body: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}
