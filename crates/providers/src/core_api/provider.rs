use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Method, Uri};
use ironleaf_auth::{
    Accounts, Asked, BaseUrl, Caller, Clock, Grant, Observed, Passkeys, People, Provider, Random,
    RefreshOutcome, RefreshTiming, Repetition, Request, Response, Rest, SecondFactor, SignIn, SignInError,
    SignedIn, Transport, TransportError,
};
use url::Url;

use super::others::Others;
use super::{CoreApiSettings, grant, wire};
use crate::endpoint::at_segments;
use crate::{asked, mark};

/// How long the API recognises a repeated refresh by its key, if it declares that it does.
const IDEMPOTENCY_WINDOW: Duration = Duration::from_mins(10);

/// Implements the core API's contract, as [`Provider`], as [`Accounts`], and as [`People`].
///
/// It asks for tokens in the answer's body, and never for the API's own cookies (no `Auth-Context: browser`).
pub struct CoreApiProvider {
    base_urls: [BaseUrl; 1],
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    pub(super) random: Random,
    pub(super) settings: CoreApiSettings,
    /// The mark of our own grants.
    pub(super) issued_by: Option<String>,
    /// `None` if the base URL is not that of an API.
    pub(super) current_user: Option<Uri>,
    /// Whether the API declared, in its last answer about a person, that a new password ends the person's other token
    /// families.
    pub(super) ends_families: AtomicBool,
    /// Whether the API declared, in the same way, that it keeps the activity of accounts.
    pub(super) has_activity: AtomicBool,
    /// Whether the API declared, likewise, that people can sign in with a second step.
    pub(super) has_second_factor: AtomicBool,
}

impl CoreApiProvider {
    /// A provider for the API at the base URL of the settings.
    pub fn new(
        settings: CoreApiSettings,
        transport: Arc<dyn Transport>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let base_urls = [BaseUrl { name: "api".to_owned(), url: settings.base_url.clone() }];
        let current_user =
            at_segments(&settings.base_url, ["user", "users", "current"]).as_str().parse().ok();
        let issued_by = settings.marks_grants.then(|| mark::of_api("core-api", &settings.base_url));
        let [ends_families, has_activity, has_second_factor] = [false; 3].map(AtomicBool::new);
        Self {
            base_urls,
            transport,
            clock,
            random,
            settings,
            issued_by,
            current_user,
            ends_families,
            has_activity,
            has_second_factor,
        }
    }

    /// The URL of an endpoint. Each item stays one path segment, whatever it contains.
    pub(super) fn endpoint(&self, segments: &[&str]) -> Url {
        at_segments(&self.settings.base_url, segments.iter().copied())
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Whether the answer to this is the record of the person with this identifier: that of the current user, or what
    /// became of it by a change.
    fn is_for_record(&self, asked: &Asked, id: &str) -> bool {
        match asked.method {
            Method::GET => asked::is_at(&asked.uri, &self.endpoint(&["user", "users", "current"])),
            Method::PATCH => asked::is_at(&asked.uri, &self.endpoint(&["user", "users", id])),
            _ => false,
        }
    }
}

#[async_trait]
impl Provider for CoreApiProvider {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn is_ours(&self, grant: &Grant) -> bool {
        grant::is_issued_by(grant, self.issued_by.as_deref())
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
        self.exchange(caller, attempt, Others::Stay, existing).await
    }

    async fn sign_in_and_end_others(
        &self,
        caller: &Caller,
        attempt: SignIn,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        // If the password change has already ended the other sessions, the API is not asked to end them: if that answer
        // got lost, this session would end as well.
        let others = if self.ends_families.load(Ordering::Relaxed) { Others::Stay } else { Others::End };
        self.exchange(caller, attempt, others, existing).await
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        let nobody = Grant::default();
        let grant = if self.is_ours(grant) { grant } else { &nobody };
        wire::authorize(caller, grant, request);
    }

    fn observe(&self, grant: &Grant, asked: &Asked, response: &Response) -> Observed {
        let known = grant.identity.as_ref().filter(|known| self.is_for_record(asked, &known.id));
        let Some((known, user)) = known.and_then(|known| Some((known, wire::user(response)?))) else {
            return Observed::Nothing;
        };
        // SECURITY: the record of somebody else, or one from a cache, must not turn a person into another.
        if user.id != known.id || user == **known {
            return Observed::Nothing;
        }
        let user = Arc::new(user);
        Observed::AtOnce(Arc::new(move |grant| grant.identity = Some(Arc::clone(&user))))
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(self.settings.leeway)
    }

    fn repetition(&self, grant: &Grant) -> Repetition {
        match grant.field(grant::IDEMPOTENCY_KEY) {
            Some(_) => Repetition::Recognised { within: IDEMPOTENCY_WINDOW, then: Rest::SHORT },
            None => Repetition::AskAgain(Rest::SHORT),
        }
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.rotate(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.revoke_family(caller, grant).await
    }

    fn tokens_end_with_account(&self) -> bool {
        true
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }

    fn people(&self) -> Option<&dyn People> {
        Some(self)
    }

    fn second_factor(&self) -> Option<&dyn SecondFactor> {
        Some(self)
    }

    fn passkeys(&self) -> Option<&dyn Passkeys> {
        self.settings.has_passkeys.then_some(self as &dyn Passkeys)
    }
}
