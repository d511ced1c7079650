use std::time::{Duration, SystemTime};

use thiserror::Error;

use crate::{Challenge, EmailAddress, Grant, SecretText};

/// How a person signs in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// With an e-mail address and a password.
    Password {
        /// The address.
        email: EmailAddress,
        /// The password, byte for byte as typed.
        password: SecretText,
    },
    /// With the one-time token of an e-mailed link.
    OneTimeToken {
        /// The address the link was sent to.
        email: EmailAddress,
        /// The token. This call consumes it.
        token: SecretText,
    },
    /// With the answer of an authorization server after a redirect (RFC 6749, section 4.1.2).
    AuthorizationCode {
        /// The `code` parameter.
        code: SecretText,
        /// The PKCE code verifier (RFC 7636, section 4.1) kept since the redirect.
        code_verifier: SecretText,
        /// The redirect URI the code was issued to.
        redirect_uri: String,
        /// The nonce kept since the redirect, for a provider that checks it in the identity token.
        nonce: Option<SecretText>,
        /// The `iss` parameter, if there is one (RFC 9207). The provider compares it with its issuer.
        issuer: Option<String>,
    },
    /// With a code, after a first step that was answered with [`SignInError::Challenged`].
    SecondFactor {
        /// The [token](Challenge::token) of that challenge.
        challenge: SecretText,
        /// The code, as typed: of the person's app, or a recovery code.
        code: SecretText,
    },
    /// With a passkey, which says who it is. The authenticator has verified the person, so no code is asked for.
    Passkey {
        /// The [state](crate::PasskeyRequest::state) of the request that the browser has answered.
        state: SecretText,
        /// The browser's answer, in JSON.
        credential: SecretText,
    },
    /// As a guest without an account, by client credentials (RFC 6749, section 4.4).
    ClientCredentials,
}

/// What is kept, sealed and bound to the browser, between the redirect to an authorization server and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Where the authorization server sends the browser back to.
    pub redirect_uri: String,
    /// Returned unchanged; it proves that the answer belongs to this browser (RFC 6749, section 10.12).
    pub state: SecretText,
    /// Returned inside the identity token.
    pub nonce: SecretText,
    /// Its S256 challenge is sent (RFC 7636, section 4.2); the verifier itself stays here.
    pub code_verifier: SecretText,
    /// Whether the person has to prove who they are now, even if the authorization server still knows them (OpenID
    /// Connect Core 1.0, section 3.1.2.1, `max_age=0`).
    pub reauthenticate: bool,
}

/// What pages need to know about a provider that signs people in by redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectSignIn {
    /// The provider's name for people, such as `Example SSO`.
    pub name: String,
    /// The page of the provider on which people manage their account, if there is one.
    pub account_url: Option<String>,
}

/// Where the provider's own sign-out sends the browser back to (OpenID Connect RP-Initiated Logout 1.0, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOutReturn {
    /// The address of this application, as it is registered at the provider.
    pub uri: String,
    /// Returned unchanged. It proves that the return belongs to a sign-out of this browser.
    pub state: SecretText,
}

/// A sign-in that succeeded.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the provider needs from now on to act for the person. [`Grant::identity`] says who they are.
    pub grant: Grant,
    /// When the person proved who they are, as the provider states it (OIDC's `auth_time`). Only this counts as a
    /// recent sign-in: a silent single sign-on does not.
    pub authenticated_at: SystemTime,
}

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignInError {
    /// The provider does not accept these credentials. It never says which of them is wrong.
    #[error("the provider refused the credentials")]
    InvalidCredentials,
    /// The credentials are right, but this person may not sign in here (not verified, wrong role).
    #[error("the provider does not allow this person to sign in")]
    Forbidden,
    /// The credentials are right, and a code completes the sign-in: present it with [`SignIn::SecondFactor`].
    #[error("the provider asks for a code")]
    Challenged(Challenge),
    /// The challenge, or the request for a passkey, is over or was used. The person has to begin anew.
    #[error("the challenge is over")]
    ChallengeOver,
    /// The credentials are right, and the provider asks for a second factor that nobody can be asked for here.
    #[error("the provider asks for a second factor")]
    SecondFactor,
    /// Too many attempts, according to the provider.
    #[error("the provider asks to wait")]
    TooManyRequests {
        /// How long the provider asks to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// The provider cannot sign people in this way.
    #[error("the provider does not support this way to sign in")]
    Unsupported,
    /// The provider refuses this application, or is not the one that the settings name. Trying again does not help, and
    /// the person has done nothing wrong. The text is for the log, and names the setting to look at.
    #[error("a setting is wrong: {0}")]
    Misconfigured(String),
    /// There is no usable answer. The text is for the log.
    #[error("the provider cannot be used right now: {0}")]
    Unavailable(String),
}
