use std::time::Duration;

use async_trait::async_trait;
use ironleaf_api_types::User;
use thiserror::Error;

use crate::{Caller, EmailAddress, Request, Response, SecretText};

/// Sends requests that speak for the signed-in person.
///
/// The implementation authorizes each request through the provider, refreshes where that is due, and repeats a call
/// once that was answered with 401. An [`Accounts`] implementation only says what to ask.
#[async_trait]
pub trait AuthorizedCalls: Send + Sync {
    /// Sends `request`, whose URI is absolute, on behalf of the person.
    ///
    /// # Errors
    ///
    /// See [`CallError`]. An HTTP error status other than a final 401 is an answer, not an error.
    async fn send(&self, request: Request) -> Result<Response, CallError>;
}

/// Why an authorized call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// Nobody is signed in, or the provider says that the grant is over.
    #[error("nobody is signed in")]
    SignedOut,
    /// No answer that can be used. The text is for the log.
    #[error("the API cannot be used right now: {0}")]
    Unavailable(String),
}

/// Why something about an account was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountError {
    /// Nobody is signed in, or the session has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The API does not know the person any more, although their access token lives.
    #[error("the account is gone")]
    Gone,
    /// This person may not do this.
    #[error("not allowed")]
    Forbidden,
    /// An account with this e-mail address exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The API has answered as if it had changed the address, and has not.
    #[error("the e-mail address is as it was")]
    EmailUnchanged,
    /// The API did not accept some fields.
    #[error("the API refused the fields")]
    Invalid(Vec<FieldError>),
    /// The token of the link is not, or no longer, good.
    #[error("the token is not valid")]
    InvalidToken,
    /// Too many requests.
    #[error("too many requests")]
    TooManyRequests {
        /// How long to wait, where the API says it.
        retry_after: Option<Duration>,
    },
    /// No answer that can be used. The text is for the log.
    #[error("the API cannot be used right now: {0}")]
    Unavailable(String),
}

impl From<CallError> for AccountError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::SignedOut => Self::SignedOut,
            CallError::Unavailable(detail) => Self::Unavailable(detail),
        }
    }
}

/// What is wrong with one field, in the words of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, `email` or `password`.
    pub field: String,
    /// A sentence for the person; show it only where the words are known.
    pub message: String,
}

/// Accounts of people, where the back end offers them. Pages show what is there.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The signed-in person, as the API knows them now.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError>;

    /// Creates an account. It signs nobody in.
    ///
    /// # Errors
    ///
    /// [`AccountError::EmailTaken`], [`AccountError::Invalid`], [`AccountError::TooManyRequests`],
    /// [`AccountError::Unavailable`].
    async fn register(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<User, AccountError>;

    /// Changes e-mail address, password or both of the person `id`. A new address waits until it is verified; the same
    /// address again sends the verification e-mail again.
    ///
    /// # Errors
    ///
    /// Any [`AccountError`] but [`AccountError::InvalidToken`].
    async fn update(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        email: Option<&EmailAddress>,
        password: Option<&SecretText>,
    ) -> Result<User, AccountError>;

    /// Whether a new password ends every other session of the person at the back end, also those of other clients. Pages say so only then.
    /// It may be known only once [`current_user`](Self::current_user) was asked.
    fn ends_other_sessions(&self) -> bool {
        false
    }

    /// Deletes the account of the person `id`.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::Forbidden`], [`AccountError::TooManyRequests`],
    /// [`AccountError::Unavailable`].
    async fn delete(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError>;

    /// Sends an e-mail with a link to set a new password, if there is such an account; says nothing about whether.
    ///
    /// # Errors
    ///
    /// [`AccountError::Invalid`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn request_password_reset(&self, caller: &Caller, email: &EmailAddress)
    -> Result<(), AccountError>;

    /// Consumes the token of a verification e-mail and waits for the result.
    ///
    /// # Errors
    ///
    /// [`AccountError::InvalidToken`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError>;
}
