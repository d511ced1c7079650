use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};

use crate::PublicOrigin;

/// The nonce of one response. A page writes it into its script tags, and the policy of the response names it (Content
/// Security Policy Level 3, section 2.3.1).
#[derive(Clone, PartialEq, Eq)]
pub struct CspNonce(Arc<str>);

impl CspNonce {
    /// From 128 random bits, as the specification recommends.
    pub(super) fn new(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The value of the `nonce` attribute.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CspNonce(..)")
    }
}

/// The settings that differ between deployments and affect the headers of every response.
#[derive(Debug, Clone)]
pub struct ResponseHeaders {
    pub(super) constant: HeaderMap,
    connect_src: String,
}

impl ResponseHeaders {
    /// For an application on `origin`. A development build listens for changes at `reload_origin`, such as
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

    pub(super) fn content_security_policy(&self, nonce: &CspNonce) -> String {
        format!(
            "default-src 'none'; script-src 'nonce-{}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
             font-src 'self'; connect-src {}; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
            nonce.0, self.connect_src
        )
    }
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
