//! What a load balancer asks. Neither answer depends on the core API: pages that do without it are served.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/health/live", get(well)).route("/health/ready", get(well))
}

async fn well() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], r#"{"ok":true}"#)
}
