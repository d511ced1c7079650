use std::time::SystemTime;

use async_trait::async_trait;
use thiserror::Error;

use crate::{AccountError, AuthorizedCalls, Caller, SecretText};

/// Passkeys (W3C Web Authentication), if the provider lets people add some and sign in with them, see
/// [`SignIn::Passkey`](crate::SignIn::Passkey).
///
/// The browser's answers are passed on as they are, in JSON: `PublicKeyCredential.toJSON()`. The provider checks them.
#[async_trait]
pub trait Passkeys: Send + Sync {
    /// What to ask a browser for that signs in: any passkey of this application. It is the same for everybody, and
    /// tells nobody who has one.
    ///
    /// # Errors
    ///
    /// [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn begin_sign_in(&self, caller: &Caller) -> Result<PasskeyRequest, AccountError>;

    /// The passkeys of the signed-in person.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn list(&self, calls: &dyn AuthorizedCalls) -> Result<Vec<Passkey>, AccountError>;

    /// What to ask the person's browser for that adds a passkey. Nothing changes until [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list). [`PasskeyRefusal::Unverified`], [`PasskeyRefusal::TooMany`].
    async fn begin(&self, calls: &dyn AuthorizedCalls) -> Result<PasskeyRequest, PasskeyError>;

    /// Adds what the browser has made. `state` is that of the request.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin). [`PasskeyRefusal::Over`], [`PasskeyRefusal::Known`], [`PasskeyRefusal::NotAccepted`].
    async fn add(
        &self,
        calls: &dyn AuthorizedCalls,
        name: &str,
        state: &SecretText,
        credential: &SecretText,
    ) -> Result<(), PasskeyError>;

    /// Gives a passkey of the person another name.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list). [`PasskeyRefusal::Gone`].
    async fn rename(&self, calls: &dyn AuthorizedCalls, id: &str, name: &str) -> Result<(), PasskeyError>;

    /// Removes a passkey of the person. Nobody signs in with it any more.
    ///
    /// # Errors
    ///
    /// As [`rename`](Self::rename).
    async fn remove(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), PasskeyError>;
}

/// What a browser is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRequest {
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
    pub options: String,
    /// The provider's own text, which goes back with the browser's answer. It is good once, for ten minutes at most, and
    /// of use to nobody without that answer. One that adds a passkey is good for the person who began it.
    pub state: SecretText,
}

/// A passkey, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Identifies it among those of the person.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: SystemTime,
    /// When somebody last signed in with it.
    pub last_used_at: Option<SystemTime>,
    /// Whether a password manager keeps a copy, so that it outlives the device.
    pub is_backed_up: bool,
    /// Whether it signs nobody in any more, because somebody may have copied it.
    pub is_blocked: bool,
}

/// Why something was not done with a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasskeyError {
    /// The provider does not do it.
    #[error(transparent)]
    Refused(#[from] PasskeyRefusal),
    /// As with anything else that people do with their accounts.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Why a provider does not do something with a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum PasskeyRefusal {
    /// Only a person with a verified address has passkeys.
    #[error("the person's address is not verified")]
    Unverified,
    /// The person has as many as one may have.
    #[error("the person has too many passkeys")]
    TooMany,
    /// The request is over, was answered before, or is not of this person.
    #[error("the request is over")]
    Over,
    /// An account has this passkey already.
    #[error("the passkey is registered already")]
    Known,
    /// The browser's answer is not one to this request, or not of a passkey that verifies its person.
    #[error("the answer is not accepted")]
    NotAccepted,
    /// The person does not have it, or not any more.
    #[error("there is no such passkey")]
    Gone,
}
