use std::time::Duration;

use thiserror::Error;

use crate::limits::{Attempt, TooMany};

/// Why nobody was signed in, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignInFailure {
    /// The credentials were refused. It does not say which of them.
    #[error("the credentials were refused")]
    InvalidCredentials,
    /// The credentials are right, but this person may not sign in here: they lack every role of
    /// [`sign_in_roles`](crate::BffSettings::sign_in_roles).
    #[error("this person may not sign in here")]
    NotAllowed,
    /// The provider knows this person and does not let them in: their address is not verified, or the account is locked.
    #[error("the provider does not let this person in")]
    Forbidden,
    /// The credentials are right, and the provider asks for a second factor, for which there is no page.
    #[error("the provider asks for a second factor")]
    SecondFactor,
    /// The credentials are right, and a code completes the sign-in: see [`sign_in_with_code`](crate::sign_in_with_code).
    /// What the code is for is kept in the browser.
    #[error("a code completes the sign-in")]
    CodeNeeded,
    /// No sign-in waits for a code in this browser, or not any more. The person has to begin anew.
    #[error("no sign-in waits for a code")]
    ChallengeOver,
    /// Too many tries.
    #[error("too many tries")]
    TooManyRequests {
        /// How long to wait. Half a minute if the core API does not say.
        retry_after: Option<Duration>,
    },
    /// The core API cannot be used right now.
    #[error("the core API cannot be used right now")]
    Unavailable,
    /// The provider refuses this application because of a setting. Trying again does not help. The log has the setting.
    #[error("a setting is wrong")]
    Misconfigured,
    /// The tokens of the core API are larger than the session may be. The log has the sizes.
    #[error("the session would be too large")]
    SessionTooLarge,
}

impl SignInFailure {
    /// A stable word, for metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::NotAllowed => "not_allowed",
            Self::Forbidden => "forbidden",
            Self::SecondFactor => "second_factor",
            Self::CodeNeeded => "code_needed",
            Self::ChallengeOver => "challenge_over",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::SessionTooLarge => "session_too_large",
        }
    }
}

impl From<TooMany> for SignInFailure {
    fn from(refused: TooMany) -> Self {
        Self::TooManyRequests { retry_after: Some(refused.retry_after) }
    }
}

impl Attempt {
    /// Counts the provider's verdict on a password or a link. Without a verdict, nothing is counted.
    pub(crate) async fn judge(self, outcome: &Result<(), SignInFailure>) {
        match outcome {
            Err(
                SignInFailure::SessionTooLarge
                | SignInFailure::NotAllowed
                | SignInFailure::SecondFactor
                | SignInFailure::CodeNeeded,
            )
            | Ok(()) => self.succeeded().await,
            // SECURITY: there are APIs that look at the account before the password.
            Err(SignInFailure::InvalidCredentials | SignInFailure::Forbidden) => self.failed().await,
            Err(
                SignInFailure::TooManyRequests { .. }
                | SignInFailure::Unavailable
                | SignInFailure::ChallengeOver
                | SignInFailure::Misconfigured,
            ) => {}
        }
    }
}
