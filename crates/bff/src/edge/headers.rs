use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use super::request_id::RequestId;
use super::response_headers::CspNonce;
use crate::Bff;

/// Adds the headers that restrict browsers (ASVS 3.4) to every response, including errors and assets, and gives a page
/// the nonce for its scripts.
pub async fn response_headers<F>(bff: &Bff, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let known = request.extensions().get().map(RequestId::nonce);
    let nonce = CspNonce::new(known.unwrap_or_else(|| {
        let mut bytes = [0; 16];
        bff.fill_random(&mut bytes);
        bytes
    }));
    request.extensions_mut().insert(nonce.clone());
    let mut response = next(request).await;
    let settings = bff.response_headers();
    let is_html =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = if is_html {
        HeaderValue::try_from(settings.content_security_policy(&nonce)).ok()
    } else {
        // A response that is not a page has nothing to load, whatever type a browser assumes.
        Some(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
    };
    let headers = response.headers_mut();
    for (name, value) in &settings.constant {
        headers.insert(name, value.clone());
    }
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
