use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, Clock, Field, Grant, Observed, Provider, Random, RefreshOutcome,
    RefreshTiming, Repetition, Request, Response, Rest, SecretText, SignIn, SignInError, SignedIn, Transport,
    TransportError,
};
use serde_json::Value;

use super::grant::{ACCESS, CSRF, REFRESH};
use super::{CookieApiSettings, RefreshReuse, cookies, csrf, grant, wire};
use crate::{asked, endpoint, mark};

/// Answers about a person are short. A longer one is not looked at.
const LONGEST_RECORD_BYTES: usize = 64 * 1024;

/// Signs people in at an API that keeps its tokens in cookies.
///
/// The browser never sees these cookies: they are in the sealed session.
pub struct CookieApiProvider {
    base_urls: [BaseUrl; 1],
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    pub(super) random: Random,
    pub(super) settings: CookieApiSettings,
    /// The mark of our own grants.
    pub(super) issued_by: String,
}

impl CookieApiProvider {
    /// A provider for the API at the base URL of the settings.
    pub fn new(
        settings: CookieApiSettings,
        transport: Arc<dyn Transport>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let transport = wire::naming(&settings, transport);
        let base_urls = [BaseUrl { name: "api".to_owned(), url: settings.base_url.clone() }];
        let issued_by = mark::of_api("cookie-api", &settings.base_url);
        Self { base_urls, transport, clock, random, settings, issued_by }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Sends `body` to one of our own paths with these cookies of the grant.
    pub(super) async fn call(
        &self,
        caller: &Caller,
        grant: &Grant,
        (method, path): (Method, &str),
        fields: &[Field],
        body: &Value,
    ) -> Result<Response, TransportError> {
        let mut request = endpoint::request(method, &endpoint::at_path(&self.settings.base_url, path), body)?;
        self.introduce(caller, grant, fields, &mut request);
        self.transport.send(request).await
    }

    /// Puts these cookies of the grant into the request, and nothing of the browser's.
    fn introduce(&self, caller: &Caller, grant: &Grant, fields: &[Field], request: &mut Request) {
        caller.introduce(request);
        let name = |field: Field| match field {
            REFRESH => self.settings.refresh_cookie.as_str(),
            _ => self.settings.access_cookie.as_str(),
        };
        let mut sent: Vec<(&str, &SecretText)> =
            fields.iter().filter_map(|field| Some((name(*field), grant.field(*field)?))).collect();
        // A session from before the pair was set has no value yet.
        let first = || self.is_ours(grant).then(|| csrf::first_value(&self.random));
        let value = grant.field(CSRF).cloned().or_else(first);
        if let Some((pair, value)) = self.settings.csrf.as_ref().zip(value.as_ref()) {
            sent.push((&pair.cookie, value));
            if csrf::is_asked_for(request.method()) {
                csrf::repeat(pair, value, request);
            }
        }
        cookies::send(request, &sent);
    }

    /// Whether the API, and nobody before it, says that the session has ended.
    pub(super) fn is_refusal(&self, response: &Response) -> bool {
        wire::is_error(&self.settings, response, &self.settings.refusals)
    }

    /// Whether the API itself answered with this status.
    pub(super) fn is_error(&self, response: &Response, status: StatusCode) -> bool {
        wire::is_error(&self.settings, response, &[status])
    }

    /// What the answer says about the grant's own person, if that is new.
    fn new_identity(
        &self,
        grant: &Grant,
        asked: &Asked,
        response: &Response,
    ) -> Option<ironleaf_auth::Identity> {
        // SECURITY: any other record, such as an invitation, may have a person's number, and roles that somebody else
        // wrote.
        let me = endpoint::at_path(&self.settings.base_url, &self.settings.me_path);
        if asked.method != Method::GET || !asked::is_at(&asked.uri, &me) {
            return None;
        }
        let known = grant.identity.as_ref()?;
        let content_type = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        if !content_type.contains("json") || response.body().len() > LONGEST_RECORD_BYTES {
            return None;
        }
        let answer = wire::object(response)?;
        let user = self.settings.person.read(&answer)?;
        let is_whole = match asked.uri.query() {
            None => self.settings.person.is_whole(&answer),
            // SECURITY: a query may ask for a part. What is not in it would read as a verified address, and as no name.
            Some(_) => self.settings.person.has_all(&answer),
        };
        // The record of somebody else, or one from a cache, must not turn a person into another.
        (user.id == known.id && user != **known && is_whole).then_some(user)
    }
}

#[async_trait]
impl Provider for CookieApiProvider {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn is_ours(&self, grant: &Grant) -> bool {
        grant::is_issued_by(grant, &self.issued_by)
    }

    /// The refresh cookie alone counts: the value against forged requests is random in each sign-in.
    fn is_one_sign_in(&self, over: &Grant, living: &Grant) -> bool {
        let cookies = over.field(REFRESH).zip(living.field(REFRESH));
        cookies.is_some_and(|(over, living)| over == living)
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

    /// SECURITY: the access cookie alone. The refresh cookie goes to the refresh and the sign-out only.
    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        if self.is_ours(grant) {
            self.introduce(caller, grant, &[ACCESS], request);
        } else {
            self.introduce(caller, &Grant::default(), &[], request);
        }
    }

    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        if let Some(identity) = self.new_identity(grant, asked, response) {
            let identity = Arc::new(identity);
            return Observed::AtOnce(Arc::new(move |grant| grant.identity = Some(Arc::clone(&identity))));
        }
        // SECURITY: a host that a page's call names beside the API must not write what goes to the API. (No answer with
        // 401 or 5xx comes here.) The API's own origin is enough: the endpoint for the value may be beside its base.
        let teaches = self.is_ours(grant) && asked::is_of_origin(&asked.uri, &self.settings.base_url);
        let pair = self.settings.csrf.as_ref().filter(|_| teaches);
        let given = pair.and_then(|pair| cookies::given(response, &pair.cookie));
        match given.filter(|given| grant.field(CSRF) != Some(&given.value)) {
            // Any value serves, so one that gets lost costs nothing.
            Some(given) => Observed::Lazily(Arc::new(move |grant| grant.set(CSRF, given.value.clone()))),
            None => Observed::Nothing,
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(self.settings.leeway)
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        let within = self.settings.reuse_grace;
        match self.settings.reuse_ends {
            // Whatever grace there is: a repetition that arrives after it would cost the person's other sessions.
            RefreshReuse::Person => Repetition::Never,
            RefreshReuse::Session if !within.is_zero() => {
                Repetition::Recognised { within, then: Rest::SHORT }
            }
            RefreshReuse::Session => Repetition::AskAgain(Rest::SHORT),
            RefreshReuse::Nothing => Repetition::Free,
        }
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.rotate(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.leave(caller, grant).await
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        self.settings.registration.as_ref().map(|_| self as &dyn Accounts)
    }
}
