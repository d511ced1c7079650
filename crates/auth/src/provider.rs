use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use crate::{
    Accounts, AuthorizationRequest, Caller, EndReason, Grant, RefreshOutcome, RefreshTiming, Repetition,
    Request, Response, SignIn, SignInError, SignedIn, TransportError,
};

/// An API of the provider's, by the name that callers use for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Such as `api` or `auth`.
    pub name: String,
    /// What the paths of calls are below.
    pub url: Url,
}

/// A change of a grant that an answer has told of. Made twice it is the same as made once.
pub type Change = Arc<dyn Fn(&mut Grant) + Send + Sync>;

/// What an answer says about the grant that asked.
pub enum Observed {
    /// Nothing that is not in the grant already.
    Nothing,
    /// Something that is worth keeping where the session is written anyway, and harmless to lose (a cookie set again with the
    /// same value and a later end).
    Lazily(Change),
    /// Something without which a later call or refresh fails, or a page shows what is not so any more. It is kept before
    /// the response leaves, and cookies of older rotations learn of it.
    AtOnce(Change),
}

/// An API that signs people in and issues tokens.
///
/// The grant is the provider's own: nobody else reads its fields. Everything that differs between back ends and that
/// the token lifecycle must know is a question here, so that the lifecycle has no special case for any of them.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// A short name that stays the same: part of the owner hash of every session, and of log lines. Two providers of one kind
    /// in one application have two names.
    fn name(&self) -> &str;

    /// The APIs that calls can be made to. Paths without a name are below the first.
    fn base_urls(&self) -> &[BaseUrl];

    /// Signs a person in. `existing` is the grant of the session that the request came with, where there is one: a guest's
    /// cart follows them, and an authorization server can be told whom it saw last.
    ///
    /// # Errors
    ///
    /// See [`SignInError`]. A failure leaves nothing behind that can be used.
    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError>;

    /// The same, for a sign-in after which every other token family of the person is to be over, also those of other clients, as far as
    /// the back end can end them. A person whose password has changed signs in like this.
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

    /// Looks at the answer to an authorized request, once for each. Some providers re-set credentials on any answer, and most
    /// answers about the person show a changed e-mail address. It is never asked about 401 or 5xx: what those clear or set
    /// says nothing about the grant. Nothing is copied where nothing changes.
    fn observe(&self, grant: &Grant, response: &Response) -> Observed {
        let _ = (grant, response);
        Observed::Nothing
    }

    /// When to refresh this grant.
    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming;

    /// What presenting this grant's refresh token again does, when nobody knows whether it is spent.
    fn repetition(&self, grant: &Grant) -> Repetition;

    /// Presents the refresh token, once. Never retries by itself: whether that is safe is for the lifecycle to say.
    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome;

    /// Tells the provider that the person leaves, as well as it can be told.
    ///
    /// # Errors
    ///
    /// [`TransportError`] for the log and the metric: it never fails the sign-out.
    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError>;

    /// Whether the tokens of a person go with their account, where [`accounts`](Self::accounts) deletes one: then nothing is revoked after
    /// that, and nobody is asked.
    fn tokens_end_with_account(&self) -> bool {
        false
    }

    /// Where the browser goes to end the provider's own session (OIDC RP-Initiated Logout). It is known without asking
    /// anybody, so that a provider that hangs keeps nobody here.
    fn sign_out_url(&self, grant: &Grant) -> Option<String> {
        let _ = grant;
        None
    }

    /// Called once for each grant whose end is noticed, however it ended: signed out, replaced, refused, unresolved, and for
    /// a session that timed out, was superseded or was ended from outside when its cookie next comes. (A browser that never
    /// comes back is not noticed.) For side state of the provider's.
    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        let _ = (grant, reason);
    }

    /// Account pages, where the back end has what they need.
    fn accounts(&self) -> Option<&dyn Accounts> {
        None
    }
}
