use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use ironleaf_auth::{
    Asked, BaseUrl, Caller, Clock, Grant, Observed, Provider, RefreshOutcome, RefreshTiming, Repetition,
    Request, Response, Rest, SignIn, SignInError, SignedIn, Transport, TransportError,
};

use super::settings::{AccessTransport, JwtSessionsSettings};
use super::{grant, wire};
use crate::{asked, mark};

/// Implements the contract of the gem `jwt_sessions` 3, as [`Provider`].
pub struct JwtSessionsProvider {
    base_urls: [BaseUrl; 1],
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    pub(super) settings: JwtSessionsSettings,
    /// The mark of our own grants.
    pub(super) issued_by: String,
}

impl JwtSessionsProvider {
    /// A provider for the API at the base URL of the settings.
    pub fn new(settings: JwtSessionsSettings, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        let transport = wire::naming(&settings, transport);
        let base_urls = [BaseUrl { name: "api".to_owned(), url: settings.base_url.clone() }];
        let issued_by = mark::of_api("jwt-sessions", &settings.base_url);
        Self { base_urls, transport, clock, settings, issued_by }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

#[async_trait]
impl Provider for JwtSessionsProvider {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn is_ours(&self, grant: &Grant) -> bool {
        grant::is_issued_by(grant, &self.issued_by)
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &self.base_urls
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        self.exchange(caller, attempt).await
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        let nobody = Grant::default();
        let grant = if self.is_ours(grant) { grant } else { &nobody };
        wire::authorize(&self.settings, caller, grant, request);
    }

    /// Each mask of one CSRF secret is good until the next refresh, so losing a newer one is harmless. The header alone
    /// counts: a field of that name may be what somebody else wrote.
    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        // SECURITY: a host that a page's call names beside the API must not write what goes to the API.
        let teaches = self.is_ours(grant) && asked::is_of_origin(&asked.uri, &self.settings.base_url);
        if self.settings.access_transport == AccessTransport::Header || !teaches {
            return Observed::Nothing;
        }
        let known = grant.field(grant::CSRF);
        let Some(csrf) = wire::csrf_of_header(&self.settings, response).filter(|csrf| known != Some(csrf))
        else {
            return Observed::Nothing;
        };
        let is_first = known.is_none();
        let access = grant.field(grant::ACCESS_TOKEN).cloned();
        let change = Arc::new(move |grant: &mut Grant| {
            // A refresh has made a new secret since, and a mask of the old one is dead.
            if grant.field(grant::ACCESS_TOKEN) == access.as_ref() {
                grant.set(grant::CSRF, csrf.clone());
            }
        });
        if is_first { Observed::AtOnce(change) } else { Observed::Lazily(change) }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        if self.settings.has_reuse_handler {
            RefreshTiming::AfterExpiry
        } else {
            RefreshTiming::Before(self.settings.leeway)
        }
    }

    /// The refresh token stays the same, and so does its end.
    fn refresh_moves_end(&self, _: &Grant) -> bool {
        false
    }

    /// After a lost answer, the API may hold an access token that nobody has seen. A reuse handler takes a refresh
    /// before that token's end for a theft.
    fn repetition(&self, grant: &Grant) -> Repetition {
        if self.settings.has_reuse_handler {
            let lifetime = grant.access_lifetime.unwrap_or(self.settings.access_token_max_age);
            Repetition::AskAgain(Rest::of(lifetime))
        } else {
            Repetition::Free
        }
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.renew(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.end_session(caller, grant).await
    }
}
