//! The metrics, their names, and the address where they are read, which serves nothing else.
//!
//! Names follow the conventions of Prometheus. Labels come from closed sets, that is from route templates and our own
//! words, never from what a client sends. docs/operations.md says what each metric is for; a test compares it with this
//! table.

mod core_api;
mod live;
mod names;
mod requests;
mod store;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use ironleaf_auth::{Event, Observer};
use ironleaf_jwks::FetchOutcome;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

pub(crate) use self::core_api::MeasuredTransport;
pub(crate) use self::live::Live;
use self::names::{
    BREAKER, BUILD, CONNECTIONS, CORE_API_SECONDS, DROPPED_LINES, KEPT_PAGES, KEY_FETCHES, PANICS,
    PROVIDER_BREAKER, PROXY_BREAKER, REFRESHES, REQUEST_SECONDS, REQUESTS, SESSIONS, STARTED, STORE_CAPACITY,
    STORE_ERRORS, STORE_SECONDS, STORE_USED, TOKEN_EVENTS,
};
pub(crate) use self::requests::count_request;
pub(crate) use self::store::MeasuredStore;

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Every metric, including those of the crates below.
const ALL: [(&str, Kind, &str); 30] = [
    (REQUESTS, Kind::Counter, "Requests answered, by method, route and class of status"),
    (REQUEST_SECONDS, Kind::Histogram, "Time until an answer begins, by route"),
    (
        KEPT_PAGES,
        Kind::Counter,
        "Pages for visitors without cookies that were answered without rendering them again",
    ),
    (CONNECTIONS, Kind::Gauge, "Connections that are open"),
    ("ironleaf_sign_ins_total", Kind::Counter, "Sign-ins, by outcome"),
    ("ironleaf_guests_total", Kind::Counter, "Sessions of guests, by how they began"),
    ("ironleaf_signed_out_total", Kind::Counter, "Requests that found their session over, by reason"),
    (
        "ironleaf_back_channel_logouts_total",
        Kind::Counter,
        "Logout tokens of the provider, by what they ended or why they were refused",
    ),
    (KEY_FETCHES, Kind::Counter, "Times that the keys of the provider were due, by outcome"),
    (
        "ironleaf_rate_limited_total",
        Kind::Counter,
        "Requests refused because there were too many, by what for",
    ),
    (REFRESHES, Kind::Counter, "Refreshes, by outcome"),
    (TOKEN_EVENTS, Kind::Counter, "What else happens to the tokens of sessions, by event"),
    (
        SESSIONS,
        Kind::Gauge,
        "Sessions that this process saw within the idle timeout, by the key they came under",
    ),
    (CORE_API_SECONDS, Kind::Histogram, "Time that calls to the core API take, by outcome"),
    (BREAKER, Kind::Gauge, "1 for the state that the circuit breaker before the core API is in"),
    (PROVIDER_BREAKER, Kind::Gauge, "The same for a provider that is not the core API"),
    (
        "ironleaf_proxy_requests_total",
        Kind::Counter,
        "Requests at the routes of PROXY_ROUTES, by route and class of status",
    ),
    (
        "ironleaf_proxy_request_duration_seconds",
        Kind::Histogram,
        "Time until the answer to such a request begins, by route",
    ),
    (
        "ironleaf_proxy_failures_total",
        Kind::Counter,
        "Such requests that have no answer of their API, by route and reason",
    ),
    (PROXY_BREAKER, Kind::Gauge, "1 for the state that the circuit breaker of a route is in"),
    (STORE_SECONDS, Kind::Histogram, "Time that the store takes, by operation"),
    (STORE_ERRORS, Kind::Counter, "Operations that the store failed, by operation"),
    (STORE_USED, Kind::Gauge, "Bytes that are taken in the store"),
    (STORE_CAPACITY, Kind::Gauge, "Bytes that the store may take"),
    (DROPPED_LINES, Kind::Counter, "Lines of the log that nobody read in time"),
    (PANICS, Kind::Counter, "Panics, each of which is a defect"),
    (
        "ironleaf_proxy_open_streams",
        Kind::Gauge,
        "Event streams and WebSockets of APIs that are open, by kind",
    ),
    (
        "ironleaf_proxy_sockets_ended_total",
        Kind::Counter,
        "WebSockets that have ended, by who or what ended them",
    ),
    (BUILD, Kind::Gauge, "Always 1; the label is the version"),
    (STARTED, Kind::Gauge, "When the process started, in seconds since 1970"),
];

/// From the time of a cached answer to the longest wait of a page.
const BUCKETS_SECS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Measurements are buffered until they are read or this time has passed.
const TIDY_AFTER: Duration = Duration::from_secs(5);

/// Starts to count, once for the whole process. Before that, nothing is counted.
pub(crate) fn start(now: SystemTime) -> Result<PrometheusHandle, BuildError> {
    let exposition = PrometheusBuilder::new().set_buckets(&BUCKETS_SECS)?.install_recorder()?;
    for (name, kind, description) in ALL {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, description),
            Kind::Gauge => metrics::describe_gauge!(name, description),
            Kind::Histogram => metrics::describe_histogram!(name, description),
        }
    }
    metrics::counter!(PANICS).increment(0);
    metrics::counter!(DROPPED_LINES).increment(0);
    metrics::counter!(KEPT_PAGES).increment(0);
    metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1);
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics::gauge!(STARTED).set(since_1970.as_secs_f64());
    let tidied = exposition.clone();
    tokio::spawn(async move {
        let mut tidy = tokio::time::interval(TIDY_AFTER);
        loop {
            tidy.tick().await;
            tidied.run_upkeep();
        }
    });
    Ok(exposition)
}

/// The routes of the metrics address.
pub(crate) fn routes(exposition: PrometheusHandle, live: Live) -> Router {
    Router::new().route("/metrics", get(expose)).with_state((exposition, live))
}

async fn expose(State((exposition, live)): State<(PrometheusHandle, Live)>) -> impl IntoResponse {
    live.measure().await;
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition.render())
}

/// Counts the events of tokens.
pub(crate) fn token_events() -> Observer {
    std::sync::Arc::new(|event| match refresh_outcome(event) {
        Some(outcome) => metrics::counter!(REFRESHES, "outcome" => outcome).increment(1),
        None => metrics::counter!(TOKEN_EVENTS, "event" => event.label()).increment(1),
    })
}

/// The outcome of a refresh, if the event is the end of one.
fn refresh_outcome(event: Event) -> Option<&'static str> {
    match event {
        Event::Refreshed => Some("rotated"),
        Event::Rejected | Event::NotSent | Event::Unspent | Event::InDoubt => Some(event.label()),
        _ => None,
    }
}

/// A connection that is counted while it is open.
pub(crate) struct OpenConnection(());

impl OpenConnection {
    pub(crate) fn begin() -> Self {
        metrics::gauge!(CONNECTIONS).increment(1);
        Self(())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        metrics::gauge!(CONNECTIONS).decrement(1);
    }
}

/// Called by the provider when its keys were due.
pub(crate) fn count_key_fetch(outcome: FetchOutcome) {
    metrics::counter!(KEY_FETCHES, "outcome" => outcome.label()).increment(1);
}

pub(crate) fn note_kept_page() {
    metrics::counter!(KEPT_PAGES).increment(1);
}

/// Called by the log.
pub(crate) fn note_dropped_lines(lines: usize) {
    metrics::counter!(DROPPED_LINES).increment(lines as u64);
}

/// Called by the panic hook.
pub(crate) fn note_panic() {
    metrics::counter!(PANICS).increment(1);
}
