//! One or several replicas over one store, and browsers in front of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use ironleaf_auth::{Caller, Clock, EmailAddress, TimeLimits};
use ironleaf_bff::edge::{forget_told_session, leave_out_foreign_session};
use ironleaf_bff::{
    AccountFailure, Bff, BffSettings, ConfirmFailure, CoreApi, MaybeUser, PasswordLink, PasswordPolicy,
    RateLimits, RedirectAnswer, RedirectEnd, Remember, ReturnTo, Role, SeenPerson, SessionState,
    SignedOutReason, change_email, change_password, confirm_password, delete_account, delete_person,
    finish_redirect, is_back_from_sign_out, other_than, page_of, refresh_before_rendering, register,
    resend_verification, reset_password, session_cannot_be_checked, set_role, sign_in_with_code,
    sign_in_with_password, sign_out, signed_in_recently, start_reauthentication, start_redirect, time_left,
};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};
use ironleaf_store::{
    Draft, Durability, Expected, Holder, Key, MemoryStore, Record, Store, StoreError, Written,
};
use tokio::task::yield_now;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::provider::{REDIRECT_URI, Scripted};

/// Not a secret: a key for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

pub(crate) struct World {
    pub(crate) provider: Arc<Scripted>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) bff: Bff,
    router: Router,
    millis: Arc<AtomicU64>,
    synced: Arc<AtomicU64>,
    is_away: Arc<AtomicBool>,
    tasks: TaskTracker,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(RateLimits::default())
    }

    pub(crate) fn with(rate_limits: RateLimits) -> Self {
        Self::assembled(rate_limits, &[], PasswordPolicy::default())
    }

    /// Only people with one of these roles are signed in.
    pub(crate) fn for_roles(roles: &[&str]) -> Self {
        Self::assembled(RateLimits::default(), roles, PasswordPolicy::default())
    }

    pub(crate) fn with_policy(password_policy: PasswordPolicy) -> Self {
        Self::assembled(RateLimits::default(), &[], password_policy)
    }

    fn assembled(rate_limits: RateLimits, sign_in_roles: &[&str], password_policy: PasswordPolicy) -> Self {
        let millis = Arc::new(AtomicU64::new(1_800_000_000_000));
        let clock = clock(&millis);
        let store = Arc::new(MemoryStore::new(64 << 20, Arc::clone(&clock)));
        let synced = Arc::<AtomicU64>::default();
        let (provider, tasks) = (Scripted::new(Arc::clone(&clock)), TaskTracker::new());
        let is_away = Arc::<AtomicBool>::default();
        let remote =
            Remote { store: Arc::clone(&store), synced: Arc::clone(&synced), is_away: Arc::clone(&is_away) };
        let sign_in_roles = sign_in_roles.iter().map(|role| (*role).to_owned()).collect();
        let settings = Rules { rate_limits, sign_in_roles, password_policy };
        let bff = bff(&provider, Arc::new(remote), clock, &tasks, settings);
        Self { router: router(&bff), provider, store, bff, millis, synced, is_away, tasks }
    }

    /// The same browser before a process with the same store and other roles for signing in.
    pub(crate) fn after_a_restart(&self, browser: &Browser, roles: &[&str]) -> Browser {
        let remote = Remote {
            store: Arc::clone(&self.store),
            synced: Arc::clone(&self.synced),
            is_away: Arc::clone(&self.is_away),
        };
        let settings = Rules {
            rate_limits: RateLimits::default(),
            sign_in_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            password_policy: PasswordPolicy::default(),
        };
        let bff = bff(&self.provider, Arc::new(remote), clock(&self.millis), &self.tasks, settings);
        Browser { router: router(&bff), ..browser.clone() }
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.millis.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Becomes another machine, whose clock is slow.
    pub(crate) fn set_back(&self, time: Duration) {
        self.millis.fetch_sub(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// From here on, the store grants no leases.
    pub(crate) fn take_store_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), transient: BTreeSet::new() }
    }

    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        assert_eq!(browser.post("/sign-in").await, (StatusCode::OK, "signed in".to_owned()));
        browser
    }

    /// Waits until no background task runs.
    #[expect(clippy::disallowed_methods, reason = "a test has no request to hold up")]
    pub(crate) async fn settled(&self) {
        while !self.tasks.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The bytes and records of the store.
    pub(crate) async fn store_usage(&self) -> (u64, u64) {
        let usage = self.store.usage().await.unwrap().unwrap();
        (usage.used_bytes, usage.entries)
    }

    /// How many writes had to survive a power cut.
    pub(crate) fn synced_writes(&self) -> u64 {
        self.synced.load(Ordering::SeqCst)
    }

    /// How many records the store has.
    pub(crate) async fn records(&self) -> u64 {
        self.store.usage().await.unwrap().unwrap().entries
    }
}

