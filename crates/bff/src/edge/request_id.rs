use std::fmt;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use tracing::Instrument;

use crate::Bff;

/// Names one request in the log, in the `x-request-id` header and on an error page, so that a person can quote it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    fn new(bff: &Bff) -> Self {
        let mut bytes = [0; 8];
        bff.fill_random(&mut bytes);
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Opens the span of a request and writes its one line: method, path, status, time.
///
/// The query string is not part of it: the one-time token of an e-mailed link arrives there.
pub async fn trace_request(State(bff): State<Bff>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(&bff);
    let span = tracing::info_span!("request", %id);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id.clone());
    let started = tokio::time::Instant::now();
    async move {
        let mut response = next.run(request).await;
        if let Ok(value) = HeaderValue::from_str(&id.0) {
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
