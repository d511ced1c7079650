use std::time::Duration;

use ironleaf_auth::{AccountError, FieldError};
use thiserror::Error;

use crate::limits::TooMany;
use crate::{Bff, SignedOutReason};

/// What a page says where the core API answers 429 and does not say for how long.
pub(crate) const UNTOLD_WAIT: Duration = Duration::from_secs(30);

/// Why something about an account was not done, as far as a page may know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountFailure {
    /// Nobody is signed in, or not any more: then with the reason.
    #[error("nobody is signed in")]
    SignedOut(Option<SignedOutReason>),
    /// The last sign-in is too long ago for such a change: first [`confirm_password`](crate::confirm_password).
    #[error("the last sign-in is too long ago")]
    NotRecent,
    /// This person may not do this.
    #[error("not allowed")]
    Forbidden,
    /// An account with this e-mail address exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The core API took the new address and changed nothing, as some do while another one waits to be verified. A new password that was
    /// asked for with it is in force.
    #[error("the e-mail address is as it was")]
    EmailUnchanged,
    /// Some fields were not accepted, `email` or `password`.
    #[error("the fields were refused")]
    Invalid(Vec<FieldError>),
    /// The token of the link is not, or no longer, good.
    #[error("the token is not valid")]
    InvalidToken,
    /// Too many tries.
    #[error("too many tries")]
    TooManyRequests {
        /// How long to wait. Half a minute where the core API does not say.
        retry_after: Option<Duration>,
    },
    /// The core API cannot be used right now. The log has the details.
    #[error("the core API cannot be used right now")]
    Unavailable,
    /// The session is larger than it may be, and was left as it is. The log has the sizes.
    #[error("the session is too large")]
    SessionTooLarge,
}

impl AccountFailure {
    /// What a page may know of `error`; what is lost by it is logged. `reason` is why a session ended, if one did.
    pub(crate) fn fold(bff: &Bff, error: AccountError, reason: Option<SignedOutReason>) -> Self {
        match error {
            AccountError::SignedOut | AccountError::Gone => Self::SignedOut(reason),
            AccountError::Forbidden => Self::Forbidden,
            AccountError::EmailTaken => Self::EmailTaken,
            AccountError::EmailUnchanged => Self::EmailUnchanged,
            AccountError::Invalid(fields) => Self::Invalid(fields),
            AccountError::InvalidToken => Self::InvalidToken,
            AccountError::TooManyRequests { retry_after } => {
                Self::TooManyRequests { retry_after: retry_after.or(Some(UNTOLD_WAIT)) }
            }
            AccountError::Unavailable(detail) => {
                tracing::warn!(
                    provider = bff.provider().name(),
                    detail,
                    "a request about an account got no usable answer"
                );
                Self::Unavailable
            }
        }
    }

    /// The task that was to do it is gone, because the server ends or by a panic.
    pub(crate) fn dropped() -> Self {
        tracing::error!("a request about an account was dropped");
        Self::Unavailable
    }
}

impl From<TooMany> for AccountFailure {
    fn from(refused: TooMany) -> Self {
        Self::TooManyRequests { retry_after: Some(refused.retry_after) }
    }
}
