use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use ironleaf_auth::{
    AuthorizationRequest, BaseUrl, Caller, Clock, Grant, LogoutNotice, LogoutTokenError, Provider, Random,
    RedirectSignIn, RefreshOutcome, RefreshTiming, Repetition, Request, Response, Rest, SecretText, SignIn,
    SignInError, SignOutReturn, SignedIn, Transport, TransportError,
};
use ironleaf_jwks::{FetchOutcome, KeyCache};
use url::Url;

use super::client_auth::{Client, ClientAuthentication};
use super::discovery::Discovery;
use super::keys::ProviderKeys;
use super::metadata::Metadata;
use super::wire::{Form, advice, is_of_settings};
use super::{DiscoveryError, OidcSettings, ReuseEnds, grant};
use crate::answer::secret_header;

/// Signs people in at an OpenID Connect provider, with the authorization code flow and PKCE.
///
/// The provider is found by discovery. If it is down at the start, sign-in says so until it is there.
pub struct OidcProvider {
    pub(super) settings: OidcSettings,
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    random: Random,
    pub(super) discovery: Arc<Discovery>,
    pub(super) keys: KeyCache,
    redirect: RedirectSignIn,
    /// The mark of our own grants.
    pub(super) issued_by: String,
    /// Whether the log has said that the claim with the roles is missing.
    pub(super) said_no_roles: AtomicBool,
}

/// How often [`OidcProvider::keep_warm`] looks after metadata and keys, at least and at most.
const SHORTEST_ROUND: Duration = Duration::from_secs(30);
const LONGEST_ROUND: Duration = Duration::from_hours(1);
/// Keys are renewed in the background this long before their end, so that no request waits for them.
const KEY_LEAD: Duration = Duration::from_secs(45);

impl OidcProvider {
    /// A provider with these settings. Nothing is called before it is used or [warmed](Self::warm).
    pub fn new(settings: OidcSettings, transport: Arc<dyn Transport>, clock: Clock, random: Random) -> Self {
        let issuer = settings.issuer.clone();
        let discovery = Arc::new(Discovery::new(issuer, Arc::clone(&transport), Arc::clone(&clock)));
        let source = ProviderKeys { discovery: Arc::clone(&discovery), transport: Arc::clone(&transport) };
        let keys = KeyCache::new(Arc::new(source), settings.keys.clone(), Arc::clone(&clock));
        let redirect =
            RedirectSignIn { name: settings.display_name.clone(), account_url: settings.account_url.clone() };
        let issued_by = grant::issued_by(settings.issuer.as_str(), &settings.client_id);
        Self {
            settings,
            transport,
            clock,
            random,
            discovery,
            keys,
            redirect,
            issued_by,
            said_no_roles: AtomicBool::new(false),
        }
    }

    /// Tells `observer` the outcome of every fetch of the provider's keys. For metrics: it must return at once.
    #[must_use]
    pub fn with_key_observer(mut self, observer: impl Fn(FetchOutcome) + Send + Sync + 'static) -> Self {
        self.keys = self.keys.with_observer(observer);
        self
    }

    /// Fetches metadata and keys if they are missing or due. For the start, and for a check of the settings.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`] if there is no metadata. Missing keys are only logged: they are fetched when they are needed.
    pub async fn warm(&self) -> Result<(), DiscoveryError> {
        let metadata = self.discovery.current().await?;
        self.compare(&metadata);
        let fresh_for = self.keys.status().fresh_until.and_then(|end| end.duration_since(self.now()).ok());
        if fresh_for.is_none_or(|left| left <= KEY_LEAD) {
            // The cache logs a failure.
            let _ = self.keys.warm().await;
        }
        Ok(())
    }

    /// Keeps metadata and keys fresh, so that no request waits for them. It never ends: spawn it at the start, and
    /// drop it at the end.
    pub async fn keep_warm(&self) {
        loop {
            let wait = match self.warm().await {
                Ok(()) => self.fresh_for().clamp(SHORTEST_ROUND, LONGEST_ROUND),
                Err(_) => SHORTEST_ROUND,
            };
            #[expect(clippy::disallowed_methods, reason = "a timer of the background, in no request's path")]
            tokio::time::sleep(wait).await;
        }
    }

    /// Until something is due.
    fn fresh_for(&self) -> Duration {
        let keys = self.keys.status().fresh_until.and_then(|end| end.duration_since(self.now()).ok());
        let keys = keys.unwrap_or_default().saturating_sub(KEY_LEAD);
        self.discovery.due_in().unwrap_or_default().min(keys)
    }

