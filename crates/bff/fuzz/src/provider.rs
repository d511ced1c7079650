//! A provider that knows one code of one person.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    AuthorizationRequest, BaseUrl, Caller, Clock, Grant, Identity, Provider, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};

/// The only good code.
pub const CODE: &str = "a-code";
/// What the provider says in `iss`.
pub const ISSUER: &str = "https://id.test";

pub(crate) struct Scripted {
    clock: Clock,
    asked: AtomicU32,
}

impl Scripted {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, asked: AtomicU32::new(0) }
    }

    /// How many codes it was asked about.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    async fn sign_in(&self, _: &Caller, attempt: SignIn, _: Option<&Grant>) -> Result<SignedIn, SignInError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let SignIn::AuthorizationCode { code, issuer, .. } = attempt else {
            return Err(SignInError::Unsupported);
        };
        if code.expose() != CODE || issuer.is_some_and(|issuer| issuer != ISSUER) {
            return Err(SignInError::InvalidCredentials);
        }
        let mut grant = Grant::of(Identity::new("42", "user@test.com")).with(1, "an access token");
        grant.access_lifetime = Some(Duration::from_mins(20));
        grant.access_expires_at = Some((self.clock)() + Duration::from_mins(20));
        Ok(SignedIn { grant, authenticated_at: (self.clock)() })
    }

    async fn authorization_url(
        &self,
        _: &Caller,
        request: &AuthorizationRequest,
        _: Option<&Grant>,
    ) -> Result<String, SignInError> {
        Ok(format!("{ISSUER}/authorize?state={}", request.state.expose()))
    }

    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::AfterExpiry
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Never
    }

    async fn refresh(&self, _: &Caller, _: &Grant) -> RefreshOutcome {
        RefreshOutcome::Rejected(Rejection::InvalidGrant)
    }

    async fn sign_out(&self, _: &Caller, _: &Grant) -> Result<(), TransportError> {
        Ok(())
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Err(TransportError::NotSent("there is no API".to_owned()))
    }
}