fn clock(millis: &Arc<AtomicU64>) -> Clock {
    let millis = Arc::clone(millis);
    Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
}

/// Who may do what.
struct Rules {
    rate_limits: RateLimits,
    sign_in_roles: Vec<String>,
    password_policy: PasswordPolicy,
}

fn bff(
    provider: &Arc<Scripted>,
    store: Arc<dyn Store>,
    clock: Clock,
    tasks: &TaskTracker,
    rules: Rules,
) -> Bff {
    let (tasks, random) = (tasks.clone(), ironleaf_auth::system_random());
    let Rules { rate_limits, sign_in_roles, password_policy } = rules;
    Bff::new(BffSettings {
        public_origin: "http://127.0.0.1:3000".parse().unwrap(),
        hsts_include_subdomains: false,
        accept_localhost: false,
        reload_origin: None,
        session: SessionSettings { secure: false, ..SessionSettings::default() },
        form_timeout: Duration::from_secs(10),
        sign_in_timeout: Duration::from_secs(10),
        sign_out_timeout: Duration::from_secs(2),
        recent_sign_in: Duration::from_mins(15),
        sign_in_roles,
        password_policy,
        rate_limits,
        ends_per_owner: 64,
        sealer: Sealer::new(KeyRing::parse(TEST_KEY).unwrap(), Arc::clone(&random)),
        store,
        time_limits: TimeLimits::default(),
        spawner: Arc::new(move |task| {
            tasks.spawn(task);
        }),
        observer: ironleaf_auth::nobody(),
        provider: Arc::<Scripted>::clone(provider),
        transport: Arc::<Scripted>::clone(provider),
        clock,
        random,
    })
}

