use std::time::Duration;

use ironleaf_auth::{AccountError, FieldError};
use thiserror::Error;

use crate::limits::TooMany;
use crate::passwords::Weakness;
use crate::{Bff, SignedOutReason};

/// The wait that a page names if the core API answers 429 without one.
pub(crate) const UNTOLD_WAIT: Duration = Duration::from_secs(30);

/// Why an action on an account failed, as far as a page may know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountFailure {
    /// Nobody is signed in, or not any more. The reason is given if there is one.
    #[error("nobody is signed in")]
    SignedOut(Option<SignedOutReason>),
    /// The last sign-in is too long ago for such a change. Use [`confirm_password`](crate::confirm_password) first.
    #[error("the last sign-in is too long ago")]
    NotRecent,
    /// This person may not do this.
    #[error("not allowed")]
    Forbidden,
    /// An account with this e-mail address exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The core API accepted the new address but changed nothing. Some do so while another address waits to be
    /// verified. A new password in the same request is in force.
    #[error("the e-mail address is as it was")]
    EmailUnchanged,
    /// Some fields were not accepted, `email` or `password`.
    #[error("the fields were refused")]
    Invalid(Vec<FieldError>),
    /// The new password is on the list of breached ones, see [`PasswordPolicy`](crate::PasswordPolicy).
    #[error("the new password is breached")]
    BreachedPassword,
    /// The new password is weaker than [`PasswordPolicy`](crate::PasswordPolicy) allows.
    #[error("the new password is easy to guess")]
    WeakPassword(Weakness),
    /// The token of the link is not, or no longer, valid.
    #[error("the token is not valid")]
    InvalidToken,
    /// The current password is not correct.
    #[error("the current password is not correct")]
    WrongPassword,
    /// Too many tries.
    #[error("too many tries")]
    TooManyRequests {
        /// How long to wait. Half a minute if the core API does not say.
        retry_after: Option<Duration>,
    },
    /// The core API cannot be used right now. The log has the details.
    #[error("the core API cannot be used right now")]
    Unavailable,
    /// The session would be larger than allowed, and was left as it is. The log has the sizes.
    #[error("the session is too large")]
    SessionTooLarge,
}

impl AccountFailure {
    /// Turns `error` into what a page may know, and logs the rest. `reason` is why a session ended, if one did.
    pub(crate) fn fold(bff: &Bff, error: AccountError, reason: Option<SignedOutReason>) -> Self {
        match error {
            AccountError::SignedOut | AccountError::Gone => Self::SignedOut(reason),
            AccountError::NotRecent => Self::NotRecent,
            AccountError::Forbidden => Self::Forbidden,
            AccountError::EmailTaken => Self::EmailTaken,
            AccountError::EmailUnchanged => Self::EmailUnchanged,
            AccountError::Invalid(fields) => Self::Invalid(fields),
            AccountError::InvalidToken => Self::InvalidToken,
            AccountError::WrongPassword => Self::WrongPassword,
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

    /// The task that should have done it is gone, because the server is stopping or because of a panic.
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
