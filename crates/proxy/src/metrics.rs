//! What is counted per route.

use std::time::Duration;

use http::StatusCode;

/// `ironleaf_proxy_requests_total{route, status}`: the route by its prefix, the status by its first digit.
const REQUESTS: &str = "ironleaf_proxy_requests_total";
/// `ironleaf_proxy_request_seconds{route}`: the time until an answer begins.
const SECONDS: &str = "ironleaf_proxy_request_seconds";

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
