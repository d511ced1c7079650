use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::{
    Accounts, BaseUrl, Caller, Clock, Grant, Observed, Provider, Random, RefreshOutcome, RefreshTiming,
    Repetition, Request, Response, Rest, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use url::Url;

use super::others::Others;
use super::{CoreApiSettings, grant, wire};

/// For how long the API recognises a repeated refresh by its key, where it says that it does.
const IDEMPOTENCY_WINDOW: Duration = Duration::from_mins(10);

/// Speaks the core API's contract, as [`Provider`] and as [`Accounts`].
///
/// It asks for tokens in the answer's body, never for the API's own cookies (no `Auth-Context: browser`).
pub struct CoreApiProvider {
    base_urls: [BaseUrl; 1],
    pub(super) transport: Arc<dyn Transport>,
    clock: Clock,
    pub(super) random: Random,
    pub(super) settings: CoreApiSettings,
    /// Whether the API has said, with the last answer about a person, that a new password ends their other token families.
    pub(super) ends_families: AtomicBool,
}

impl CoreApiProvider {
    /// A provider for the API that the settings name.
    pub fn new(
        settings: CoreApiSettings,
        transport: Arc<dyn Transport>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let base_urls = [BaseUrl { name: "api".to_owned(), url: settings.base_url.clone() }];
        Self { base_urls, transport, clock, random, settings, ends_families: AtomicBool::new(false) }
    }

    /// The address of an endpoint. Each segment is one segment, whatever is in it.
    pub(super) fn endpoint(&self, segments: &[&str]) -> Url {
        let mut url = self.settings.base_url.clone();
        // An address that cannot have a path stays as it is, and the transport refuses it.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

#[async_trait]
impl Provider for CoreApiProvider {
    fn name(&self) -> &str {
        &self.settings.name
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
        self.exchange(caller, attempt, Others::Stay).await
    }

    async fn sign_in_and_end_others(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        // Where the change of the password has ended them, an answer that is lost shall not end this one as well.
        let others = if self.ends_families.load(Ordering::Relaxed) { Others::Stay } else { Others::End };
        self.exchange(caller, attempt, others).await
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        wire::authorize(caller, grant, request);
    }

    fn observe(&self, grant: &Grant, response: &Response) -> Observed {
        let Some((known, user)) = grant.identity.as_ref().zip(wire::user(response)) else {
            return Observed::Nothing;
        };
        // An administrator is shown other people, too.
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
}
