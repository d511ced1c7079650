use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::{Method, Uri};
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, Clock, EndReason, Grant, Observed, Provider, RefreshOutcome,
    RefreshTiming, Repetition, Request, Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};

use super::urls::below;
use super::{CommercetoolsSettings, grant};
use crate::asked;

/// Signs people and guests in at a commercetools project, or at an API that speaks the same profile of OAuth 2.
pub struct CommercetoolsProvider {
    pub(super) settings: CommercetoolsSettings,
    pub(super) base_urls: [BaseUrl; 1],
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    /// The mark of our own grants.
    pub(super) issued_by: String,
}

impl CommercetoolsProvider {
    /// A provider with these settings. Nothing is called before it is used.
    pub fn new(settings: CommercetoolsSettings, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        let url = below(&settings.api_url, &[&settings.project]);
        let base_urls = [BaseUrl { name: "api".to_owned(), url }];
        let issued_by = grant::issued_by(&settings);
        Self { settings, base_urls, transport, clock, issued_by }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The path below `me`, where everything is of whoever asks. `None` for any other address.
    fn below_me<'a>(&self, uri: &'a Uri) -> Option<&'a str> {
        let me = below(&self.base_urls[0].url, &["me"]);
        uri.path().strip_prefix(me.path()).filter(|_| asked::is_of_origin(uri, &me))
    }
}

#[async_trait]
impl Provider for CommercetoolsProvider {
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
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        match attempt {
            SignIn::Password { email, password } => {
                self.sign_in_customer(caller, &email, &password, existing).await
            }
            SignIn::ClientCredentials => self.sign_in_guest(caller).await,
            _ => Err(SignInError::Unsupported),
        }
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        self.put_bearer(caller, grant, request);
    }

    /// SECURITY: any other answer may have the form of a customer or a cart, and be what somebody else wrote.
    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        let is_for_record = matches!(asked.method, Method::GET | Method::POST);
        match self.below_me(&asked.uri).filter(|_| is_for_record) {
            Some("") if !grant::is_guest(grant) => Self::observe_customer(grant, response),
            Some(path) if grant::is_guest(grant) => Self::observe_cart(grant, path, response),
            _ => Observed::Nothing,
        }
    }

    /// Without a refresh token, the session ends with the access token, and not earlier. Without a stated lifetime,
    /// only a 401 tells that the access token has ended.
    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming {
        match (grant.access_expires_at, grant.field(grant::REFRESH_TOKEN)) {
            (None, _) => RefreshTiming::On401,
            (Some(_), None) => RefreshTiming::AfterExpiry,
            (Some(_), Some(_)) => RefreshTiming::Before(self.settings.leeway),
        }
    }

    /// A refresh token stays good however often it is presented.
    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Free
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.renew(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.leave(caller, grant).await
    }

    /// The ends that [`sign_out`](Provider::sign_out) comes before have left no cart.
    async fn on_end(&self, grant: &Grant, reason: EndReason) {
        if reason.is_of_one_rotation() {
            self.tidy_cart_of_refused(grant).await;
        }
    }

    /// `None` if the scopes of the settings do not reach the record of whoever asks.
    fn accounts(&self) -> Option<&dyn Accounts> {
        self.settings.reach_record().then_some(self as &dyn Accounts)
    }
}
