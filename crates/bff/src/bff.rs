use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ironleaf_auth::{
    AccountError, Accounts, Clock, EndReason, Lifecycle, LifecycleSettings, Observer, Provider, Random,
    Spawner, Task, TimeLimits, Transport,
};
use ironleaf_records::{End, Principal, RecordLimits, Records};
use ironleaf_session::{Owner, Record, Sealer, SessionSettings};
use ironleaf_store::Store;

use crate::PublicOrigin;
use crate::edge::{Answers, ResponseHeaders};
use crate::limits::{Limits, RateLimits};

/// What the layers, extractors and use cases of this crate share. Cheap to clone.
#[derive(Clone)]
pub struct Bff(Arc<Shared>);

struct Shared {
    settings: BffSettings,
    origins: Vec<PublicOrigin>,
    headers: ResponseHeaders,
    lifecycle: Lifecycle,
    limits: Arc<Limits>,
    records: Records,
    answers: Answers,
}

/// How the application is served, and what it stands in front of.
#[derive(Clone)]
pub struct BffSettings {
    /// The origin that browsers use.
    pub public_origin: PublicOrigin,
    /// Whether browsers are to ask for TLS at every name below this one as well.
    pub hsts_include_subdomains: bool,
    /// Whether `localhost` is accepted for a loopback origin as well.
    pub accept_localhost: bool,
    /// Where a development build listens for changes, such as `ws://127.0.0.1:3002`.
    pub reload_origin: Option<String>,
    /// The session and its cookie.
    pub session: SessionSettings,
    /// How long a form may take to arrive.
    pub form_timeout: Duration,
    /// How long a sign-in or a change to an account may take, all calls to the provider together.
    pub sign_in_timeout: Duration,
    /// How long a sign-out may wait for the provider before it goes on without.
    pub sign_out_timeout: Duration,
    /// For how long a sign-in is good enough for a change to the account itself (ASVS 7.5.1).
    pub recent_sign_in: Duration,
    /// How often somebody may try.
    pub rate_limits: RateLimits,
    /// How many ended sessions of one person are remembered one by one.
    pub ends_per_owner: u32,
    /// Seals sessions, and what is kept of them in the store.
    pub sealer: Sealer,
    /// Where heads, leases and tombstones are; replicas share it.
    pub store: Arc<dyn Store>,
    /// How long a refresh may take, and how long things are kept. A page waits for [`TimeLimits::request`] in all: for its
    /// refresh and for what it asks the core API then.
    pub time_limits: TimeLimits,
    /// Where refreshes and sign-outs run, which no closed connection may cancel.
    pub spawner: Spawner,
    /// Is told what happens to tokens.
    pub observer: Observer,
    /// Who signs people in, and whose APIs [`CoreApi::call`](crate::CoreApi::call) calls.
    pub provider: Arc<dyn Provider>,
    /// How requests reach those APIs.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
}

impl Bff {
    /// Puts the pieces together.
    pub fn new(settings: BffSettings) -> Self {
        let localhost = settings.public_origin.as_localhost().filter(|_| settings.accept_localhost);
        let origins = std::iter::once(settings.public_origin.clone()).chain(localhost).collect();
        let headers = ResponseHeaders::new(
            &settings.public_origin,
            settings.hsts_include_subdomains,
            settings.reload_origin.as_deref(),
        );
        let limits =
            Limits::new(settings.rate_limits, Arc::clone(&settings.store), Arc::clone(&settings.clock))
                .into();
        let records = Records::new(
            Arc::clone(&settings.store),
            settings.sealer.clone(),
            Arc::clone(&settings.clock),
            RecordLimits {
                absolute_timeout: settings.session.absolute_timeout,
                ends_per_owner: settings.ends_per_owner,
            },
        );
        let lifecycle = Lifecycle::new(LifecycleSettings {
            provider: Arc::clone(&settings.provider),
            heads: Arc::new(records.clone()),
            clock: Arc::clone(&settings.clock),
            random: Arc::clone(&settings.random),
            spawner: Arc::clone(&settings.spawner),
            observer: Arc::clone(&settings.observer),
            time_limits: settings.time_limits,
        });
        Self(Arc::new(Shared {
            settings,
            origins,
            headers,
            lifecycle,
            limits,
            records,
            answers: Answers::default(),
        }))
    }