    /// Logs settings that the provider will not accept.
    fn compare(&self, metadata: &Metadata) {
        let ours = self.settings.authentication.label();
        let offered = &metadata.authentication_methods;
        if !offered.is_empty() && !offered.iter().any(|method| method == ours) {
            tracing::warn!(
                ours,
                ?offered,
                "the provider does not offer this way for a client to authenticate"
            );
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Sends a form to an endpoint of the provider, as our client.
    ///
    /// The provider is not told the browser's address: it may be somebody else's, and sees the browser itself.
    pub(super) async fn post(
        &self,
        metadata: &Metadata,
        endpoint: &Url,
        mut form: Form,
    ) -> Result<Response, TransportError> {
        let client = Client {
            id: &self.settings.client_id,
            issuer: self.settings.issuer.as_str(),
            token_endpoint: metadata.token_endpoint.as_str(),
        };
        let proof = self.settings.authentication.prove(&client, &mut form, self.now(), &self.random);
        let mut request = form.post(endpoint)?;
        if let Some(proof) = proof {
            request.headers_mut().insert(ClientAuthentication::HEADER, proof);
        }
        self.transport.send(request).await
    }
}

#[async_trait]
impl Provider for OidcProvider {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &self.settings.base_urls
    }

    async fn sign_in(&self, _: &Caller, attempt: SignIn, _: Option<&Grant>) -> Result<SignedIn, SignInError> {
        self.exchange(attempt).await
    }

    fn is_ready(&self) -> bool {
        self.discovery.known().is_some()
    }

    fn redirect_sign_in(&self) -> Option<&RedirectSignIn> {
        Some(&self.redirect)
    }

    async fn authorization_url(
        &self,
        _: &Caller,
        request: &AuthorizationRequest,
        existing: Option<&Grant>,
    ) -> Result<String, SignInError> {
        self.begin(request, existing).await
    }

    fn may_have_answered(&self, issuer: Option<&str>) -> bool {
        match (issuer, self.discovery.known()) {
            (Some(issuer), _) => issuer == self.settings.issuer.as_str(),
            (None, Some(metadata)) => !metadata.names_issuer_in_answers,
            (None, None) => true,
        }
    }

    fn misconfigured(&self, error: &str) -> Option<String> {
        is_of_settings(error).then(|| format!("the provider answered `{error}`{}", advice(error)))
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        let bearer = grant
            .field(grant::ACCESS_TOKEN)
            .filter(|_| grant::is_issued_by(grant, &self.issued_by))
            .and_then(|token| secret_header(&format!("Bearer {}", token.expose())));
        match bearer {
            Some(bearer) => request.headers_mut().insert(AUTHORIZATION, bearer),
            None => request.headers_mut().remove(AUTHORIZATION),
        };
    }

    /// Without a refresh token, the session ends with the access token, and not earlier. Without a stated lifetime (RFC
    /// 6749, section 5.1, only recommends one), only a 401 tells that the access token has ended.
    fn refresh_timing(&self, grant: &Grant) -> RefreshTiming {
        match (grant.access_expires_at, grant.field(grant::REFRESH_TOKEN)) {
            (None, _) => RefreshTiming::On401,
            (Some(_), None) => RefreshTiming::AfterExpiry,
            (Some(_), Some(_)) => RefreshTiming::Before(self.settings.leeway),
        }
    }

    fn is_ours(&self, grant: &Grant) -> bool {
        grant::is_issued_by(grant, &self.issued_by)
    }

    fn mark(&self) -> &str {
        &self.issued_by
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        match self.settings.reuse_ends {
            ReuseEnds::Session => Repetition::AskAgain(Rest::SHORT),
            ReuseEnds::Person => Repetition::Never,
        }
    }

    async fn refresh(&self, _: &Caller, grant: &Grant) -> RefreshOutcome {
        self.rotate(grant).await
    }

    async fn sign_out(&self, _: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.revoke(grant).await
    }

    fn sign_out_url(&self, grant: &Grant, back: &SignOutReturn) -> Option<String> {
        self.end_session_url(grant, back)
    }

    async fn logout_notice(&self, token: &SecretText) -> Result<LogoutNotice, LogoutTokenError> {
        self.read_logout_token(token).await
    }
}