fn router(bff: &Bff) -> Router {
    Router::new()
        .route("/sign-in", post(sign_in))
        .route("/register", post(registration))
        .route("/change-email", post(another_email))
        .route("/change-password", post(another_password))
        .route("/password-by-link", post(password_by_link))
        .route("/take-role", post(take_role))
        .route("/delete-person", post(deletion_of_a_person))
        .route("/confirm", post(confirm))
        .route("/code", post(code))
        .route("/sign-out", post(leave))
        .route("/guest", get(guest).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/call-then-guest", get(call_then_guest).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/guards", get(guards))
        .route("/start", get(start))
        .route("/restart", get(restart))
        .route("/finish", get(finish))
        .route("/left", get(left))
        .route("/why", get(why))
        .route("/who", get(who).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/session-state", get(session_state))
        .route("/time-left", get(left_of_it).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/call", get(call).layer(from_fn_with_state(bff.clone(), refreshed)))
        .layer(from_fn(vetted))
        .layer(bff.session_layer())
        .layer(Extension(bff.clone()))
        .layer(Extension(Caller::default()))
}

type Fields = Query<BTreeMap<String, String>>;

fn parts(request: Request) -> Parts {
    request.into_parts().0
}

async fn vetted(mut request: Request, next: Next) -> Response {
    leave_out_foreign_session(request.extensions_mut());
    forget_told_session(request, |request| next.run(request)).await
}

async fn refreshed(State(bff): State<Bff>, mut request: Request, next: Next) -> Response {
    match refresh_before_rendering(&bff, request.extensions_mut()).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn sign_in(Query(fields): Fields, request: Request) -> (StatusCode, String) {
    let email = fields.get("email").map_or("user@test.com", String::as_str);
    let (address, remember) = (EmailAddress::of_record(email), remember_of(&fields));
    match sign_in_with_password(&parts(request), &address, "password1", remember).await {
        Ok(()) => (StatusCode::OK, "signed in".to_owned()),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

/// `remember=no` is somebody who does not want to be remembered.
fn remember_of(fields: &BTreeMap<String, String>) -> Remember {
    Remember::from_form(fields.get("remember").map(String::as_str), None)
}

async fn registration(Query(fields): Fields, request: Request) -> (StatusCode, String) {
    let email = EmailAddress::of_record(&fields["email"]);
    let password = fields.get("password").map_or("password1", String::as_str);
    match register(&parts(request), &email, password).await {
        Ok(registered) => (StatusCode::OK, format!("{registered:?}")),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

async fn another_email(Query(fields): Fields, request: Request) -> String {
    format!("{:?}", change_email(&parts(request), &EmailAddress::of_record(&fields["email"])).await)
}

async fn another_password(Query(fields): Fields, request: Request) -> String {
    let new = fields.get("new").map_or("password2", String::as_str);
    format!("{:?}", change_password(&parts(request), &fields["current"], new).await)
}

async fn password_by_link(Query(fields): Fields, request: Request) -> String {
    let link = PasswordLink::from_query("token=t1").unwrap();
    format!("{:?}", reset_password(&parts(request), &link, &fields["new"]).await)
}

fn seen_person(fields: &BTreeMap<String, String>) -> SeenPerson {
    SeenPerson { id: fields["id"].clone(), version: fields["version"].clone() }
}

async fn take_role(Query(fields): Fields, request: Request) -> String {
    format!("{:?}", set_role(&parts(request), seen_person(&fields), Role::new("CLERK"), false).await)
}

async fn deletion_of_a_person(Query(fields): Fields, request: Request) -> String {
    format!("{:?}", delete_person(&parts(request), seen_person(&fields)).await.map(drop))
}

async fn confirm(Query(fields): Fields, request: Request) -> String {
    format!("{:?}", confirm_password(&parts(request), &fields["password"]).await)
}

async fn code(Query(fields): Fields, request: Request) -> String {
    format!("{:?}", sign_in_with_code(&parts(request), &fields["code"]).await)
}

async fn leave(request: Request) -> String {
    sign_out(&parts(request), "http://127.0.0.1:3000/left").await.unwrap_or_default()
}

async fn start(Query(fields): Fields, request: Request) -> (StatusCode, String) {
    let return_to = fields.get("return_to").and_then(|path| ReturnTo::parse(path));
    let remember = remember_of(&fields);
    match start_redirect(&parts(request), REDIRECT_URI, return_to.as_ref(), remember).await {
        Ok(url) => (StatusCode::OK, url),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

async fn restart(request: Request) -> (StatusCode, String) {
    match start_reauthentication(&parts(request), REDIRECT_URI, None).await {
        Ok(url) => (StatusCode::OK, url),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

async fn left(Query(fields): Fields, request: Request) -> String {
    let state = fields.get("state").map_or("", String::as_str);
    is_back_from_sign_out(&parts(request), state).to_string()
}

async fn finish(Query(fields): Fields, request: Request) -> (StatusCode, String) {
    let field = |name: &str| fields.get(name).map(String::as_str);
    let outcome = field("code").ok_or_else(|| field("error").unwrap_or_default());
    let answer = RedirectAnswer { state: field("state"), outcome, issuer: None };
    let RedirectEnd { return_to, outcome, .. } = finish_redirect(&parts(request), answer).await;
    match outcome {
        Ok(()) => (StatusCode::OK, return_to.map_or_else(String::new, |path| path.as_str().to_owned())),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

/// The name, the roles, the note, and whether the sign-in is recent.
async fn who(MaybeUser(user): MaybeUser, request: Request) -> String {
    let recently = signed_in_recently(&parts(request));
    let Some(user) = user else { return "nobody".to_owned() };
    let roles: Vec<_> = user.roles.iter().map(Role::name).collect();
    let note = user.claims.get("note").map_or("-", String::as_str);
    format!("{} [{}] {note} {recently}", user.display_name(), roles.join(","))
}

/// How long the session lasts at most, in seconds.
async fn left_of_it(request: Request) -> String {
    time_left(&parts(request)).map_or_else(String::new, |left| left.as_secs().to_string())
}

/// Why a request is anonymous, on a route where no layer has checked.
async fn why(request: Request) -> String {
    SignedOutReason::from_parts(&parts(request)).map_or_else(String::new, |reason| format!("{reason:?}"))
}

async fn call(Query(fields): Fields, request: Request) -> String {
    let core = match CoreApi::from_parts(&parts(request)) {
        Ok(core) => core,
        Err(missing) => return format!("{missing:?}"),
    };
    let call = http::Request::get("/things").body("".into()).unwrap();
    let answered = match fields.get("api") {
        Some(api) => core.call_api(api, call).await,
        None => core.call(call).await,
    };
    answered.map_or_else(|error| format!("{error:?}"), |answer| answer.status().as_u16().to_string())
}

/// Whose session it is, and when it ends, in seconds since 1970: at the latest, and if nobody comes.
async fn session_state(request: Request) -> String {
    match SessionState::from_parts(&parts(request)).unwrap() {
        SessionState::Live(session) => {
            let secs = |end: SystemTime| end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            let name = if session.user.is_guest { "a guest" } else { "somebody" };
            format!("{name} {} {}", secs(session.ends_at), secs(session.idle_ends_at))
        }
        SessionState::SignedOut => "nobody".to_owned(),
        SessionState::Unknown => "unknown".to_owned(),
    }
}

/// Calls the API as whoever is there, or as a guest.
async fn guest(request: Request) -> (StatusCode, String) {
    match CoreApi::for_guest(&parts(request)).await {
        Ok(core) => {
            let call = http::Request::get("/cart").body("".into()).unwrap();
            let answered = core.call(call).await;
            let answer = answered.map(|answer| answer.status().as_u16().to_string());
            (StatusCode::OK, answer.unwrap_or_else(|error| format!("{error:?}")))
        }
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

async fn call_then_guest(request: Request) -> (StatusCode, String) {
    let parts = parts(request);
    let call = http::Request::get("/things").body("".into()).unwrap();
    let answered = CoreApi::from_parts(&parts).unwrap().call(call).await;
    assert!(answered.is_err(), "{answered:?}");
    guest(Request::from_parts(parts, Body::empty())).await
}

/// What lets a signed-in person in, and what it says now.
async fn guards(request: Request) -> String {
    let parts = parts(request);
    let core = CoreApi::from_parts(&parts).unwrap();
    let lets_in = [
        ("maybe-user", MaybeUser::from_parts(&parts).unwrap().0.is_some()),
        ("recently", signed_in_recently(&parts)),
        ("unchecked", session_cannot_be_checked(&parts)),
        ("page", page_of(&parts).is_some()),
        ("other-page", other_than("0", &parts).is_some()),
        ("current-user", core.current_user().await.is_ok()),
        ("reauthentication", start_reauthentication(&parts, REDIRECT_URI, None).await.is_ok()),
        ("account", !matches!(resend_verification(&parts).await, Err(AccountFailure::SignedOut(None)))),
        ("deletion", !matches!(delete_account(&parts).await, Err(AccountFailure::SignedOut(None)))),
        ("confirmation", confirm_password(&parts, "x").await != Err(ConfirmFailure::SignedOut(None))),
        ("reason", SignedOutReason::from_parts(&parts).is_some()),
    ];
    lets_in.into_iter().filter(|(_, is_open)| *is_open).map(|(name, _)| name).collect::<Vec<_>>().join(" ")
}

/// Polls `polls` times, lets everybody else run in between, and then drops the request. Returns whether it was
/// answered.
pub(crate) async fn polled<T>(request: impl Future<Output = T>, polls: usize) -> bool {
    let mut request = Box::pin(request);
    for _ in 0..polls {
        let step = std::future::poll_fn(|context| Poll::Ready(request.as_mut().poll(context)));
        if step.await.is_ready() {
            return true;
        }
        yield_now().await;
    }
    false
}

/// In virtual time.
#[expect(clippy::disallowed_methods, reason = "a test has no request to hold up")]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Keeps cookies as a browser does.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// The names of those that end with the browser.
    transient: BTreeSet<String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> (StatusCode, String) {
        self.send("GET", path).await
    }

    pub(crate) async fn post(&mut self, path: &str) -> (StatusCode, String) {
        self.send("POST", path).await
    }

    /// The answer of `/who`.
    pub(crate) async fn who(&mut self) -> String {
        self.get("/who").await.1
    }

    pub(crate) fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Is closed and opened again.
    pub(crate) fn restart(&mut self) {
        let transient = std::mem::take(&mut self.transient);
        self.cookies.retain(|name, _| !transient.contains(name));
    }

    /// Gets the cookies of an answer that another tab has asked for, and that arrives now.
    pub(crate) fn receives(&mut self, late: &Self) {
        self.cookies.extend(late.cookies.clone());
    }

    async fn send(&mut self, method: &str, path: &str) -> (StatusCode, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = http::Request::builder().method(method).uri(path).header(COOKIE, cookies.join("; "));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.transient.remove(name);
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                if !cookie.contains("Max-Age=") {
                    self.transient.insert(name.to_owned());
                }
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// A store that answers with a delay, as on another machine. A request can be dropped while it waits.
struct Remote {
    store: Arc<MemoryStore>,
    /// How many writes had to survive a power cut.
    synced: Arc<AtomicU64>,
    /// Whether the answers about leases are lost on their way.
    is_away: Arc<AtomicBool>,
}

#[async_trait]
impl Store for Remote {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        yield_now().await;
        self.store.read(keys).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        yield_now().await;
        self.synced.fetch_add(u64::from(draft.durability == Durability::Synced), Ordering::SeqCst);
        self.store.write(key, expected, draft).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        yield_now().await;
        let granted = self.store.acquire(lease, holder, ttl).await;
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::Unreachable("it is away".into()));
        }
        granted
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.store.renew(lease, holder, ttl).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.store.release(lease, holder).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }
}
