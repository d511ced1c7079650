//! The pages of other origins that may call the API from a browser.

use std::{fmt, str::FromStr, time::Duration};

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;
use url::Url;

/// The maximum time for which a browser may cache the answer to a preflight: Chromium's own limit.
const REMEMBERED_FOR: Duration = Duration::from_hours(2);

/// The exact origins of pages that may call the API with cookies (the CORS protocol of the Fetch standard, with
/// credentials).
///
/// They are separated by commas, each written as a browser writes it in `Origin`. There is no wildcard: with
/// credentials it would let any page act for the person who opens it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsOrigins(Vec<HeaderValue>);

/// A text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no origin as a browser sends it: scheme and host in lower case, a port where it is not the scheme's own, nothing \
     after it, such as https://admin.example.com or http://127.0.0.1:5173"
)]
pub struct CorsOriginsError(String);

impl FromStr for CorsOrigins {
    type Err = CorsOriginsError;

    fn from_str(text: &str) -> Result<Self, CorsOriginsError> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<HeaderValue, CorsOriginsError> {
    let refused = || CorsOriginsError(text.to_owned());
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_http = matches!(url.scheme(), "http" | "https");
    // The parser accepts hosts that no name can have, such as `*.example`.
    if !is_http || text.contains('*') || url.origin().ascii_serialization() != text {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

impl fmt::Display for CorsOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().collect::<Vec<_>>().join(","))
    }
}

impl CorsOrigins {
    /// Whether no other page is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of these pages use https, so that nobody on the network can change them.
    pub fn are_https(&self) -> bool {
        self.texts().all(|origin| origin.starts_with("https:"))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        // Each origin was parsed from a text.
        self.0.iter().map(|origin| origin.to_str().unwrap_or_default())
    }

    /// Answers preflights and marks every other answer, including `Vary: Origin`. `None` if no page is allowed.
    pub(crate) fn layer(&self) -> Option<CorsLayer> {
        let layer = CorsLayer::new()
            .allow_origin(self.0.clone())
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                HeaderName::from_static("auth-context"),
                HeaderName::from_static("idempotency-key"),
            ])
            .expose_headers([header::WWW_AUTHENTICATE, HeaderName::from_static("idempotent-refresh")])
            .max_age(REMEMBERED_FOR);
        (!self.is_empty()).then_some(layer)
    }
}
