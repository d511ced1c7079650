//! Access and refresh tokens in the answer's body: four styles that differ in the effect of a second presentation. One
//! of them has guests.

use std::ops::ControlFlow;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, EndReason, Grant, Observed, Provider, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, Rest, SecretText, SignIn, SignInError, SignedIn,
    TransportError,
};

use super::wire::{Client, REFRESH, bear, in_doubt, is_refusal, news, or_ended, post, signed_out, unusable};
use crate::core_api::{ACCESS_TTL, GRACE};
use crate::style::Style;

pub(super) struct Tokens {
    pub(super) client: Client,
    pub(super) style: Style,
}

impl Tokens {
    fn take(&self, grant: &mut Grant, response: &Response) -> Option<()> {
        let issued = self.client.take(grant, response)?;
        grant.set(REFRESH, issued.refresh_token.as_str());
        Some(())
    }
}

fn is_guest(grant: &Grant) -> bool {
    grant.identity.as_ref().is_some_and(|identity| identity.is_guest)
}

fn with_refresh_token(path: &str, grant: &Grant) -> Request {
    let token = grant.field(REFRESH).map(SecretText::expose).unwrap_or_default();
    post(path, format!(r#"{{"refreshToken":"{token}"}}"#))
}

#[async_trait]
impl Provider for Tokens {
    fn name(&self) -> &str {
        self.style.words()
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &self.client.base_urls
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let guest = existing.filter(|_| self.style.has_guests()).filter(|grant| is_guest(grant));
        let response =
            self.client.sign_in(caller, attempt, guest.and_then(|grant| grant.field(REFRESH))).await?;
        let mut grant = Grant::default();
        self.take(&mut grant, &response).ok_or_else(|| unusable(&response))?;
        let grant = self.client.introduced(caller, grant).await?;
        Ok(SignedIn { grant, authenticated_at: (self.client.clock)() })
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        bear(grant, request);
    }

    fn observe(&self, grant: &Grant, _: &Asked, response: &Response) -> Observed {
        news(grant, response)
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        match self.style {
            Style::JwtSessions => RefreshTiming::AfterExpiry,
            _ => RefreshTiming::Before(Duration::from_mins(1)),
        }
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        match self.style {
            Style::Commercetools => Repetition::Free,
            Style::CookieApi => Repetition::Never,
            // After a lost answer, the API holds an access token that nobody has seen. A refresh before it expires
            // counts as theft.
            Style::JwtSessions => Repetition::AskAgain(Rest::of(ACCESS_TTL)),
            _ => Repetition::Recognised { within: GRACE, then: Rest::SHORT },
        }
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let request = with_refresh_token("/auth/tokens", grant);
        let response = match or_ended(self.client.send(caller, request).await) {
            ControlFlow::Continue(response) => response,
            ControlFlow::Break(end) => return end,
        };
        if is_refusal(&response) {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let mut renewed = grant.clone();
        match self.take(&mut renewed, &response) {
            Some(()) => RefreshOutcome::Rotated(renewed),
            None => in_doubt(&response),
        }
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        signed_out(self.client.send(caller, with_refresh_token("/session/sign-out", grant)).await)
    }

    async fn on_end(&self, grant: &Grant, _: EndReason) {
        if self.style.has_guests() {
            let _ =
                self.client.send(&Caller::default(), with_refresh_token("/session/clean-up", grant)).await;
        }
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(&self.client)
    }
}
