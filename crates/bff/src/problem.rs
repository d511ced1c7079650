use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

/// What went wrong with a request, as one of a few constant kinds.
///
/// As a response it is a line of plain text. It is also in the extensions of the response, so that an outer layer can
/// turn it into the page or the JSON that the browser asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The kind.
    pub kind: ProblemKind,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
}

/// The kinds of failure that a browser may learn of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A field is missing or malformed.
    BadRequest,
    /// The request came from another site.
    CrossSite,
    /// The browser does not keep the cookies of this site.
    CookiesBlocked,
    /// This person may not see or do this.
    Forbidden,
    /// Nothing exists at this path.
    NotFound,
    /// The path exists, but the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The body is larger than a form may be.
    PayloadTooLarge,
    /// The body is not a form.
    UnsupportedMediaType,
    /// Too many tries of the same action.
    TooManyRequests,
    /// The request names a host other than this application.
    MisdirectedRequest,
    /// A defect of this application. The log has the cause.
    Internal,
    /// The session of a signed-in person grew above its budget and was not written. The log has the sizes.
    SessionTooLarge,
    /// The core API cannot be used right now.
    Unavailable,
}

impl Problem {
    /// A problem of this kind without a wait.
    pub const fn new(kind: ProblemKind) -> Self {
        Self { kind, retry_after: None }
    }

    /// The core API cannot be used right now. Five seconds are enough for it to restart.
    pub const fn unavailable() -> Self {
        Self { kind: ProblemKind::Unavailable, retry_after: Some(Duration::from_secs(5)) }
    }
}

impl ProblemKind {
    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::CookiesBlocked | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
            Self::Internal | Self::SessionTooLarge => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A stable word for scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::CrossSite => "cross_site",
            Self::CookiesBlocked => "cookies_blocked",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooManyRequests => "too_many_requests",
            Self::MisdirectedRequest => "misdirected_request",
            Self::Internal => "internal",
            Self::SessionTooLarge => "session_too_large",
            Self::Unavailable => "unavailable",
        }
    }
}

/// For a mistake in the router; the log names it.
impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), format!("{}\n", self.kind.code())).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}
