//! The world of the target `callback`: an application whose people sign in at a scripted provider.

mod provider;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{RawQuery, Request};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Uri};
use ironleaf_auth::{Caller, Clock, Random, TimeLimits};
use ironleaf_bff::{
    Allowance, Bff, BffSettings, MaybeUser, PasswordPolicy, RateLimits, RedirectFailure, RedirectQuery, Remember, finish_redirect,
    start_redirect,
};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};
use ironleaf_store::MemoryStore;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use self::provider::Scripted;
pub use self::provider::{CODE, ISSUER};

const ORIGIN: &str = "https://app.test";
/// Not a secret: a key for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
const SESSION: &str = "session";

/// One for all inputs. No two attempts in it have the same state.
pub static WORLD: LazyLock<World> = LazyLock::new(World::open);

pub struct World {
    router: Router,
    provider: Arc<Scripted>,
    secs: Arc<AtomicU64>,
    runtime: Runtime,
}

/// An attempt to sign in that is out, and the cookies of its browser.
pub struct Out {
    pub state: String,
    cookies: String,
}

/// What came of a callback.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Whether the attempt succeeded.
    pub outcome: Result<(), RedirectFailure>,
    /// Who is signed in afterwards.
    pub person: Option<String>,
    /// Whether the answer sets a session cookie.
    pub has_session: bool,
    /// How often the provider was asked.
    pub asked: u32,
}

impl World {
    fn open() -> Self {
        let secs = Arc::new(AtomicU64::new(1_800_000_000));
        let clock: Clock = {
            let secs = Arc::clone(&secs);
            Arc::new(move || UNIX_EPOCH + Duration::from_secs(secs.load(Ordering::Relaxed)))
        };
        let provider = Arc::new(Scripted::new(Arc::clone(&clock)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let bff = bff(&provider, clock);
        let router = Router::new()
            .route("/start", get(start))
            .route("/finish", get(finish))
            .layer(bff.session_layer())
            .layer(Extension(bff))
            .layer(Extension(Caller::default()));
        Self { router, provider, secs, runtime }
    }

    /// A browser leaves for the provider.
    pub fn leave(&self) -> Out {
        // What is remembered of earlier attempts is forgotten in time.
        self.secs.fetch_add(1, Ordering::Relaxed);
        let (_, headers, state) = self.visit("/start", None);
        let cookies =
            headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()?.split(';').next());
        Out {
            state: state.expect("an address with a state"),
            cookies: cookies.collect::<Vec<_>>().join("; "),
        }
    }

    /// A browser comes back, with these cookies around its own.
    pub fn come_back(&self, out: &Out, query: &str, before: &[u8], after: &[u8]) -> Option<Ended> {
        let cookies = [before, b"; ", out.cookies.as_bytes(), b"; ", after].concat();
        let cookies = HeaderValue::from_bytes(&cookies).ok()?;
        let path = format!("/finish?{query}");
        Uri::try_from(path.as_str()).ok()?;
        let before = self.provider.asked();
        let (ended, headers, _) = self.visit(&path, Some(cookies));
        let sets = |line: &HeaderValue| {
            let pair = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            pair.split_once('=').is_some_and(|(name, value)| name.contains(SESSION) && !value.is_empty())
        };
        let has_session = headers.get_all(SET_COOKIE).iter().any(sets);
        Some(Ended {
            has_session,
            asked: self.provider.asked() - before,
            ..ended.expect("the route says how it ended")
        })
    }

    fn visit(&self, path: &str, cookies: Option<HeaderValue>) -> (Option<Ended>, HeaderMap, Option<String>) {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().expect("the path was checked");
        if let Some(cookies) = cookies {
            request.headers_mut().insert(COOKIE, cookies);
        }
        let response =
            self.runtime.block_on(self.router.clone().oneshot(request)).expect("a router has no error");
        let (mut parts, _) = response.into_parts();
        let state = parts.extensions.remove::<State>().map(|State(state)| state);
        (parts.extensions.remove(), parts.headers, state)
    }
}

#[derive(Clone)]
struct State(String);

async fn start(request: Request) -> Extension<State> {
    let (parts, _) = request.into_parts();
    let address =
        start_redirect(&parts, &format!("{ORIGIN}/finish"), None, Remember::Yes).await.expect("the provider is there");
    let (_, state) = address.split_once("state=").expect("an address has a state");
    Extension(State(state.to_owned()))
}

async fn finish(RawQuery(query): RawQuery, request: Request) -> Extension<Ended> {
    let (parts, _) = request.into_parts();
    let query = RedirectQuery::parse(&query.unwrap_or_default());
    let end = finish_redirect(&parts, query.answer()).await;
    let MaybeUser(person) = MaybeUser::from_parts(&parts).expect("the layers are there");
    let person = person.map(|person| person.id);
    Extension(Ended { outcome: end.outcome, person, has_session: false, asked: 0 })
}

fn bff(provider: &Arc<Scripted>, clock: Clock) -> Bff {
    let endless = Allowance::new(u32::MAX, Duration::from_secs(1));
    let random = counting();
    Bff::new(BffSettings {
        public_origin: ORIGIN.parse().expect("it is an origin"),
        hsts_include_subdomains: false,
        accept_localhost: false,
        reload_origin: None,
        session: SessionSettings::default(),
        form_timeout: Duration::from_secs(10),
        sign_in_timeout: Duration::from_secs(10),
        sign_out_timeout: Duration::from_secs(2),
        recent_sign_in: Duration::from_mins(15),
        sign_in_roles: Vec::new(),
        password_policy: PasswordPolicy::default(),
        rate_limits: RateLimits {
            strict: endless,
            account: endless,
            address: endless,
            guests: endless,
            sign_ins: endless,
            recipient: endless,
            mails: endless,
        },
        ends_per_owner: 4,
        sealer: Sealer::new(KeyRing::parse(TEST_KEY).expect("it is a key"), Arc::clone(&random)),
        store: Arc::new(MemoryStore::new(1 << 20, Arc::clone(&clock))),
        time_limits: TimeLimits::default(),
        spawner: Arc::new(|task| drop(tokio::spawn(task))),
        observer: ironleaf_auth::nobody(),
        provider: Arc::<Scripted>::clone(provider),
        transport: Arc::<Scripted>::clone(provider),
        clock,
        random,
    })
}

/// Never the same bytes twice, and the same in each run.
fn counting() -> Random {
    let next = AtomicU64::new(0);
    Arc::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            let number = next.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    })
}
