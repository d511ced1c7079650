use std::fmt;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use tracing::Instrument;

use crate::Bff;

/// Names one request in the log, in the `x-request-id` header and on an error page, so that a person can quote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u64);

impl RequestId {
    fn new(bff: &Bff) -> Self {
        let mut bytes = [0; 8];
        bff.fill_random(&mut bytes);
        Self(u64::from_be_bytes(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Opens the span of a request and writes its one line: method, path, status, time.
///
/// The query string is not part of it: the one-time token of an e-mailed link arrives there.
pub async fn trace_request<F>(bff: &Bff, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let id = RequestId::new(bff);
    let span = tracing::info_span!("request", %id);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id);
    let started = tokio::time::Instant::now();
    async move {
        let mut response = next(request).await;
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert("x-request-id", value);
        }
        let status = response.status().as_u16();
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if status == 500 {
            tracing::error!(%method, path, status, micros, "answered");
        } else {
            tracing::info!(%method, path, status, micros, "answered");
        }
        response
    }
    .instrument(span)
    .await
}
