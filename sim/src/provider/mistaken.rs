//! A provider that makes a mistake.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    Accounts, Asked, AuthorizationRequest, BaseUrl, Caller, EndReason, Field, Grant, LogoutNotice,
    LogoutTokenError, Observed, Provider, RedirectSignIn, RefreshOutcome, RefreshTiming, Rejection,
    Repetition, Request, Response, Rest, SecretText, SignIn, SignInError, SignOutReturn, SignedIn,
    TransportError,
};

use crate::mistakes::{Mistake, is_made};

/// The refresh token in the grants of the core API and of commercetools, and the value against forged requests and the
/// cart in those that have one.
const REFRESH: Field = 2;
const CSRF: Field = 3;
const CART: Field = 3;

/// Longer than anybody waits.
const ENDLESS: Duration = Duration::from_hours(24);

pub(super) struct Mistaken(pub(super) Arc<dyn Provider>);

impl Mistaken {
    /// The grant without what an answer gave in place of the old tokens.
    fn forget(grant: &Grant, outcome: RefreshOutcome) -> RefreshOutcome {
        let RefreshOutcome::Rotated(mut renewed) = outcome else { return outcome };
        let keep = |renewed: &mut Grant, field| {
            if let Some(old) = grant.field(field) {
                renewed.set(field, old.clone());
            }
        };
        if is_made(Mistake::SpentTokenKept) {
            keep(&mut renewed, REFRESH);
        }
        if is_made(Mistake::FormValueKept) {
            keep(&mut renewed, CSRF);
        }
        if is_made(Mistake::CookieSetAgainDropped) {
            renewed.refresh_expires_at = grant.refresh_expires_at;
        }
        RefreshOutcome::Rotated(renewed)
    }
}

#[async_trait]
impl Provider for Mistaken {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn is_ours(&self, grant: &Grant) -> bool {
        self.0.is_ours(grant)
    }

    fn is_one_sign_in(&self, over: &Grant, living: &Grant) -> bool {
        self.0.is_one_sign_in(over, living)
    }

    fn base_urls(&self) -> &[BaseUrl] {
        self.0.base_urls()
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let existing = existing.filter(|_| !is_made(Mistake::CartLeftBehind));
        self.0.sign_in(caller, attempt, existing).await
    }

    fn redirect_sign_in(&self) -> Option<&RedirectSignIn> {
        self.0.redirect_sign_in()
    }

    async fn authorization_url(
        &self,
        caller: &Caller,
        request: &AuthorizationRequest,
        existing: Option<&Grant>,
    ) -> Result<String, SignInError> {
        self.0.authorization_url(caller, request, existing).await
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        self.0.authorize(caller, grant, request);
    }

    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        if is_made(Mistake::CookieSetAgainDropped) {
            Observed::Nothing
        } else {
            self.0.observe(grant, asked, response)
        }
    }

    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming {
        if is_made(Mistake::RefreshedBeforeTheEnd) {
            return RefreshTiming::Before(Duration::from_mins(1));
        }
        self.0.refresh_timing(grant)
    }

    fn repetition(&self, grant: &Grant) -> Repetition {
        if is_made(Mistake::EndlessGrace) {
            return Repetition::Recognised { within: ENDLESS, then: Rest::SHORT };
        }
        if is_made(Mistake::NoRest) {
            return Repetition::AskAgain(Rest { unanswered: Duration::ZERO, answered: Duration::ZERO });
        }
        self.0.repetition(grant)
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let outcome = self.0.refresh(caller, grant).await;
        match Self::forget(grant, outcome) {
            RefreshOutcome::InDoubt { answered: false, .. } if is_made(Mistake::RefreshCookieSentAgain) => {
                self.0.refresh(caller, grant).await
            }
            RefreshOutcome::Unspent { .. } if is_made(Mistake::LimitTakenForTheEnd) => {
                RefreshOutcome::Rejected(Rejection::InvalidGrant)
            }
            outcome => outcome,
        }
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        if is_made(Mistake::NeverCleaned) {
            let mut grant = grant.clone();
            grant.remove(CART);
            return self.0.sign_out(caller, &grant).await;
        }
        let signed_out = self.0.sign_out(caller, grant).await;
        if is_made(Mistake::CleanedTwice) {
            return self.0.sign_out(caller, grant).await;
        }
        signed_out
    }

    fn tokens_end_with_account(&self) -> bool {
        self.0.tokens_end_with_account()
    }

    fn sign_out_url(&self, grant: &Grant, back: &SignOutReturn) -> Option<String> {
        self.0.sign_out_url(grant, back)
    }

    async fn logout_notice(&self, token: &SecretText) -> Result<LogoutNotice, LogoutTokenError> {
        self.0.logout_notice(token).await
    }

    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        self.0.on_end(grant, reason).await;
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        self.0.accounts()
    }
}
