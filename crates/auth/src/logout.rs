//! What a provider says when it has ended a sign-in by itself.

use std::time::SystemTime;

use thiserror::Error;

/// The content of a valid logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    /// Which sessions end.
    pub ended: EndedAtProvider,
    /// The identifier of the token (`jti`). A second token with the same identifier is refused.
    pub id: String,
    /// Until when the token could be presented again. Its identifier is remembered until then.
    pub expires_at: SystemTime,
}

/// The sessions that a provider has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndedAtProvider {
    /// The sessions with one of these identifiers ([`Grant::provider_sid`](crate::Grant::provider_sid)).
    Sessions(Vec<String>),
    /// Every session of the person with this identifier (`sub`).
    Person(String),
}

/// Why a logout token ends nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogoutTokenError {
    /// It is not a logout token of this provider for this application. The word is for the log and the metric.
    #[error("the logout token is not valid: {0}")]
    Invalid(&'static str),
    /// The provider's keys are not known right now. The text is for the log.
    #[error("the logout token cannot be checked right now: {0}")]
    Unavailable(String),
    /// The provider sends no logout tokens.
    #[error("the provider sends no logout tokens")]
    Unsupported,
}
