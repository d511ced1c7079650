//! A site whose time and randomness the test controls, and browsers that visit it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Body, routing::any};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use ironleaf_session::{
    Beginning, Clock, KeyRing, MemoryLedger, Overtaken, Owner, Payload, Random, Refused, Sealer, Secret,
    Serde, Session, SessionLayer, SessionSettings, SessionTooLarge,
};
use tokio::sync::Notify;
use tower::ServiceExt as _;

pub(crate) type Text = Serde<String>;

pub(crate) const COOKIE: &str = "__Host-Http-ironleaf-session";
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Starts at 2026-01-01, and moves only by hand.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_767_225_600_000)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis().try_into().unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Arc::new(move || time.now())
    }
}

/// Bytes that never repeat in one run, and are the same in every run (`SplitMix64`).
pub(crate) fn counted_random() -> Random {
    let calls = AtomicU64::new(0);
    Arc::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            let mut word =
                calls.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    })
}

pub(crate) fn secret(byte: u8) -> Secret {
    Secret::from_bytes(vec![byte; 32]).unwrap()
}

pub(crate) fn ring(bytes: &[u8]) -> KeyRing {
    KeyRing::new(bytes.iter().copied().map(secret)).unwrap()
}

pub(crate) fn owner() -> Owner {
    Owner::new("provider", "subject")
}

pub(crate) fn with_sid(sid: &str) -> Beginning {
    Beginning { provider_sid: Some(sid.to_owned()), ..Beginning::of(owner()) }
}

/// Signs in as somebody, for tests that do not care as whom.
pub(crate) trait Beginnings<P> {
    fn begins(&self, payload: P);
}

impl<P: Payload> Beginnings<P> for Session<P> {
    fn begins(&self, payload: P) {
        assert!(self.insert(payload, Beginning::of(owner())).is_some());
    }
}

/// One process that serves the site.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) keys: KeyRing,
    pub(crate) settings: SessionSettings,
    pub(crate) time: Time,
    pub(crate) random: Random,
    pub(crate) ledger: Option<Arc<MemoryLedger>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            keys: ring(&[1]),
            settings: SessionSettings::default(),
            time: Time::new(),
            random: counted_random(),
            ledger: None,
        }
    }

    pub(crate) fn with_keys(mut self, bytes: &[u8]) -> Self {
        self.keys = ring(bytes);
        self
    }

    pub(crate) fn with_settings(mut self, change: impl FnOnce(&mut SessionSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(crate) fn with_ledger(mut self) -> Self {
        self.ledger = Some(Arc::new(MemoryLedger::new(100, self.time.clock())));
        self
    }

    pub(crate) fn sealer(&self) -> Sealer {
        Sealer::new(self.keys.clone(), self.random.clone())
    }

    pub(crate) fn layer<P: Payload>(&self) -> SessionLayer<P> {
        let layer =
            SessionLayer::new(self.sealer(), self.settings.clone(), self.time.clock(), self.random.clone());
        match &self.ledger {
            Some(ledger) => layer.with_ledger(Arc::clone(ledger)),
            None => layer,
        }
    }

    /// The routes that most tests need, one for each operation on a session.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/plain", any(async || "plain"))
            .route("/read", any(read))
            .route("/sign-in", any(sign_in))
            .route("/write", any(write))
            .route("/amend", any(amend))
            .route("/rotate", any(rotate))
            .route("/renew", any(async |session: Session<Text>| session.renew().to_string()))
            .route("/rest", any(rest))
            .route("/destroy", any(async |session: Session<Text>| session.destroy().to_string()))
            .route("/discard", any(async |session: Session<Text>| session.discard().to_string()))
            .route("/arrival", any(async |session: Session<Text>| format!("{:?}", session.arrival())))
            .layer(self.layer::<Text>())
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router())
    }

    /// A browser that is signed in with this text in its session.
    pub(crate) async fn signed_in(&self, text: &str) -> Browser {
        let mut browser = self.browser();
        browser.send("/sign-in", text).await;
        browser
    }
}

