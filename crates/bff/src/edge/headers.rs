use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::{Bff, PublicOrigin};

/// The nonce of one response: a page writes it into its script tags, the policy of the response names it
/// (Content Security Policy Level 3, section 2.3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct CspNonce(Arc<str>);

impl CspNonce {
    fn new(bff: &Bff) -> Self {
        // 128 bits, as the specification recommends.
        let mut bytes = [0; 16];
        bff.fill_random(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// As it stands in the `nonce` attribute.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CspNonce(..)")
    }
}

/// What differs between deployments in the headers of every response.
#[derive(Debug, Clone)]
pub struct ResponseHeaders {
    constant: HeaderMap,
    connect_src: String,
}

impl ResponseHeaders {
    /// For an application on `origin`. `reload_origin` is where a development build listens for changes, such as
    /// `ws://127.0.0.1:3002`.
    pub fn new(origin: &PublicOrigin, hsts_include_subdomains: bool, reload_origin: Option<&str>) -> Self {
        let mut constant = HeaderMap::new();
        let mut set = |name: HeaderName, value| constant.insert(name, HeaderValue::from_static(value));
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "same-origin");
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        set(
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        );
        if origin.is_https() {
            let (alone, with_subdomains) = ("max-age=31536000", "max-age=31536000; includeSubDomains");
            set(STRICT_TRANSPORT_SECURITY, if hsts_include_subdomains { with_subdomains } else { alone });
        }
        let connect_src =
            reload_origin.map_or_else(|| "'self'".to_owned(), |reload| format!("'self' {reload}"));
        Self { constant, connect_src }
    }

    fn content_security_policy(&self, nonce: &CspNonce) -> String {
        format!(
            "default-src 'none'; script-src 'nonce-{}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
             font-src 'self'; connect-src {}; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
            nonce.0, self.connect_src
        )
    }
}

/// Sends every response, errors and assets included, off with the headers that tell a browser what not to do
/// (ASVS 3.4), and gives a page the nonce for its scripts.
pub async fn response_headers<F>(bff: &Bff, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let nonce = CspNonce::new(bff);
    request.extensions_mut().insert(nonce.clone());
    let mut response = next(request).await;
    let settings = bff.response_headers();
    let is_html =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = if is_html {
        HeaderValue::try_from(settings.content_security_policy(&nonce)).ok()
    } else {
        // What is no page has nothing to load, whatever a browser takes it for.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_asked_for_only_where_it_is_spoken() {
        let asked = |origin: &str, subdomains| {
            let headers = ResponseHeaders::new(&origin.parse().unwrap(), subdomains, None).constant;
            headers.get(STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(asked("https://app.example", false).unwrap(), "max-age=31536000");
        assert_eq!(asked("https://app.example", true).unwrap(), "max-age=31536000; includeSubDomains");
        assert_eq!(asked("http://127.0.0.1:3000", true), None);
    }

    #[test]
    fn the_reload_socket_is_allowed_in_development_only() {
        let origin = "http://127.0.0.1:3000".parse().unwrap();
        let nonce = CspNonce("n".into());
        let with =
            ResponseHeaders::new(&origin, false, Some("ws://127.0.0.1:3002")).content_security_policy(&nonce);
        let without = ResponseHeaders::new(&origin, false, None).content_security_policy(&nonce);
        assert!(with.contains("connect-src 'self' ws://127.0.0.1:3002;"));
        assert!(without.contains("connect-src 'self';") && !without.contains("ws:"));
    }
}
