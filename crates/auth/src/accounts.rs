use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_api_types::User;
use thiserror::Error;

use crate::{Caller, EmailAddress, Request, Response, SecretText};

/// Sends requests on behalf of the signed-in person.
///
/// The implementation authorizes each request through the provider, refreshes the grant if that is due, and repeats a
/// call once if it was answered with 401. An [`Accounts`] implementation only says what to ask.
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
    /// There is no usable answer. The text is for the log.
    #[error("the API cannot be used right now: {0}")]
    Unavailable(String),
}

/// Why an operation on an account failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountError {
    /// Nobody is signed in, or the session has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The API no longer knows the person, although their access token is still valid.
    #[error("the account is gone")]
    Gone,
    /// The API wants a more recent sign-in for this. The session goes on, and a new sign-in helps.
    #[error("the last sign-in is too long ago")]
    NotRecent,
    /// This person may not do this.
    #[error("not allowed")]
    Forbidden,
    /// An account with this e-mail address exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The API answered as if it had changed the address, but it did not change it.
    #[error("the e-mail address is as it was")]
    EmailUnchanged,
    /// The API did not accept some fields.
    #[error("the API refused the fields")]
    Invalid(Vec<FieldError>),
    /// The token of the link is invalid, expired or already used.
    #[error("the token is not valid")]
    InvalidToken,
    /// The current password, which proves that it is the person, is not correct.
    #[error("the current password is not correct")]
    WrongPassword,
    /// Too many requests.
    #[error("too many requests")]
    TooManyRequests {
        /// How long to wait, if the API says so.
        retry_after: Option<Duration>,
    },
    /// There is no usable answer. The text is for the log.
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

/// What is wrong with one field. The words of the API are not passed on: a page has its own, in the language of its
/// reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, `email` or `password`.
    pub field: String,
    /// Why the API did not accept its value.
    pub reason: FieldReason,
}

/// Why an API did not accept the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldReason {
    /// A password has fewer characters than the API wants.
    TooShort,
    /// A password has control characters.
    ControlCharacters,
    /// A password is known from a data breach.
    Breached,
    /// Anything else.
    NotAccepted,
}

/// Something that people can do with accounts. Not every back end offers all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountAbility {
    /// [`Accounts::register`].
    Register,
    /// [`Accounts::update`].
    Change,
    /// [`Accounts::change_email`], where there is no [`Change`](Self::Change).
    ChangeEmail,
    /// [`Accounts::change_password`], where there is no [`Change`](Self::Change).
    ChangePassword,
    /// [`Accounts::delete`].
    Delete,
    /// [`Accounts::request_password_reset`].
    ResetPassword,
    /// A sign-in with the token of that e-mail's link.
    SignInByLink,
    /// [`Accounts::request_sign_in_link`].
    RequestSignInLink,
    /// [`Accounts::reset_password`] with the token of that e-mail's link.
    SetPasswordByLink,
    /// [`Accounts::verify_email`], and an e-mail with the link for it after a registration.
    VerifyEmail,
    /// [`Accounts::activity`]. Whether an API has it may be known only after a call of [`Accounts::current_user`].
    Activity,
    /// [`Accounts::restore_address`], and an e-mail with the link for it to an address that was replaced.
    RestoreAddress,
    /// [`Provider::second_factor`](crate::Provider::second_factor). Whether an API has it may be known only after a call
    /// of [`Accounts::current_user`].
    SecondFactor,
    /// [`Provider::passkeys`](crate::Provider::passkeys). The sign-in page shows it, so no answer about a person can tell
    /// it first.
    Passkeys,
}

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What happened.
    pub kind: ActivityKind,
    /// When.
    pub at: SystemTime,
    /// The browser in words, such as `Firefox on Linux`. `None` if it is not known, or not the person's own.
    pub browser: Option<String>,
    /// The address that it came from, likewise.
    pub address: Option<String>,
    /// Whether an administrator did it.
    pub by_administrator: bool,
}

/// What can happen to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ActivityKind {
    /// Somebody signed in.
    SignedIn,
    /// A sign-in was refused.
    SignInFailed,
    /// Somebody signed out.
    SignedOut,
    /// The password was changed.
    PasswordChanged,
    /// A new e-mail address was entered, and waits to be verified.
    EmailChangeRequested,
    /// The e-mail address was changed.
    EmailChanged,
    /// The e-mail address from before a change was taken back.
    EmailRestored,
    /// The e-mail address was verified.
    EmailVerified,
    /// Somebody asked for an e-mail to set a new password.
    PasswordResetRequested,
    /// Somebody asked for an e-mail to sign in.
    SignInLinkRequested,
    /// A session was ended because its spent token was used again.
    TokenReused,
    /// Every other session was ended.
    OtherSessionsEnded,
    /// A second step was set up for sign-ins.
    SecondFactorEnabled,
    /// Sign-ins have no second step any more.
    SecondFactorDisabled,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
    /// Somebody signed in with a recovery code.
    RecoveryCodeUsed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was blocked, because somebody may have copied it.
    PasskeyBlocked,
    /// Something that this version does not know.
    Other,
}

