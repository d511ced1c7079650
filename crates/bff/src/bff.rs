use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, Clock, EndReason, KnownRole, Lifecycle, LifecycleSettings,
    Observer, People, Provider, Random, RedirectSignIn, SecretText, Spawner, Task, TimeLimits, Transport,
};
use ironleaf_records::{End, Principal, RecordLimits, Records};
use ironleaf_session::{Owner, Record, Sealer, SessionId, SessionSettings};
use ironleaf_store::Store;

use crate::PublicOrigin;
use crate::edge::{Answers, Noted, ResponseHeaders};
use crate::few_lines::FewLines;
use crate::limits::{Limits, RateLimits};
use crate::passwords::PasswordPolicy;
use crate::seals::Seals;

/// The state that the layers, extractors and use cases of this crate share. Cheap to clone.
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
    noted: Noted,
    seals: Seals,
    logout_lines: FewLines,
    redirect_lines: FewLines,
    password_lines: FewLines,
}

/// How the application is served, and which services it calls.
#[derive(Clone)]
pub struct BffSettings {
    /// The origin that browsers use.
    pub public_origin: PublicOrigin,
    /// Whether browsers must use TLS for every subdomain as well.
    pub hsts_include_subdomains: bool,
    /// Whether the name `localhost` is also accepted if the origin is a loopback address.
    pub accept_localhost: bool,
    /// The address at which a development build listens for changes, such as `ws://127.0.0.1:3002`.
    pub reload_origin: Option<String>,
    /// The session and its cookie.
    pub session: SessionSettings,
    /// How long a form may take to arrive.
    pub form_timeout: Duration,
    /// How long a sign-in or a change to an account may take, including all calls to the provider.
    pub sign_in_timeout: Duration,
    /// How long a sign-out waits for the provider before it continues without an answer.
    pub sign_out_timeout: Duration,
    /// How long a sign-in counts as recent enough for a change to the account itself (ASVS 7.5.1).
    pub recent_sign_in: Duration,
    /// Only people with one of these roles are signed in. Empty: everybody is.
    pub sign_in_roles: Vec<String>,
    /// What a new password must not be.
    pub password_policy: PasswordPolicy,
    /// How often somebody may try.
    pub rate_limits: RateLimits,
    /// How many ended sessions of one person are remembered one by one.
    pub ends_per_owner: u32,
    /// Seals sessions, and the parts of them that the store keeps.
    pub sealer: Sealer,
    /// Holds heads, leases and tombstones. Replicas share it.
    pub store: Arc<dyn Store>,
    /// How long a refresh may take, and how long things are kept. [`TimeLimits::request`] bounds the total time that a
    /// page waits, for its refresh and for its calls to the core API.
    pub time_limits: TimeLimits,
    /// Runs refreshes and sign-outs, which no closed connection may cancel.
    pub spawner: Spawner,
    /// Receives the events of the tokens' life.
    pub observer: Observer,
    /// Signs people in. [`CoreApi::call`](crate::CoreApi::call) calls its APIs.
    pub provider: Arc<dyn Provider>,
    /// How requests reach those APIs.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
}

