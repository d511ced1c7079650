use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue, ORIGIN};
use http::{Method, Uri};
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, Clock, Grant, Observed, OwnSessions, Provider, RefreshOutcome,
    RefreshTiming, Repetition, Request, Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use ironleaf_jwks::{FetchOutcome, KeyCache, Rules};
use serde_json::Value;
use url::Url;

use super::keys::AuthServerKeys;
use super::{BetterAuthSettings, grant, wire};
use crate::answer::secret_header;
use crate::asked;
use crate::endpoint::at_segments;

/// Signs people in at npm `better-auth`, whose session cookie stays here, and calls the API with its JWTs.
pub struct BetterAuthProvider {
    pub(super) settings: BetterAuthSettings,
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    base_urls: Vec<BaseUrl>,
    origin: Option<HeaderValue>,
    pub(super) kept: grant::Kept,
    pub(super) keys: KeyCache,
    pub(super) rules: Rules,
    /// The mark of our own grants.
    pub(super) issued_by: grant::Mark,
    /// Whether the auth server's last answer to a registration left open whether there is a new account.
    pub(super) hides_known_addresses: AtomicBool,
}

impl BetterAuthProvider {
    /// A provider with these settings. Nothing is called before it is used.
    pub fn new(settings: BetterAuthSettings, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        let transport = wire::naming(at_segments(&settings.auth_url, ["sign-in", "email"]), transport);
        let base = |name: &str, url: &Url| BaseUrl { name: name.to_owned(), url: url.clone() };
        let api = settings.api_url.as_ref().map(|url| base("api", url));
        let base_urls = api.into_iter().chain([base("auth", &settings.auth_url)]).collect();
        let origin: Option<HeaderValue> = settings.origin.parse().ok();
        let source = AuthServerKeys {
            url: at_segments(&settings.auth_url, ["jwks"]),
            origin: origin.clone(),
            transport: Arc::clone(&transport),
        };
        Self {
            base_urls,
            origin: settings.origin.parse().ok(),
            kept: grant::Kept::of(&settings.cookie_prefix),
            keys: KeyCache::new(Arc::new(source), settings.keys.clone(), Arc::clone(&clock)),
            rules: Rules::plain_access_token(&*settings.issuer, &*settings.audience),
            issued_by: grant::issued_by(settings.auth_url.as_str()),
            hides_known_addresses: AtomicBool::new(false),
            settings,
            transport,
            clock,
        }
    }

    /// Tells `observer` the outcome of every fetch of the auth server's keys. For metrics: it must return at once.
    #[must_use]
    pub fn with_key_observer(mut self, observer: impl Fn(FetchOutcome) + Send + Sync + 'static) -> Self {
        self.keys = self.keys.with_observer(observer);
        self
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The URL of an endpoint of the auth server. Each item stays one path segment, whatever it contains.
    pub(super) fn endpoint(&self, segments: &[&str]) -> Url {
        at_segments(&self.settings.auth_url, segments.iter().copied())
    }

    /// Sends a request to the auth server, with the session of the grant if there is one.
    pub(super) async fn ask(
        &self,
        caller: &Caller,
        method: Method,
        url: &Url,
        body: &Value,
        grant: Option<&Grant>,
    ) -> Result<Response, TransportError> {
        let mut request = wire::request(method, url, body)?;
        caller.introduce(&mut request);
        self.speak_to_auth_server(&mut request, grant);
        self.transport.send(request).await
    }

    fn speak_to_auth_server(&self, request: &mut Request, grant: Option<&Grant>) {
        let headers = request.headers_mut();
        if let Some(origin) = &self.origin {
            headers.insert(ORIGIN, origin.clone());
        }
        let cookies = grant.and_then(grant::cookies).and_then(|cookies| secret_header(cookies.expose()));
        if let Some(cookies) = cookies {
            headers.insert(COOKIE, cookies);
        }
    }

    /// Whether a request goes to the auth server. Its base and that of the API may be on one origin, and one below the
    /// other: then the longer one that the request is below is meant.
    fn is_for_auth_server(&self, uri: &Uri) -> bool {
        let of_api = self.settings.api_url.as_ref().and_then(|base| depth_below(uri, base));
        depth_below(uri, &self.settings.auth_url).is_some_and(|depth| of_api <= Some(depth))
    }

    /// Whether a request goes to the API's server, and not to the auth server.
    fn is_for_api(&self, uri: &Uri) -> bool {
        let is_of_api = self.settings.api_url.as_ref().is_some_and(|base| asked::is_of_origin(uri, base));
        is_of_api && !self.is_for_auth_server(uri)
    }
}

/// How long the path of the base is, if the address is below it.
fn depth_below(uri: &Uri, base: &Url) -> Option<usize> {
    let prefix = base.path().trim_end_matches('/');
    let below = uri.path().strip_prefix(prefix).filter(|_| asked::is_of_origin(uri, base))?;
    (below.is_empty() || below.starts_with('/')).then_some(prefix.len())
}

#[async_trait]
impl Provider for BetterAuthProvider {
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

    async fn sign_in_and_end_others(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let signed_in = self.exchange(caller, attempt).await?;
        self.end_others_of(caller, &signed_in.grant).await;
        Ok(signed_in)
    }

    /// The cookie goes to the auth server only, and the JWT to the API's server only.
    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        if !self.is_ours(grant) {
            return;
        }
        if self.is_for_auth_server(request.uri()) {
            self.speak_to_auth_server(request, Some(grant));
            return;
        }
        // SECURITY: whoever gets the JWT can act for the person until it expires.
        if !self.is_for_api(request.uri()) {
            return;
        }
        let bearer =
            grant.field(grant::JWT).and_then(|token| secret_header(&format!("Bearer {}", token.expose())));
        if let Some(bearer) = bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
    }

    /// SECURITY: the API and hosts behind it set no cookie of the auth server.
    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        if !self.is_ours(grant) || !self.is_for_auth_server(&asked.uri) {
            return Observed::Nothing;
        }
        self.kept.observe(grant, response, self.now())
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(self.settings.leeway)
    }

    /// `GET /token` consumes nothing.
    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Free
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.renew(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.end_session_of(caller, grant).await
    }

    fn tokens_end_with_account(&self) -> bool {
        true
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }

    fn own_sessions(&self) -> Option<&dyn OwnSessions> {
        Some(self)
    }
}
