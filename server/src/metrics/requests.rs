use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{Method, StatusCode};
use metrics::SharedString;
use tokio::time::Instant;

use super::names::{REQUEST_SECONDS, REQUESTS};

/// Counts the request and measures the time until its answer begins.
pub(crate) async fn count_request<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let (route, method) = (route(&request), method(request.method()));
    let began = Instant::now();
    let response = next(request).await;
    let status = class(response.status());
    metrics::histogram!(REQUEST_SECONDS, "route" => route.clone()).record(began.elapsed());
    metrics::counter!(REQUESTS, "method" => method, "route" => route, "status" => status).increment(1);
    response
}

/// The template, never the path, because anybody can request a million paths.
fn route(request: &Request) -> SharedString {
    match request.extensions().get::<MatchedPath>() {
        Some(template) => template.as_str().to_owned().into(),
        // A folder has no route of its own.
        None if request.uri().path().starts_with("/pkg/") => "/pkg".into(),
        None => "none".into(),
    }
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

pub(super) fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