impl Bff {
    /// Creates the shared state from its parts.
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
            noted: Noted::default(),
            seals: Seals::default(),
            logout_lines: FewLines::default(),
            redirect_lines: FewLines::default(),
            password_lines: FewLines::default(),
        }))
    }

    /// How people sign in by redirect, if the provider signs them in that way.
    pub fn redirect_sign_in(&self) -> Option<&RedirectSignIn> {
        self.provider().redirect_sign_in()
    }

    /// Whether the provider offers this for accounts.
    pub fn offers(&self, ability: AccountAbility) -> bool {
        self.provider().accounts().is_some_and(|accounts| accounts.offers(ability))
    }

    /// The roles that people have at the back end, if it lets administrators see and change people. Otherwise there is
    /// nobody to administer.
    pub fn known_roles(&self) -> Option<&[KnownRole]> {
        self.provider().people().map(People::roles)
    }

    /// Whether people may be able to set up a second step. Of an API that says so itself, this is known by its name, and
    /// [`offers`](Self::offers) tells what it has said.
    pub fn may_have_second_factor(&self) -> bool {
        self.provider().second_factor().is_some()
    }

    /// The address at which browsers find a path of this application: `https://app.example.com/auth/callback`.
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.0.settings.public_origin.as_str())
    }

    /// Tells the instance that the process is about to end. Background work that another process can do later ends at
    /// once.
    pub fn close(&self) {
        self.0.lifecycle.close();
    }

    /// Ends every session that has this identifier at the provider. All replicas see it with their next request (OpenID
    /// Connect Back-Channel Logout 1.0, section 2.6). A refresh under way does not revive the session.
    pub async fn end_by_sid(&self, sid: &str) {
        let what = End::ProviderSid { sid: sid.to_owned(), not_before: self.now() };
        self.write_end(what, EndReason::EndedByProvider).await;
    }

    /// Ends every session of the person that has this identifier at the provider. All replicas see it with their next
    /// request.
    pub async fn end_by_owner(&self, subject: &str, reason: EndReason) {
        let owner = Owner::new(self.provider().name(), subject);
        self.bury_owner(owner, self.now(), reason).await;
    }

    /// SECURITY: after this, no copy of the session's cookie is accepted. The end is remembered for as long as a copy
    /// could be valid.
    pub(crate) async fn bury(&self, record: &Record<Principal>, reason: EndReason) {
        self.bury_one(record.id, record.owner, record.created_at, reason).await;
    }

    /// Does the same for a session that is known without its cookie. Returns whether that is stored by now.
    pub(crate) async fn bury_one(
        &self,
        id: SessionId,
        owner: Owner,
        created_at: SystemTime,
        reason: EndReason,
    ) -> bool {
        self.write_end(End::Session { id, owner, created_at }, reason).await
    }

    /// Does the same for every session of the owner that began before `not_before`. A session that was begun by a
    /// machine with a fast clock survives until its grant ends.
    pub(crate) async fn bury_owner(&self, owner: Owner, not_before: SystemTime, reason: EndReason) -> bool {
        self.write_end(End::Owner { owner, not_before }, reason).await
    }

    /// Does the same for every session of the owner that began before `not_before`, except for this one.
    pub(crate) async fn bury_others(
        &self,
        record: &Record<Principal>,
        not_before: SystemTime,
        reason: EndReason,
    ) -> bool {
        let Record { id: except, owner, created_at, .. } = *record;
        self.write_end(End::Others { owner, not_before, except, created_at }, reason).await
    }

    /// Returns whether the end is stored by now. If not, that is tried again.
    async fn write_end(&self, what: End, reason: EndReason) -> bool {
        let ended = self.0.records.end(&what, reason).await;
        if let Err(error) = &ended {
            tracing::error!(%error, "the end of a session is not stored yet; copies of its cookie stay valid until it is");
            let records = self.0.records.clone();
            self.spawn(Box::pin(async move {
                records.end_when_possible(what, reason).await;
            }));
        }
        ended.is_ok()
    }

    pub(crate) fn public_origin(&self) -> &PublicOrigin {
        &self.0.settings.public_origin
    }

    /// Every origin at which this application answers.
    pub fn origins(&self) -> impl Iterator<Item = &PublicOrigin> {
        self.0.origins.iter()
    }

    pub(crate) fn response_headers(&self) -> &ResponseHeaders {
        &self.0.headers
    }

    pub(crate) fn session_settings(&self) -> &SessionSettings {
        &self.0.settings.session
    }

    /// The answers to the forms of the last minute.
    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    /// The sessions that were noted for the lists of their persons lately.
    pub(crate) fn noted(&self) -> &Noted {
        &self.0.noted
    }

    /// When the sessions with open streams were sealed last.
    pub(crate) fn seals(&self) -> &Seals {
        &self.0.seals
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

    /// The total time that a page waits for the core API. It equals the time that a request waits for a refresh.
    pub(crate) fn page_timeout(&self) -> Duration {
        self.0.settings.time_limits.request
    }

    /// Runs a task that no closed connection may interrupt.
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

    pub(crate) fn people(&self) -> Result<&dyn People, AccountError> {
        let provider = self.provider();
        provider
            .people()
            .ok_or_else(|| AccountError::Unavailable(format!("{} shows no people", provider.name())))
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.settings.transport
    }

    /// Whether this person may be signed in here. Guests may.
    pub(crate) fn admits(&self, person: &User) -> bool {
        let roles = &self.0.settings.sign_in_roles;
        roles.is_empty() || person.is_guest || roles.iter().any(|role| person.has_role(role))
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    /// What has been logged about logout tokens lately.
    pub(crate) fn logout_lines(&self) -> &FewLines {
        &self.0.logout_lines
    }

    /// What has been logged about errors that came back through browsers lately.
    pub(crate) fn redirect_lines(&self) -> &FewLines {
        &self.0.redirect_lines
    }

    /// What has been logged about new passwords lately.
    pub(crate) fn password_lines(&self) -> &FewLines {
        &self.0.password_lines
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

    /// 256 bits as text, as RFC 7636, section 7.1, recommends for a verifier. Also enough for a state or a nonce.
    pub(crate) fn random_text(&self) -> SecretText {
        let mut bytes = [0; 32];
        self.fill_random(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    pub(crate) fn fill_random(&self, buffer: &mut [u8]) {
        (self.0.settings.random)(buffer);
    }
}
