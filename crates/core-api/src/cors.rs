//! Which pages of other origins may call the API from a browser.

use std::{fmt, str::FromStr, time::Duration};

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;
use url::Url;

/// How long a browser may remember what it was told, at most: Chromium's own limit.
const REMEMBERED_FOR: Duration = Duration::from_hours(2);

/// The exact origins of pages that may call the API with cookies (the Fetch standard's CORS protocol, with credentials).
///
/// Written with commas between them, each as a browser writes it in `Origin`. There is no wildcard: with credentials it would
/// let any page act for whoever opens it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsOrigins(Vec<HeaderValue>);

/// One of the texts is no origin.
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
    // A host that no name may have is one that the parser takes: `*.example`.
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
    /// Whether no page elsewhere is let in.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nobody on the way can change any of these pages.
    pub fn are_https(&self) -> bool {
        self.texts().all(|origin| origin.starts_with("https:"))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        // Each came from a text.
        self.0.iter().map(|origin| origin.to_str().unwrap_or_default())
    }

    /// What answers preflights and marks every other answer, `Vary: Origin` included; `None` where no page is let in.
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
