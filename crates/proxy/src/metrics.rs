//! What is counted per route.

use std::time::Duration;

use http::StatusCode;

/// `ironleaf_proxy_requests_total{route, status}`: the route by its prefix, the status by its first digit.
const REQUESTS: &str = "ironleaf_proxy_requests_total";
/// `ironleaf_proxy_request_duration_seconds{route}`: the time until an answer begins.
const SECONDS: &str = "ironleaf_proxy_request_duration_seconds";
/// `ironleaf_proxy_failures_total{route, reason}`: why a request has no answer of its API.
const FAILURES: &str = "ironleaf_proxy_failures_total";
/// `ironleaf_proxy_open_streams{kind}`: event streams and WebSockets that are open.
const OPEN_STREAMS: &str = "ironleaf_proxy_open_streams";
/// `ironleaf_proxy_sockets_ended_total{by}`: who or what has ended a WebSocket.
const SOCKETS_ENDED: &str = "ironleaf_proxy_sockets_ended_total";

/// Why a request that was let in has no answer of its API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection, or the circuit breaker is open.
    NotSent,
    /// The connection broke, or the answer cannot be read.
    Interrupted,
    /// No answer within the route's time limit.
    TimedOut,
    /// The browser stood still, went away, or sent too much.
    OfBrowser,
    /// The access token could not be renewed.
    Renewal,
    /// The API has refused a token that was just issued, or a body was too large to be sent again.
    Refused,
}

pub(crate) fn note(route: &str, status: StatusCode, took: Duration) {
    let class = match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::counter!(REQUESTS, "route" => route.to_owned(), "status" => class).increment(1);
    metrics::histogram!(SECONDS, "route" => route.to_owned()).record(took);
}

pub(crate) fn note_failure(route: &str, failure: Failure) {
    let reason = match failure {
        Failure::NotSent => "not_sent",
        Failure::Interrupted => "interrupted",
        Failure::TimedOut => "timed_out",
        Failure::OfBrowser => "client",
        Failure::Renewal => "renewal",
        Failure::Refused => "refused",
    };
    metrics::counter!(FAILURES, "route" => route.to_owned(), "reason" => reason).increment(1);
}

pub(crate) fn stream_opened(kind: &'static str) {
    metrics::gauge!(OPEN_STREAMS, "kind" => kind).increment(1);
}

pub(crate) fn stream_ended(kind: &'static str) {
    metrics::gauge!(OPEN_STREAMS, "kind" => kind).decrement(1);
}

/// `by` is a word of [`carry`](crate::socket::carry).
pub(crate) fn socket_ended(by: &'static str) {
    metrics::counter!(SOCKETS_ENDED, "by" => by).increment(1);
}