/// `<rotation> <text>`, or `anonymous`.
async fn rest(session: Session<Text>) -> String {
    session.let_rest().to_string()
}

async fn read(session: Session<Text>) -> String {
    match session.current() {
        Some(record) => format!("{} {}", record.rotation, record.payload.0),
        None => "anonymous".to_owned(),
    }
}

async fn sign_in(session: Session<Text>, text: String) -> String {
    session.insert(Serde(text), with_sid("sid")).is_some().to_string()
}

async fn write(session: Session<Text>, text: String) -> String {
    format!("{:?}", session.modify(|payload| payload.0 = text))
}

async fn amend(session: Session<Text>, text: String) -> String {
    format!("{:?}", session.amend(|payload| payload.0 = text))
}

async fn rotate(session: Session<Text>, text: String) -> String {
    format!("{:?}", session.rotate(|payload| payload.0 = text))
}

/// A browser: it keeps cookies and sends them back.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) jar: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) too_large: Option<SessionTooLarge>,
    pub(crate) overtaken: bool,
    pub(crate) refused: bool,
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, jar: BTreeMap::new() }
    }

    /// The same browser. Its next request reaches another process.
    pub(crate) fn visit(&mut self, site: &Site) -> &mut Self {
        self.router = site.router();
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(path, "").await
    }

    pub(crate) async fn send(&mut self, path: &str, body: &str) -> Answer {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().uri(path);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = Answer::of(self.router.clone().oneshot(request).await.unwrap()).await;
        self.keep(&answer);
        answer
    }

    pub(crate) fn keep(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.jar.remove(cookie.name());
            } else {
                self.jar.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    pub(crate) async fn reads(&mut self) -> String {
        self.get("/read").await.body
    }
}

impl Answer {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
            too_large: head.extensions.get().copied(),
            overtaken: head.extensions.get::<Overtaken>().is_some(),
            refused: head.extensions.get::<Refused>().is_some(),
        }
    }

    /// The `Set-Cookie` lines, read by another implementation than the one that wrote them.
    pub(crate) fn cookies(&self) -> Vec<cookie::Cookie<'static>> {
        let lines = self.lines().into_iter();
        lines.map(|line| cookie::Cookie::parse(line).unwrap()).collect()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn cache_control(&self) -> Option<&str> {
        self.headers.get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap())
    }
}

/// Sends one request with this `Cookie` header, as bytes, from a browser that keeps nothing.
pub(crate) async fn request(router: &Router, path: &str, cookie: &[u8]) -> Answer {
    let request = Request::builder().uri(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    Answer::of(router.clone().oneshot(request).await.unwrap()).await
}

/// Where a handler stores its session for the test.
pub(crate) type Left<T> = Arc<Mutex<Option<T>>>;

/// A page that changes the session, and answers only when it is told to.
fn slow_page(site: &Site, page: Arc<Notify>, reached: Arc<Notify>) -> Router {
    let slow = move |session: Session<Text>| {
        let (page, reached) = (Arc::clone(&page), Arc::clone(&reached));
        async move {
            session.modify(|payload| payload.0.push_str(" and slow"));
            reached.notify_one();
            page.notified().await;
        }
    };
    Router::new().route("/", any(slow)).layer(site.layer::<Text>())
}

/// Sends a request of the browser to the slow page, runs `meanwhile`, and then lets the page answer.
pub(crate) async fn in_flight(site: &Site, browser: &Browser, meanwhile: impl AsyncFnOnce()) -> Answer {
    let (page, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = slow_page(site, Arc::clone(&page), Arc::clone(&reached));
    let mut slow = Browser::new(router);
    slow.jar.clone_from(&browser.jar);
    let response = tokio::spawn(async move { slow.get("/").await });
    reached.notified().await;
    meanwhile().await;
    page.notify_one();
    response.await.unwrap()
}