/// People's accounts, if the back end offers them. Pages show only what is available.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Whether the back end offers this. What it does not offer is not shown, and not called. By default, it offers
    /// everything whose method has no default.
    fn offers(&self, ability: AccountAbility) -> bool {
        // What came later. An implementation from before has none of it.
        !matches!(
            ability,
            AccountAbility::ChangeEmail
                | AccountAbility::ChangePassword
                | AccountAbility::RequestSignInLink
                | AccountAbility::SetPasswordByLink
                | AccountAbility::Activity
                | AccountAbility::RestoreAddress
                | AccountAbility::SecondFactor
                | AccountAbility::Passkeys
        )
    }

    /// The signed-in person, as the API knows them now.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError>;

    /// Creates an account. The person is not signed in by this.
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

    /// Whether the back end answers a registration with a known address like one with a new address, so that nobody
    /// finds out who is registered. Pages then say nothing that is true in only one of the cases. The answer may be
    /// known only after a call of [`register`](Self::register).
    fn hides_known_addresses(&self) -> bool {
        false
    }

    /// Changes the e-mail address, the password or both of the person `id`. A new address takes effect once it is
    /// verified. Giving the same address again sends the verification e-mail again.
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

    /// Asks for another e-mail address of the person `id`. The back end decides when it takes effect: at once, or when
    /// the person follows the link of an e-mail to the old address, the new one, or both. A known address may be answered
    /// like any other.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::Forbidden`], [`AccountError::EmailTaken`],
    /// [`AccountError::Invalid`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn change_email(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        let _ = (calls, id, email);
        Err(not_offered())
    }

    /// Changes the password of the person `id`, who proves with the current one that it is them. Every other session of
    /// the person at the back end ends. Whatever the answer sets in place of the session that asked is seen by
    /// [`observe`](crate::Provider::observe), as with any other call.
    ///
    /// # Errors
    ///
    /// [`AccountError::WrongPassword`] if the current password is not correct, [`AccountError::Invalid`] if the new one
    /// is not accepted. [`AccountError::SignedOut`], [`AccountError::Forbidden`], [`AccountError::TooManyRequests`].
    /// [`AccountError::Unavailable`]: the password may have been changed, unless the request was not sent.
    async fn change_password(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        current: &SecretText,
        new: &SecretText,
    ) -> Result<(), AccountError> {
        let _ = (calls, id, current, new);
        Err(not_offered())
    }

    /// Whether a new password ends every other session of the person at the back end, including those of other clients.
    /// Pages say so only if this is `true`. The answer may be known only after a call of
    /// [`current_user`](Self::current_user).
    fn ends_other_sessions(&self) -> bool {
        false
    }

    /// Deletes the account of the person `id`.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::NotRecent`], [`AccountError::Forbidden`],
    /// [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn delete(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError>;

    /// Sends an e-mail with a link to set a new password, if the account exists. The result does not tell whether it exists.
    ///
    /// # Errors
    ///
    /// [`AccountError::Invalid`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn request_password_reset(&self, caller: &Caller, email: &EmailAddress)
    -> Result<(), AccountError>;

    /// Sends an e-mail with a link that signs in and is for nothing else, if the account exists. The result does not
    /// tell whether it exists. A back end that cannot send such an e-mail sends none, least of all one about a
    /// password.
    ///
    /// # Errors
    ///
    /// As [`request_password_reset`](Self::request_password_reset).
    async fn request_sign_in_link(&self, caller: &Caller, email: &EmailAddress) -> Result<(), AccountError> {
        let _ = (caller, email);
        Err(not_offered())
    }

    /// Sets a new password with the token of the e-mail that [`request_password_reset`](Self::request_password_reset)
    /// has sent. Nobody is signed in by this.
    ///
    /// # Errors
    ///
    /// [`AccountError::InvalidToken`], [`AccountError::Invalid`] if the password is not accepted,
    /// [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn reset_password(
        &self,
        caller: &Caller,
        token: &SecretText,
        password: &SecretText,
    ) -> Result<(), AccountError> {
        let _ = (caller, token, password);
        Err(not_offered())
    }

    /// Consumes the token of a verification e-mail and waits for the result.
    ///
    /// # Errors
    ///
    /// [`AccountError::InvalidToken`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError>;

    /// The newest events of the signed-in person's account, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn activity(&self, calls: &dyn AuthorizedCalls, limit: u32) -> Result<Vec<Activity>, AccountError> {
        let _ = (calls, limit);
        Err(AccountError::Unavailable("the activity of accounts is not kept".to_owned()))
    }

    /// Consumes the token of an e-mail to an address that was replaced: the account gets this address again, all of its
    /// sessions end, and its password no longer works until it is set by a link in an e-mail. Returns the identifier of
    /// the account.
    ///
    /// # Errors
    ///
    /// [`AccountError::InvalidToken`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn restore_address(&self, caller: &Caller, token: &SecretText) -> Result<String, AccountError> {
        let _ = (caller, token);
        Err(AccountError::InvalidToken)
    }
}

/// The answer of a method that is called although the back end does not offer it.
fn not_offered() -> AccountError {
    AccountError::Unavailable("the back end does not offer this".to_owned())
}
