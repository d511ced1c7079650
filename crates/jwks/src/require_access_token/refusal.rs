//! Why a request does not pass.

use http::StatusCode;

use crate::TokenError;

/// Why a request does not pass. It is an extension of the response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessRefusal {
    /// It has no access token.
    #[error("the request has no access token")]
    NoToken,
    /// It has two `Authorization` headers, or another token in the query (RFC 6750 section 2).
    #[error("the request has more than one access token")]
    SeveralTokens,
    /// What follows `Bearer` is not written as a token (RFC 6750 section 2.1).
    #[error("the access token is not written as a token")]
    MalformedRequest,
    /// The token is refused, or cannot be judged.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The token lacks a scope.
    #[error("the token lacks a scope")]
    Scope,
}

impl AccessRefusal {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SeveralTokens | Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::Token(TokenError::KeysUnavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoToken | Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Scope => StatusCode::FORBIDDEN,
        }
    }

    /// A stable word for logs and metrics. For a token, it is that of the [`TokenError`].
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::SeveralTokens => "several_tokens",
            Self::MalformedRequest => "malformed_request",
            Self::Token(error) => error.label(),
            Self::Scope => "scope",
        }
    }
}
