//! A session cookie of the API, sent back byte for byte and set again by answers, and a short-lived access token beside
//! it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, Change, Grant, Observed, Provider, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, Rest, SecretText, SignIn, SignInError, SignedIn,
    Transport as _, TransportError,
};

use super::wire::{Client, REFRESH, bear, get, in_doubt, news, or_ended, post, signed_out, unusable};
use crate::core_api::SESSION_COOKIE;
use crate::world::LIVES;

pub(super) struct BetterAuth(pub(super) Client);

impl BetterAuth {
    fn take(&self, grant: &mut Grant, response: &Response) -> Option<()> {
        self.0.take(grant, response)?;
        grant.set(REFRESH, given(response)?);
        Some(())
    }
}

fn show(grant: &Grant, request: &mut Request) {
    let Some(value) = grant.field(REFRESH) else { return };
    let value = HeaderValue::from_str(&format!("{SESSION_COOKIE}={}", value.expose()));
    request.headers_mut().insert(COOKIE, value.expect("a cookie is plain text"));
}

/// A session that is over is 200 with `null` at some of its addresses.
fn is_nobody(response: &Response) -> bool {
    response.status().is_success() && response.body() == "null"
}

fn given(response: &Response) -> Option<SecretText> {
    let line = response.headers().get(SET_COOKIE)?.to_str().ok()?;
    let value = line.split(';').next()?.strip_prefix(SESSION_COOKIE)?.strip_prefix('=')?;
    Some(SecretText::from(value))
}

#[async_trait]
impl Provider for BetterAuth {
    fn name(&self) -> &'static str {
        "better-auth"
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &self.0.base_urls
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let response = self.0.sign_in(caller, attempt, None).await?;
        let mut grant = Grant::default();
        self.take(&mut grant, &response).ok_or_else(|| unusable(&response))?;
        let grant = self.0.introduced(caller, grant).await?;
        Ok(SignedIn { grant, authenticated_at: (self.0.clock)() })
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        bear(grant, request);
        show(grant, request);
    }

    /// The same value again only lives longer, and the next write is early enough for that. A different value replaces
    /// this one.
    fn observe(&self, grant: &Grant, _: &Asked, response: &Response) -> Observed {
        let person = news(grant, response);
        let Some(value) = given(response) else { return person };
        let expires_at = (self.0.clock)().checked_add(LIVES.refresh_token);
        let is_new = grant.field(REFRESH) != Some(&value);
        let cookie: Change = Arc::new(move |grant| {
            grant.set(REFRESH, value.clone());
            grant.refresh_expires_at = grant.refresh_expires_at.max(expires_at);
        });
        match person {
            Observed::AtOnce(person) => Observed::AtOnce(Arc::new(move |grant| {
                person(grant);
                cookie(grant);
            })),
            _ if is_new => Observed::AtOnce(cookie),
            _ => Observed::Lazily(cookie),
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    /// A cookie can be presented any number of times, and a lost answer leaves it valid. It is not free: if somebody
    /// presents an older one, the answer may set a different one than that in the head, and the head's does not stay
    /// valid for long after that.
    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::AskAgain(Rest { unanswered: Duration::ZERO, answered: Duration::ZERO })
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let mut request = get("/session/token");
        caller.introduce(&mut request);
        show(grant, &mut request);
        let response = match or_ended(self.0.transport.send(request).await) {
            ControlFlow::Continue(response) => response,
            ControlFlow::Break(end) => return end,
        };
        if response.status() == StatusCode::UNAUTHORIZED || is_nobody(&response) {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let mut renewed = grant.clone();
        match self.take(&mut renewed, &response) {
            Some(()) => RefreshOutcome::Rotated(renewed),
            None => in_doubt(&response),
        }
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let mut request = post("/session/sign-out", String::new());
        caller.introduce(&mut request);
        show(grant, &mut request);
        signed_out(self.0.transport.send(request).await)
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(&self.0)
    }
}
