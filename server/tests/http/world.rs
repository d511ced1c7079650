//! One application with its core API, and the clocks of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use ironleaf_auth::{Spawner, Transport};
use ironleaf_core_api::{CoreApi, Stats};
use ironleaf_store::{MemoryStore, Store};
use server::application::{Ambient, application};
use server::assets::BuiltSite;
use server::config::Config;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::browser::Browser;
use crate::network::Network;

/// The mark that the core API puts into every token in the tests.
pub(crate) const TOKEN_MARK: &str = "MARKEDTOKEN42";

/// Enough space for a test's sessions.
pub(crate) const STORE_BYTES: usize = 16 << 20;

/// The start time of the tests: 15 January 2027, 08:00 UTC.
const START_SECS: u64 = 1_800_000_000;

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) core_api: CoreApi,
    pub(crate) network: Arc<Network>,
    store: Arc<MemoryStore>,
    clock: MovableClock,
    core_api_clock: MovableClock,
    folder: TempDir,
    tasks: TaskTracker,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world with these settings; all others are the defaults of development.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder, settings);
        let (clock, core_api_clock) = (MovableClock::new(), MovableClock::new());
        let core_api = CoreApi::open(ironleaf_core_api::Config {
            token_mark: config.core_api.token_mark.clone().or_else(|| Some(TOKEN_MARK.to_owned())),
            clock: core_api_clock.reader(),
            public_origin: config.core_api.public_origin.to_string(),
            ..ironleaf_core_api::Config::in_memory()
        })
        .await
        .unwrap();
        let network = Arc::new(Network::new(core_api.router()));
        let store = Arc::new(MemoryStore::new(STORE_BYTES, clock.reader()));
        let tasks = TaskTracker::new();
        let shared = Arc::<MemoryStore>::clone(&store);
        let router = assemble(&config, &folder, &clock, &network, shared, &tasks).await;
        Self { router, core_api, network, store, clock, core_api_clock, folder, tasks }
    }

    /// Another replica with the same secrets and the same core API, but its own settings.
    pub(crate) async fn replica(&self, settings: &[(&str, &str)]) -> Router {
        self.assembled(&config(&self.folder, settings), self.store()).await
    }

    /// Another replica with its own store.
    pub(crate) async fn replica_at(&self, store: Arc<dyn Store>) -> Router {
        self.assembled(&config(&self.folder, &[]), store).await
    }

    async fn assembled(&self, config: &Config, store: Arc<dyn Store>) -> Router {
        assemble(config, &self.folder, &self.clock, &self.network, store, &self.tasks).await
    }

    /// Runs refreshes, sign-outs and their remaining work.
    pub(crate) fn spawner(&self) -> Spawner {
        spawner(&self.tasks)
    }

    #[expect(clippy::disallowed_methods, reason = "a test has no request to hold up")]
    /// Waits until no background task runs any more.
    pub(crate) async fn settled(&self) {
        while !self.tasks.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which `user@test.com` is signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in("user@test.com", "password1").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// A browser in which `admin@test.com` is signed in.
    pub(crate) async fn administrator(&self) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in("admin@test.com", "password1").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
        self.core_api_clock.advance(time);
    }

    /// Moves the core API's clock ahead of ours.
    pub(crate) fn advance_core_api(&self, time: Duration) {
        self.core_api_clock.advance(time);
    }

    /// Revokes at the core API, like a person who signs in elsewhere and signs out all other devices.
    pub(crate) async fn revoke_every_token(&self, email: &str, password: &str) {
        let body = serde_json::json!({ "email": email, "password": password, "invalidateTokens": true });
        let request = http::Request::post("http://core-api.test/v1/auth/tokens")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into())
            .unwrap();
        assert_eq!(self.network.send(request).await.unwrap().status(), 201);
    }

    /// Deletes at the core API, like a person who uses another client.
    pub(crate) async fn delete_at_core_api(&self, email: &str, password: &str) {
        let signing_in = http::Request::post("http://core-api.test/v1/auth/tokens")
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(serde_json::json!({ "email": email, "password": password }).to_string().into())
            .unwrap();
        let tokens: serde_json::Value =
            serde_json::from_slice(self.network.send(signing_in).await.unwrap().body()).unwrap();
        let bearer = format!("Bearer {}", tokens["item"]["accessToken"].as_str().unwrap());
        let authorized = |method: http::Method, path: &str| {
            let request =
                http::Request::builder().method(method).uri(format!("http://core-api.test/v1{path}"));
            request.header(http::header::AUTHORIZATION, &bearer).body(bytes::Bytes::new()).unwrap()
        };
        let asking = authorized(http::Method::GET, "/user/users/current");
        let person: serde_json::Value =
            serde_json::from_slice(self.network.send(asking).await.unwrap().body()).unwrap();
        let path = format!("/user/users/{}", person["item"]["id"].as_str().unwrap());
        let deleted = self.network.send(authorized(http::Method::DELETE, &path)).await.unwrap();
        assert_eq!(deleted.status(), 204);
    }

    pub(crate) fn core_api_clock(&self) -> ironleaf_core_api::Clock {
        self.core_api_clock.reader()
    }

    pub(crate) fn clock(&self) -> ironleaf_auth::Clock {
        self.clock.reader()
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    /// The secrets with which all replicas of this world seal.
    pub(crate) fn secrets(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/session-secrets")).unwrap()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.core_api.stats()
    }
}

