//! One or several replicas whose people sign in at a scripted provider.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use ironleaf_auth::{BreakerState, Provider, Request, Response, Transport, TransportError};
use ironleaf_store::{MemoryStore, Store};
use server::application::{Ambient, application_with};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use super::provider::Scripted;
use crate::browser::{Answer, Browser};
use crate::world::{MovableClock, STORE_BYTES, built_site, config, spawner};

pub(crate) struct World {
    pub(crate) provider: Arc<Scripted>,
    router: Router,
    way: Arc<Way>,
    store: Arc<MemoryStore>,
    clock: MovableClock,
    folder: TempDir,
    tasks: TaskTracker,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (folder, clock, tasks) = (tempfile::tempdir().unwrap(), MovableClock::new(), TaskTracker::new());
        let store = Arc::new(MemoryStore::new(STORE_BYTES, clock.reader()));
        let provider = Scripted::new(clock.reader());
        let way = Arc::new(Way(Mutex::new(BreakerState::Closed)));
        let mut world = Self { provider, router: Router::new(), way, store, clock, folder, tasks };
        world.router = world.replica(settings).await;
        world
    }

    /// Another replica over the same store.
    pub(crate) async fn replica(&self, settings: &[(&str, &str)]) -> Router {
        self.replica_at(settings, Arc::clone(&self.store) as Arc<dyn Store>).await
    }

    pub(crate) async fn replica_at(&self, settings: &[(&str, &str)], store: Arc<dyn Store>) -> Router {
        let ambient = Ambient {
            clock: self.clock.reader(),
            random: ironleaf_auth::system_random(),
            transport: Arc::new(Nowhere),
            provider_transport: Arc::clone(&self.way) as Arc<dyn Transport>,
            store,
            spawner: spawner(&self.tasks),
        };
        let provider = Arc::clone(&self.provider) as Arc<dyn Provider>;
        let config = config(&self.folder, settings);
        application_with(&config, provider, &built_site(&self.folder), ambient).await.unwrap().router
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// The provider's server: it sends none of the headers of a browser.
    pub(crate) fn server(&self) -> Browser {
        let mut server = self.browser();
        server.headers.remove("sec-fetch-site");
        server.headers.insert("accept", "*/*".to_owned());
        server
    }

    /// A browser in which Ada is signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let state = leave(&mut browser, "").await;
        let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{}", answer.body);
        browser
    }

    /// The state of the circuit breaker before the provider.
    pub(crate) fn breaker_is(&self, state: BreakerState) {
        *self.way.0.lock().unwrap() = state;
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no request to hold up")]
    pub(crate) async fn settled(&self) {
        while !self.tasks.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Presses the button of the sign-in page, and returns the state of the attempt.
pub(crate) async fn leave(browser: &mut Browser, form: &str) -> String {
    let answer = browser.post("/api/sign-in-with-provider", form).await;
    assert_eq!(answer.status, 200, "{} {}", answer.location(), answer.body);
    state_in(&answer.body)
}

/// The state in the address of the provider.
pub(crate) fn state_in(text: &str) -> String {
    let (_, rest) = text.split_once("state=").unwrap_or_else(|| panic!("there is no state in {text}"));
    rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect()
}

/// Arrives from the provider, as a browser that follows its redirect.
pub(crate) async fn come_back(browser: &mut Browser, query: &str) -> Answer {
    let site = browser.headers.insert("sec-fetch-site", "cross-site".to_owned());
    let answer = browser.get(&format!("/auth/callback?{query}")).await;
    browser.headers.insert("sec-fetch-site", site.unwrap());
    answer
}

/// Checks that this person is signed in, or nobody.
#[track_caller]
pub(crate) fn assert_shows(page: &Answer, person: Option<&str>) {
    let Answer { status, body, .. } = page;
    if let Some(person) = person {
        assert!(*status == 200 && body.contains(person), "{status}: {body}");
    } else {
        assert_eq!((*status, page.location()), (303, "/login?return_to=/account"), "{body}");
    }
}

/// There is nothing to call.
struct Nowhere;

/// The way to the provider, which is not called either. It has the state of a circuit breaker.
struct Way(Mutex<BreakerState>);

#[async_trait]
impl Transport for Way {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        Nowhere.send(request).await
    }

    fn breaker(&self) -> BreakerState {
        *self.0.lock().unwrap()
    }
}

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        panic!("{} was called", request.uri());
    }
}
