use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Uri};
use url::Url;

use crate::{
    Accounts, AuthorizationRequest, Caller, EndReason, Grant, LogoutNotice, LogoutTokenError, OwnSessions,
    Passkeys, People, RedirectSignIn, RefreshOutcome, RefreshTiming, Repetition, Request, Response,
    SecondFactor, SecretText, SignIn, SignInError, SignOutReturn, SignedIn, TransportError,
};

/// An API of the provider, and the name that callers use for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// A name such as `api` or `auth`.
    pub name: String,
    /// The URL that the paths of calls are relative to.
    pub url: Url,
}

/// A change of a grant that an answer has reported. Applying it twice has the same effect as applying it once.
pub type Change = Arc<dyn Fn(&mut Grant) + Send + Sync>;

/// What a call asked for: the method and the address of the request that an answer is to.
///
/// People write much of what an API answers with. An invitation, a comment or a profile can have the number of a person,
/// an address and a list of roles. Only the address of the request tells such a record from that of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The method of the request.
    pub method: Method,
    /// The whole address, with scheme and host, as the transport got it.
    pub uri: Uri,
}

impl Asked {
    /// What this request asks for.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }
}

/// What an answer says about the grant that asked.
pub enum Observed {
    /// Nothing new.
    Nothing,
    /// A change that is worth keeping when the session is written anyway, and harmless to lose (such as a cookie set
    /// again with the same value and a later end).
    Lazily(Change),
    /// A change that must not be lost: without it a later call or refresh fails, or a page shows an old value. It is
    /// kept before the response is sent, and cookies of older rotations learn of it.
    AtOnce(Change),
}

