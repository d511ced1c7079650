use std::time::{Duration, SystemTime};

use thiserror::Error;

use crate::{EmailAddress, Grant, SecretText};

/// How a person asks to be signed in.
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
        /// The token, used up by this call.
        token: SecretText,
    },
    /// With the answer of an authorization server to a redirect (RFC 6749, section 4.1.2).
    AuthorizationCode {
        /// The `code` parameter.
        code: SecretText,
        /// The PKCE code verifier (RFC 7636, section 4.1) kept since the redirect.
        code_verifier: SecretText,
        /// The redirect URI the code was issued to.
        redirect_uri: String,
        /// The nonce kept since the redirect, for a provider that finds it in the identity token.
        nonce: Option<SecretText>,
        /// The `iss` parameter, where there is one (RFC 9207): the provider compares it with its issuer.
        issuer: Option<String>,
    },
    /// As nobody: a guest, by client credentials (RFC 6749, section 4.4).
    ClientCredentials,
}

/// What is kept, sealed and bound to the browser, between the redirect to an authorization server and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Where the authorization server sends the browser back to.
    pub redirect_uri: String,
    /// Comes back unchanged and proves that the answer belongs to this browser (RFC 6749, section 10.12).
    pub state: SecretText,
    /// Comes back inside the identity token.
    pub nonce: SecretText,
    /// Its S256 challenge goes along (RFC 7636, section 4.2); the verifier itself stays here.
    pub code_verifier: SecretText,
}

/// A sign-in that succeeded.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the provider needs from now on to speak for the person. It says who they are ([`Grant::identity`]).
    pub grant: Grant,
    /// When the person proved who they are, as the provider states it (OIDC's `auth_time`). "Recent sign-in" means this and
    /// nothing else: a silent single sign-on is not recent.
    pub authenticated_at: SystemTime,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignInError {
    /// The provider does not accept these credentials. Never says which of them.
    #[error("the provider refused the credentials")]
    InvalidCredentials,
    /// The credentials are right, and this person may not sign in here (unverified, wrong role).
    #[error("the provider does not let this person in")]
    Forbidden,
    /// Too many tries, as the provider sees it.
    #[error("the provider asks to wait")]
    TooManyRequests {
        /// How long the provider asks to wait, where it says.
        retry_after: Option<Duration>,
    },
    /// The provider cannot sign people in this way.
    #[error("the provider does not support this way to sign in")]
    Unsupported,
    /// No answer that can be used. The text is for the log.
    #[error("the provider cannot be used right now: {0}")]
    Unavailable(String),
}
