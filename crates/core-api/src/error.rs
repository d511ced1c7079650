//! Everything that can go wrong with a request, and the one place that decides what the client is told and what is
//! logged.

use std::{borrow::Cow, fmt, time::Duration};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    health::Unwritable, keys::SigningError, password::HashingError, timestamp::Timestamp,
    tokens::RefreshToken,
};

/// One problem with a body or a query, in the words of zod 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) path: Option<&'static str>,
    pub(crate) message: Cow<'static, str>,
    pub(crate) code: &'static str,
}

/// What a person whose first step was right completes their sign-in with. It is opaque, and of use to nobody without a code.
pub(crate) struct Challenge {
    pub(crate) token: RefreshToken,
    pub(crate) expires_at: Timestamp,
}

/// Shows nothing of the token.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400 with one entry per issue.
    Validation(Vec<Issue>),
    /// 400: not JSON at all.
    MalformedJson,
    /// 400 for the token of a link that is foreign or expired.
    InvalidToken,
    /// 401 for everything that a sign-in or a refresh presents. It does not say which part was wrong.
    InvalidCredentials,
    /// 401: the credentials are right, and the person has to present a code as well.
    SecondFactor(Challenge),
    /// 401 for the bearer token.
    Unauthorized,
    Forbidden,
    NotFound,
    EmailTaken,
    /// 412: the person has changed since the version that the client has seen.
    Outdated,
    /// 409: it would have to be disabled first.
    AuthenticatorEnabled,
    /// 403: this is for people whose address is verified.
    Unverified,
    /// 409: some would have to be removed first.
    TooManyPasskeys,
    /// 409: an account has it already.
    PasskeyKnown,
    /// 429: so long must whoever presented wrong codes wait.
    TooManyTries(Duration),
    BodyTimeout,
    BodyTooLarge,
    /// 503: nothing can be written. The message says for which reason.
    Unhealthy(Unwritable),
    /// 500. Only the log has the cause.
    Internal(InternalError),
    /// 500. The panic itself was logged where it happened.
    Panicked,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("an authenticator cannot be used: {0}")]
    Authenticator(#[from] totp_rs::TotpError),
    #[error("the secret of an authenticator is sealed under another key than that of this data folder")]
    Unsealable,
    #[error("a passkey cannot be asked for: {0}")]
    Passkey(#[from] webauthn_rs::prelude::WebauthnError),
    #[error("a passkey cannot be written or read: {0}")]
    PasskeyFormat(#[from] serde_json::Error),
    #[error("a task ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("the outbox cannot be read: {0}")]
    Outbox(std::io::Error),
}

impl<E: Into<InternalError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

impl ApiError {
    fn public(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Validation(_) => (StatusCode::BAD_REQUEST, "Validation failed"),
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "Malformed JSON"),
            Self::InvalidToken => (StatusCode::BAD_REQUEST, "Invalid token"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "Invalid credentials"),
            Self::SecondFactor(_) => (StatusCode::UNAUTHORIZED, "A code is required"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::EmailTaken => (StatusCode::CONFLICT, "A user with this email already exists"),
            Self::Outdated => (StatusCode::PRECONDITION_FAILED, "The person has changed"),
            Self::AuthenticatorEnabled => (StatusCode::CONFLICT, "An authenticator is enabled already"),
            Self::Unverified => (StatusCode::FORBIDDEN, "The e-mail address is not verified"),
            Self::TooManyPasskeys => (StatusCode::CONFLICT, "The account has 20 passkeys already"),
            Self::PasskeyKnown => (StatusCode::CONFLICT, "The passkey is registered already"),
            Self::TooManyTries(_) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
            Self::Unhealthy(Unwritable::Full) => (StatusCode::SERVICE_UNAVAILABLE, "The disk is full"),
            Self::Unhealthy(Unwritable::Broken) => {
                (StatusCode::SERVICE_UNAVAILABLE, "The database cannot be written")
            }
            Self::Internal(_) | Self::Panicked => {
                (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }

    fn body(&self) -> Value {
        let (status, message) = self.public();
        let status_code = status.as_u16();
        if let Self::Validation(issues) = self {
            let errors: Vec<Value> = issues.iter().map(Issue::to_json).collect();
            return json!({ "statusCode": status_code, "message": message, "errors": errors });
        }
        if let Self::SecondFactor(challenge) = self {
            return json!({
                "statusCode": status_code,
                "message": message,
                "error": "SECOND_FACTOR",
                "challenge": challenge.token.expose(),
                "expiresAt": challenge.expires_at,
                "methods": ["TOTP", "RECOVERY_CODE"],
            });
        }
        let error = status.canonical_reason().unwrap_or_default();
        json!({ "statusCode": status_code, "message": message, "error": error })
    }
}

impl Issue {
    fn to_json(&self) -> Value {
        let path: Vec<&str> = self.path.into_iter().collect();
        json!({ "path": path, "message": self.message, "code": self.code })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(%cause, "the core API failed to answer a request");
        }
        let (status, _) = self.public();
        let mut response = (status, Json(self.body())).into_response();
        if matches!(self, Self::Unauthorized) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooManyTries(wait) = self {
            // A part of a second counts as a whole one: nobody comes back too early.
            let secs = wait.as_millis().div_ceil(1000).to_string();
            response
                .headers_mut()
                .extend(HeaderValue::try_from(secs).ok().map(|secs| (header::RETRY_AFTER, secs)));
        }
        response
    }
}
