//! One application with its core API, and the clock and the network between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use http_body_util::BodyExt;
use ironleaf_auth::{Request, Response, Transport, TransportError};
use ironleaf_core_api::{CoreApi, Stats};
use server::application::{Ambient, application};
use server::assets::BuiltSite;
use server::config::Config;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::browser::Browser;

/// The mark that the core API puts into every token of the tests.
pub const TOKEN_MARK: &str = "MARKEDTOKEN42";

/// Half past nine in the morning of some day.
const START_SECS: u64 = 1_800_000_000;

pub struct World {
    pub router: Router,
    pub core_api: CoreApi,
    pub network: Arc<Network>,
    clock: Arc<AtomicU64>,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With other settings than the defaults of development.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock_millis = Arc::new(AtomicU64::new(START_SECS * 1000));
        let clock = {
            let millis = Arc::clone(&clock_millis);
            Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
        };
        let core_api = CoreApi::open(ironleaf_core_api::Config {
            token_mark: Some(TOKEN_MARK.to_owned()),
            clock: clock.clone(),
            ..ironleaf_core_api::Config::in_memory()
        })
        .await
        .unwrap();
        let network = Arc::new(Network { core_api: core_api.router(), down: AtomicBool::new(false) });
        let data_dir = folder.path().join("data").display().to_string();
        let variable = |name: &str| {
            let set = settings.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            set.or_else(|| (name == "DATA_DIR").then(|| data_dir.clone()))
        };
        let config = Config::from_lookup(&variable, &|path| std::fs::read_to_string(path)).unwrap();
        let router = application(
            &config,
            "http://core-api.test/v1".parse().unwrap(),
            &built_site(&folder),
            Ambient {
                clock,
                random: ironleaf_auth::system_random(),
                transport: Arc::clone(&network) as Arc<dyn Transport>,
            },
        )
        .unwrap();
        Self { router, core_api, network, clock: clock_millis, _folder: folder }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which `user@test.com` is signed in.
    pub async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in("user@test.com", "password1").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    pub fn advance(&self, time: Duration) {
        self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub fn stats(&self) -> Stats {
        self.core_api.stats()
    }
}

/// What a build leaves behind, as far as the router cares.
fn built_site(folder: &TempDir) -> BuiltSite {
    let root = folder.path().join("site");
    let package = root.join("pkg");
    std::fs::create_dir_all(&package).unwrap();
    for name in ["ironleaf.abc123.css", "ironleaf.abc123.js", "ironleaf.abc123.wasm"] {
        std::fs::write(package.join(name), format!("/* {name} */")).unwrap();
    }
    std::fs::write(root.join("favicon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    BuiltSite::open(root).unwrap()
}

/// Carries requests to the core API in process, and can be cut.
pub struct Network {
    core_api: Router,
    down: AtomicBool,
}

impl Network {
    pub fn cut(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    pub fn heal(&self) {
        self.down.store(false, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(TransportError::NotSent("connection refused".to_owned()));
        }
        let request = request.map(axum::body::Body::from);
        let Ok(response) = self.core_api.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| TransportError::Interrupted(error.to_string()))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}
