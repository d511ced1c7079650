use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::MissingLayer;

/// What went wrong with a request, in one of few constant ways.
///
/// As a response it is a line of plain text; it also rides in the response's extensions, so that a layer further out
/// can turn it into the page or the JSON that the browser asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Which way.
    pub kind: ProblemKind,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
}

/// The ways in which a request fails, as far as the browser may know.
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
    /// Nothing lives at this path.
    NotFound,
    /// The path lives, the method does not.
    MethodNotAllowed,
    /// The body did not arrive in time.
    RequestTimeout,
    /// The body is larger than a form may be.
    PayloadTooLarge,
    /// The body is not a form.
    UnsupportedMediaType,
    /// Too many tries of the same thing.
    TooManyRequests,
    /// The request names a host that this application is not.
    MisdirectedRequest,
    /// A defect of ours; the log has the cause.
    Internal,
    /// The session of a signed-in person grew over its budget and was not written; the log has the sizes.
    SessionTooLarge,
    /// The core API cannot be used right now.
    Unavailable,
}

impl Problem {
    /// A problem of this kind, with nothing to wait for.
    pub const fn new(kind: ProblemKind) -> Self {
        Self { kind, retry_after: None }
    }

    /// The core API cannot be used right now; five seconds are enough for a restart of it.
    pub const fn unavailable() -> Self {
        Self { kind: ProblemKind::Unavailable, retry_after: Some(Duration::from_secs(5)) }
    }
}

impl ProblemKind {
    /// The status it is answered with.
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

    /// The heading of its page.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest | Self::UnsupportedMediaType => "That request was not understood",
            Self::CrossSite => "That request came from another site",
            Self::CookiesBlocked => "Cookies are blocked",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Page not found",
            Self::MethodNotAllowed => "That is not possible here",
            Self::RequestTimeout => "That took too long",
            Self::PayloadTooLarge => "That was too much at once",
            Self::TooManyRequests => "Too many attempts",
            Self::MisdirectedRequest => "There is nothing under this name",
            Self::Internal => "Something went wrong",
            Self::SessionTooLarge => "Your session is too large",
            Self::Unavailable => "Temporarily unavailable",
        }
    }

    /// One sentence for a person. Constant, so that nothing of the cause can leak into it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadRequest => "A field is missing or malformed. Please go back and try again.",
            Self::CrossSite => {
                "For your safety this form can only be sent from this site. Nothing was changed."
            }
            Self::CookiesBlocked => {
                "Your browser keeps no cookies of this site, and without one nobody can stay logged in. Nothing was changed: allow \
                 cookies for this site and try again."
            }
            Self::Forbidden => "Your account is not allowed to see this page.",
            Self::NotFound => "There is no page at this address.",
            Self::MethodNotAllowed => "This address cannot be used in this way.",
            Self::RequestTimeout => "The request did not arrive in time. Please try again.",
            Self::PayloadTooLarge => "The form is larger than it may be. Nothing was changed.",
            Self::UnsupportedMediaType => {
                "Forms are expected here, encoded as application/x-www-form-urlencoded."
            }
            Self::TooManyRequests => "For the safety of your account there is a pause before the next one.",
            Self::MisdirectedRequest => "This application is not served under this host name.",
            Self::Internal => "This is our mistake. Please try again in a moment.",
            Self::SessionTooLarge => {
                "The session of this account is larger than this site allows, so it could not be saved. You are still \
                 signed in. Whoever runs this site can raise the limit, SESSION_HEADER_BUDGET."
            }
            Self::Unavailable => {
                "We cannot reach our servers right now. You are still signed in; please try again in a moment."
            }
        }
    }
}

/// A mistake in the router, which the log names.
impl From<MissingLayer> for Problem {
    fn from(missing: MissingLayer) -> Self {
        tracing::error!(layer = missing.0, "a route lacks a layer");
        Self::new(ProblemKind::Internal)
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), format!("{}\n", self.kind.message())).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}