    /// The process is to end: what goes on without anybody waiting, and can be left to the next process, ends at once.
    pub fn close(&self) {
        self.0.lifecycle.close();
    }

    /// Ends every session that the provider knows by this identifier, on every replica by the next request (OpenID Connect
    /// Back-Channel Logout 1.0, section 2.6). A refresh under way does not bring it back.
    pub async fn end_by_sid(&self, sid: &str) {
        let what = End::ProviderSid { sid: sid.to_owned(), not_before: self.now() };
        self.write_end(what, EndReason::EndedByProvider).await;
    }

    /// Ends every session of the person whom the provider knows by this identifier, on every replica by the next request.
    pub async fn end_by_owner(&self, subject: &str, reason: EndReason) {
        let owner = Owner::new(self.provider().name(), subject);
        self.bury_owner(owner, self.now(), reason).await;
    }

    /// SECURITY: no copy of the session's cookie is accepted from here on. As long as one could be, this is remembered.
    pub(crate) async fn bury(&self, record: &Record<Principal>, reason: EndReason) {
        let what = End::Session { id: record.id, owner: record.owner, created_at: record.created_at };
        self.write_end(what, reason).await;
    }

    /// The same for every session of the owner that began before a time. One that a machine with a clock ahead of ours has
    /// begun survives until its grant ends.
    pub(crate) async fn bury_owner(&self, owner: Owner, not_before: SystemTime, reason: EndReason) {
        self.write_end(End::Owner { owner, not_before }, reason).await;
    }

    async fn write_end(&self, what: End, reason: EndReason) {
        if let Err(error) = self.0.records.end(&what, reason).await {
            tracing::error!(%error, "until its end is written down, copies of a session stay valid");
            let records = self.0.records.clone();
            self.spawn(Box::pin(async move {
                records.end_when_possible(what, reason).await;
            }));
        }
    }

    /// Every origin under which this application answers.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &PublicOrigin> {
        self.0.origins.iter()
    }

    pub(crate) fn response_headers(&self) -> &ResponseHeaders {
        &self.0.headers
    }

    pub(crate) fn session_settings(&self) -> &SessionSettings {
        &self.0.settings.session
    }

    /// What was answered to the forms of the last minute.
    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    pub(crate) fn form_timeout(&self) -> Duration {
        self.0.settings.form_timeout
    }

    pub(crate) fn sign_in_timeout(&self) -> Duration {
        self.0.settings.sign_in_timeout
    }

    pub(crate) fn sign_out_timeout(&self) -> Duration {
        self.0.settings.sign_out_timeout
    }

    pub(crate) fn recent_sign_in(&self) -> Duration {
        self.0.settings.recent_sign_in
    }

    /// A page waits as long for the core API in all as a request does for a refresh alone.
    pub(crate) fn page_timeout(&self) -> Duration {
        self.0.settings.time_limits.request
    }

    /// Runs what no closed connection may cut.
    pub(crate) fn spawn(&self, task: Task) {
        (self.0.settings.spawner)(task);
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0.settings.clock)()
    }

    pub(crate) fn provider(&self) -> &Arc<dyn Provider> {
        &self.0.settings.provider
    }

    pub(crate) fn accounts(&self) -> Result<&dyn Accounts, AccountError> {
        let provider = self.provider();
        provider
            .accounts()
            .ok_or_else(|| AccountError::Unavailable(format!("{} offers no accounts", provider.name())))
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.settings.transport
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.settings.store
    }

    pub(crate) fn records(&self) -> &Records {
        &self.0.records
    }

    pub(crate) fn settings(&self) -> &BffSettings {
        &self.0.settings
    }

    pub(crate) fn fill_random(&self, buffer: &mut [u8]) {
        (self.0.settings.random)(buffer);
    }
}