/// An API that signs people in and issues tokens.
///
/// The grant belongs to the provider: nothing else reads its fields. Methods of this trait answer everything that
/// differs between back ends and that the token lifecycle needs to know. So the lifecycle has no special case for any
/// of them.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// A short, stable name. It is part of the owner hash of every session, and of log lines. Two providers of the same
    /// kind in one application have two names.
    fn name(&self) -> &str;

    /// Whether this provider, with its present settings, has issued the grant. A session with a grant of another issuer
    /// is not used: its tokens would go to somebody who must not have them. The caller also compares the session's
    /// owner with [`name`](Self::name).
    fn is_ours(&self, grant: &Grant) -> bool {
        let _ = grant;
        true
    }

    /// Whether two grants are of one sign-in at the provider, as after a re-authentication there. Some providers end the
    /// whole sign-in when one of its refresh tokens is revoked, so only the living grant is revoked, later. Others issue
    /// the same tokens to two sign-ins within one second, so to revoke one is to revoke the other. A provider whose
    /// grants hold something that differs all the same says what counts.
    fn is_one_sign_in(&self, over: &Grant, living: &Grant) -> bool {
        over.is_like(living)
    }

    /// What tells this provider, with its present settings, from another that the application had before: a short text
    /// without secrets, such as a hash of issuer and client. The answer to a request to authenticate is used only where
    /// this is the same as when the request was made: its code is the other one's secret.
    fn mark(&self) -> &str {
        self.name()
    }

    /// The APIs that calls can be made to. Paths without a name belong to the first.
    fn base_urls(&self) -> &[BaseUrl];

    /// Signs a person in. `existing` is the grant of the session that the request came with, if there is one: so a
    /// guest's cart follows them, and an authorization server can be told whom it saw last.
    ///
    /// # Errors
    ///
    /// See [`SignInError`]. A failure leaves nothing usable behind.
    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError>;

    /// Signs a person in and ends every other token family of the person, including those of other clients, as far as
    /// the back end can end them. This is used after a password change.
    ///
    /// # Errors
    ///
    /// As [`sign_in`](Self::sign_in).
    async fn sign_in_and_end_others(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        self.sign_in(caller, attempt, existing).await
    }

    /// Whether people can sign in, as far as that is known without a call: `false` until a provider that is found by
    /// discovery has been found.
    fn is_ready(&self) -> bool {
        true
    }

    /// How people sign in by redirect, if they do. Pages then show one button instead of a form with a password.
    fn redirect_sign_in(&self) -> Option<&RedirectSignIn> {
        None
    }

    /// Where to send a browser so that it returns with the code for [`SignIn::AuthorizationCode`]. This may require a
    /// call of its own (RFC 9126). `existing` is as in [`sign_in`](Self::sign_in): it says who is expected to come back.
    ///
    /// # Errors
    ///
    /// [`SignInError::Unsupported`] unless the provider signs people in by redirect; [`SignInError::Misconfigured`];
    /// [`SignInError::Unavailable`].
    async fn authorization_url(
        &self,
        caller: &Caller,
        request: &AuthorizationRequest,
        existing: Option<&Grant>,
    ) -> Result<String, SignInError> {
        let _ = (caller, request, existing);
        Err(SignInError::Unsupported)
    }

    /// Whether an answer that came through the browser may be this provider's, by its `iss` (RFC 9207, section 2.4), as
    /// far as that is known without a call. It is asked for an `error` in place of a code: whoever exchanges a code
    /// compares `iss` before.
    fn may_have_answered(&self, issuer: Option<&str>) -> bool {
        let _ = issuer;
        true
    }

    /// What an `error` that comes back in place of a code says about the settings (RFC 6749, section 4.1.2.1): the text
    /// for the log, with the setting to look at. `None` if it says nothing about them.
    fn misconfigured(&self, error: &str) -> Option<String> {
        let _ = error;
        None
    }

    /// Adds the credentials of the grant's person to `request`, after [`Caller::introduce`].
    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request);

    /// Looks at the answer to an authorized request, once for each answer. Some providers set credentials again on any
    /// answer, and most answers about the person show a changed e-mail address. This is never called for 401 or 5xx:
    /// what those clear or set says nothing about the grant. Nothing is copied if nothing changes.
    ///
    /// `asked` says what the answer is to. Believe what an answer says about the person only where the request was for
    /// the person's own record, and a credential only from a host that issues it: any other answer may be text that
    /// somebody else wrote.
    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        let _ = (grant, asked, response);
        Observed::Nothing
    }

    /// When to refresh this grant.
    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming;

    /// Whether a refresh of this grant moves its end ([`Grant::refresh_expires_at`]). Then a grant that is used is also
    /// refreshed once a tenth of the time until that end has passed, however long its access token still lives. Only
    /// [`RefreshTiming::Before`] allows that.
    fn refresh_moves_end(&self, grant: &Grant) -> bool {
        let _ = grant;
        true
    }

    /// What presenting this grant's refresh token again does, if nobody knows whether it is spent.
    fn repetition(&self, grant: &Grant) -> Repetition;

    /// Presents the refresh token, once. It never retries by itself: the lifecycle decides whether that is safe.
    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome;

    /// Tells the provider that the person signs out, as well as its API allows.
    ///
    /// # Errors
    ///
    /// [`TransportError`], for the log and the metric. It never fails the sign-out. [`TransportError::NotSent`] means
    /// that nothing at all was sent: where a reuse ends more than this session, only then is the sign-out repeated.
    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError>;

    /// Whether a person's tokens end with their account, if [`accounts`](Self::accounts) deletes one. Then nothing is
    /// revoked after the deletion, and the provider is not called.
    fn tokens_end_with_account(&self) -> bool {
        false
    }

    /// Where the browser goes to end the provider's own session (OIDC RP-Initiated Logout). It is known without a call,
    /// so a provider that hangs does not delay the sign-out. The browser comes back to `back`.
    fn sign_out_url(&self, grant: &Grant, back: &SignOutReturn) -> Option<String> {
        let _ = (grant, back);
        None
    }

    /// Checks the token by which the provider says that it has ended a sign-in or all sign-ins of a person (OpenID
    /// Connect Back-Channel Logout 1.0, section 2.6). The caller accepts each [`LogoutNotice::id`] once.
    ///
    /// # Errors
    ///
    /// See [`LogoutTokenError`].
    async fn logout_notice(&self, token: &SecretText) -> Result<LogoutNotice, LogoutTokenError> {
        let _ = token;
        Err(LogoutTokenError::Unsupported)
    }

    /// Called once for each grant whose end is noticed, whatever the reason: signed out, replaced, refused or
    /// unresolved. If a session timed out, was superseded or was ended from outside, this is called when its cookie
    /// comes next. (If a browser never comes back, the end is not noticed.) Use it to clean up side state of the
    /// provider.
    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        let _ = (grant, reason);
    }

    /// Account management, if the back end supports it.
    fn accounts(&self) -> Option<&dyn Accounts> {
        None
    }

    /// The second step of people's sign-ins, if they can set it up here.
    fn second_factor(&self) -> Option<&dyn SecondFactor> {
        None
    }

    /// People's passkeys, if they can add some here and sign in with them.
    fn passkeys(&self) -> Option<&dyn Passkeys> {
        None
    }

    /// The provider's own list of a person's sessions, if it has one for the person to see.
    fn own_sessions(&self) -> Option<&dyn OwnSessions> {
        None
    }

    /// Other people's accounts, if the back end lets administrators see and change those.
    fn people(&self) -> Option<&dyn People> {
        None
    }
}
