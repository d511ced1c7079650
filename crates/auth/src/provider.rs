use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, HeaderValue};
use ironleaf_api_types::User;
use thiserror::Error;

use crate::{Accounts, Grant, Request, Response, SecretText, TransportError};

/// Who a person is, as far as pages may know.
pub type Identity = User;

/// On whose behalf a call is made: what the provider may pass on about the browser behind it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The browser's address. It travels as the one trusted forwarding header.
    pub client_ip: Option<IpAddr>,
    /// Further context (a trace context, say) for transports and providers that know it.
    pub extensions: Extensions,
}

/// What a browser sends and no API behind us may see: its credentials, where it is, and what it says about addresses.
const BROWSER_HEADERS: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "auth-context",
];

impl Caller {
    /// Makes `request` one that we send on the caller's behalf: nothing that only the browser may say, the client's
    /// address as the one value of `X-Forwarded-For`, and the caller's extensions. A provider calls it before it adds
    /// its own headers.
    pub fn introduce(&self, request: &mut Request) {
        let headers = request.headers_mut();
        // SECURITY: the session cookie must never reach the API.
        for name in BROWSER_HEADERS {
            headers.remove(name);
        }
        let address = self
            .client_ip
            .and_then(|address| HeaderValue::from_str(&address.to_canonical().to_string()).ok());
        if let Some(address) = address {
            headers.insert("x-forwarded-for", address);
        }
        request.extensions_mut().extend(self.extensions.clone());
    }
}

/// How a person asks to be signed in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// With an e-mail address and a password.
    Password {
        /// The address, as typed; the provider brings it into its form.
        email: String,
        /// The password, byte for byte as typed.
        password: SecretText,
    },
    /// With the one-time token of an e-mailed link.
    OneTimeToken {
        /// The address the link was sent to.
        email: String,
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
#[derive(Debug, Clone)]
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
    /// What the provider needs from now on to speak for the person.
    pub grant: Grant,
    /// Who they are.
    pub identity: Identity,
    /// The provider's own identifier of this sign-in (OIDC's `sid`), where it has one.
    pub provider_sid: Option<String>,
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

/// When the access token is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTiming {
    /// Ahead of its end, by min(this leeway, a quarter of the token's life).
    Before(Duration),
    /// Only after its end: the provider takes an earlier refresh for a theft.
    AfterExpiry,
    /// Only when a call was answered with 401.
    On401,
}

/// What presenting a refresh token a second time destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReuseCost {
    /// Nothing: the token may be presented any number of times.
    Nothing,
    /// The tokens that descend from the same sign-in.
    Family,
    /// Every session of the person, on every device.
    Person,
}

/// How a refresh ended. There are four ends and no other.
#[derive(Debug)]
pub enum RefreshOutcome {
    /// A new access token; the grant holds whatever there is to hold from now on.
    Rotated(Grant),
    /// The provider says that the grant is over. The session ends.
    Rejected(Rejection),
    /// No byte left: safe to repeat, the session stays.
    NotSent(String),
    /// The request left and its effect is unknown (5xx, 429, an answer out of form, reset, timeout): the refresh token
    /// may be used up. The session stays.
    InDoubt(String),
}

/// How a provider said that a grant is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The refresh token is spent, revoked, expired or unknown; most providers do not tell which.
    InvalidGrant,
    /// The token was used twice, and the provider says so.
    Reused,
    /// The account is gone or closed.
    AccountGone,
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// The person signed in again over this session.
    Replaced,
    /// The provider refused the refresh.
    Rejected(Rejection),
    /// The account was deleted.
    AccountDeleted,
    /// The grant was spent, and the one that followed it is forgotten.
    Superseded,
    /// The refresh token may be spent, and asking the provider would cost more than this session.
    Unresolved,
}

/// What came of telling the provider that a person leaves.
#[derive(Debug, Default)]
pub struct SignOut {
    /// Where the browser should go to end the provider's own session (OIDC RP-Initiated Logout).
    pub redirect: Option<String>,
    /// What went wrong upstream. It never fails the sign-out; it is for the log and the metric.
    pub failure: Option<TransportError>,
}

/// An API that signs people in and issues tokens.
///
/// The grant is the provider's own: nobody else reads its fields. Everything that differs between back ends and that
/// the token lifecycle must know is a question here, so that the lifecycle has no special case for any of them.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// A short, stable name: part of the owner hash of every session, and of log lines.
    fn name(&self) -> &'static str;

    /// Signs a person in.
    ///
    /// # Errors
    ///
    /// See [`SignInError`]. A failure leaves nothing behind that can be used.
    async fn sign_in(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError>;

    /// Where to send a browser so that it comes back with the code for [`SignIn::AuthorizationCode`]. It may take a call
    /// of its own (RFC 9126).
    ///
    /// # Errors
    ///
    /// [`SignInError::Unsupported`] unless the provider signs people in by redirect; [`SignInError::Unavailable`].
    async fn authorization_url(
        &self,
        caller: &Caller,
        request: &AuthorizationRequest,
    ) -> Result<String, SignInError> {
        let _ = (caller, request);
        Err(SignInError::Unsupported)
    }

    /// Adds to `request` what proves that it speaks for the grant's person, after [`Caller::introduce`].
    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request);

    /// Looks at the answer to an authorized request. Some providers re-set credentials on any answer, and most answers
    /// about the person show a changed e-mail address. Returns whether the grant changed.
    fn observe(&self, grant: &mut Grant, response: &Response) -> bool {
        let _ = (grant, response);
        false
    }

    /// When to refresh this grant.
    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming;

    /// What a second presentation of a spent refresh token destroys.
    fn reuse_cost(&self) -> ReuseCost;

    /// For how long after this grant's refresh was first presented it can be repeated without harm, because the provider
    /// recognises the repetition. `None` where it does not.
    fn repeatable_for(&self, grant: &Grant) -> Option<Duration>;

    /// Presents the refresh token, once. Never retries by itself: whether that is safe is for the lifecycle to say.
    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome;

    /// Tells the provider that the person leaves, as well as it can be told.
    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> SignOut;

    /// Called once when a grant has ended, whatever the way.
    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        let _ = (grant, reason);
    }

    /// Account pages, where the back end has what they need.
    fn accounts(&self) -> Option<&dyn Accounts> {
        None
    }
}
