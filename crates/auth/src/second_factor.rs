use async_trait::async_trait;

use crate::{AccountError, AuthorizedCalls, SecretText};

/// What a provider asks for before it signs somebody in whose credentials were right.
///
/// The caller keeps it, sealed and bound to the browser, and presents it with a code, see
/// [`SignIn::SecondFactor`](crate::SignIn::SecondFactor).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The provider's own text for this sign-in. It is of use only together with a code.
    pub token: SecretText,
    /// Whether a recovery code is accepted in place of one of the person's app.
    pub takes_recovery_codes: bool,
}

/// A second step for people's sign-ins, if the provider lets them set it up: the codes of an authenticator app (RFC
/// 6238), and recovery codes.
#[async_trait]
pub trait SecondFactor: Send + Sync {
    /// Whether the signed-in person has a second step.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn state(&self, calls: &dyn AuthorizedCalls) -> Result<SecondFactorState, AccountError>;

    /// Makes a secret for the person's app. Nothing changes until [`enable`](Self::enable).
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state), and [`AccountError::InvalidToken`] if the person has a second step already.
    async fn begin(&self, calls: &dyn AuthorizedCalls) -> Result<Enrolment, AccountError>;

    /// Enables the app whose code this is, and returns the recovery codes. The person's other sessions at the provider
    /// end.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state). [`AccountError::Invalid`] with the field `code` if it is wrong.
    /// [`AccountError::InvalidToken`] if no enrolment waits.
    async fn enable(
        &self,
        calls: &dyn AuthorizedCalls,
        code: &SecretText,
    ) -> Result<Vec<SecretText>, AccountError>;

    /// Replaces the recovery codes, and returns the new ones.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state). [`AccountError::Invalid`] with the field `code` if it is wrong.
    /// [`AccountError::InvalidToken`] if the person has no second step.
    async fn replace_recovery_codes(
        &self,
        calls: &dyn AuthorizedCalls,
        code: &SecretText,
    ) -> Result<Vec<SecretText>, AccountError>;

    /// Disables the second step.
    ///
    /// # Errors
    ///
    /// As [`replace_recovery_codes`](Self::replace_recovery_codes).
    async fn disable(&self, calls: &dyn AuthorizedCalls, code: &SecretText) -> Result<(), AccountError>;
}

/// Whether a person signs in with a second step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactorState {
    /// Whether an app is enabled.
    pub is_enabled: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
}

/// The secret of an authenticator app, while it is being set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// In base 32 (RFC 4648, section 6), to be typed.
    pub secret: SecretText,
    /// The same as an `otpauth` URI, for a QR code.
    pub uri: SecretText,
}