pub(crate) fn config(folder: &TempDir, settings: &[(&str, &str)]) -> Config {
    let data_dir = folder.path().join("data").display().to_string();
    let variable = |name: &str| {
        let set = settings.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        set.or_else(|| (name == "DATA_DIR").then(|| data_dir.clone()))
    };
    Config::from_lookup(&variable, &|path| std::fs::read_to_string(path)).unwrap()
}

async fn assemble(
    config: &Config,
    folder: &TempDir,
    clock: &MovableClock,
    network: &Arc<Network>,
    store: Arc<dyn Store>,
    tasks: &TaskTracker,
) -> Router {
    let ambient = Ambient {
        clock: clock.reader(),
        random: ironleaf_auth::system_random(),
        transport: Arc::clone(network) as Arc<dyn Transport>,
        provider_transport: Arc::clone(network) as Arc<dyn Transport>,
        store,
        spawner: spawner(tasks),
    };
    let core_api_url = Some("http://core-api.test/v1".parse().unwrap());
    application(config, core_api_url, &built_site(folder), ambient).await.unwrap().router
}

pub(crate) fn spawner(tasks: &TaskTracker) -> Spawner {
    let tasks = tasks.clone();
    Arc::new(move |task| {
        tasks.spawn(task);
    })
}

/// A clock that stands still until a test moves it.
pub(crate) struct MovableClock(Arc<AtomicU64>);

impl MovableClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START_SECS * 1000)))
    }

    pub(crate) fn reader(&self) -> Arc<dyn Fn() -> SystemTime + Send + Sync> {
        let millis = Arc::clone(&self.0);
        Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// The parts of a build that the router needs.
pub(crate) fn built_site(folder: &TempDir) -> BuiltSite {
    let root = folder.path().join("site");
    let package = root.join("pkg");
    std::fs::create_dir_all(&package).unwrap();
    for name in ["ironleaf.abc123.css", "ironleaf.abc123.js", "ironleaf.abc123.wasm"] {
        std::fs::write(package.join(name), format!("/* {name} */")).unwrap();
    }
    for name in ["site.js", "passkeys.js", "ironleaf.js", "ironleaf.d.ts"] {
        std::fs::write(root.join(name), format!("// {name}")).unwrap();
    }
    std::fs::create_dir_all(root.join("img")).unwrap();
    for name in ["favicon.svg", "img/logo.svg"] {
        std::fs::write(root.join(name), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    }
    BuiltSite::open_with(root, "js: abc123\nwasm: abc123\ncss: abc123\n").unwrap()
}
