//! Why an answer to an authorization request signs nobody in. Each reason has a word of its own in the log, and people
//! see the same page for all of them.

use ironleaf_auth::SignInError;
use ironleaf_jwks::TokenError;
use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("the answer names another issuer")]
    OtherIssuer,
    #[error("the answer names no issuer, although the provider always does")]
    NoIssuer,
    #[error("the attempt has no nonce to compare with")]
    NoNonce,
    #[error("the provider sent no ID token: check OIDC_SCOPES, and that the client is one of OpenID Connect")]
    NoIdToken,
    #[error("`sub` is longer than 255 characters, or not ASCII")]
    Subject,
    #[error("the nonce is not that of the sign-in")]
    Nonce,
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Fault {
    /// A stable word for the log.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::OtherIssuer => "answer_issuer",
            Self::NoIssuer => "answer_without_issuer",
            Self::NoNonce => "attempt_without_nonce",
            Self::NoIdToken => "no_id_token",
            Self::Subject => "subject_form",
            Self::Nonce => "nonce",
            Self::Token(error) => word(error),
        }
    }

    /// Whether the token is genuine, and for another client or of another issuer. (Claims are read once the signature
    /// is checked.)
    pub(super) const fn is_for_another(&self) -> bool {
        matches!(self, Self::Token(TokenError::Issuer | TokenError::Audience | TokenError::AuthorizedParty))
    }

    /// Missing keys say nothing about the token.
    pub(super) fn into_error(self) -> SignInError {
        match self {
            Self::Token(error @ TokenError::KeysUnavailable(_)) => {
                SignInError::Unavailable(error.to_string())
            }
            Self::NoIdToken => SignInError::Misconfigured(self.to_string()),
            _ => SignInError::InvalidCredentials,
        }
    }
}

/// The word for a fault of a token: one for each claim that is missing, and one for each that has a wrong form.
pub(super) fn word(error: &TokenError) -> &'static str {
    match error {
        TokenError::MissingClaim("iss") => "no_issuer",
        TokenError::MissingClaim("aud") => "no_audience",
        TokenError::MissingClaim("sub") => "no_subject",
        TokenError::MissingClaim("exp") => "no_expiry",
        TokenError::MissingClaim("iat") => "no_time_of_issue",
        TokenError::MissingClaim("nonce") => "no_nonce",
        TokenError::MissingClaim("jti") => "no_identifier",
        TokenError::MissingClaim("events") => "no_event",
        TokenError::InvalidClaim("iss") => "issuer_form",
        TokenError::InvalidClaim("aud") => "audience_form",
        TokenError::InvalidClaim("azp") => "authorized_party_form",
        TokenError::InvalidClaim("sub") => "subject_form",
        TokenError::InvalidClaim("exp" | "nbf" | "iat") => "time_form",
        TokenError::InvalidClaim("nonce") => "nonce_form",
        TokenError::InvalidClaim("at_hash") => "access_token_hash_form",
        TokenError::ForbiddenClaim("nonce") => "has_nonce",
        _ => error.label(),
    }
}
