//! One set-up: replicas and their store, the core API, and the proxy between them.

use std::net::SocketAddr;

use serde_json::Value;
use tempfile::TempDir;

use crate::people::People;
use crate::processes::{Process, Subcommand};
use crate::proxy::Proxy;

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// Where the replicas keep the session records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shared {
    OneFolder,
    Redis,
}

pub(crate) struct World {
    pub(crate) proxy: Proxy,
    pub(crate) people: People,
    pub(crate) replicas: Vec<Process>,
    pub(crate) redis: Option<Process>,
    core_api: Process,
    _folders: Vec<TempDir>,
}

/// The counts of the core API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) revoked: u64,
}

impl World {
    pub(crate) async fn start(replicas: usize, shared: Shared, access_token_ttl: &str) -> Self {
        let folders: Vec<_> = (0..replicas + 2).map(|_| tempfile::tempdir().unwrap()).collect();
        let [core_api_folder, redis_folder, replica_folders @ ..] = &folders[..] else { unreachable!() };
        let ttl = [("CORE_API_ACCESS_TOKEN_TTL", access_token_ttl.to_owned())];
        let core_api = Process::ironleaf(core_api_folder.path(), Subcommand::CoreApi, &ttl).await;
        let proxy = Proxy::before(core_api.address).await;
        let redis = match shared {
            Shared::OneFolder => None,
            Shared::Redis => Some(Process::redis(redis_folder, &[]).await),
        };
        let mut settings = vec![
            ("CORE_API_URL", format!("http://{}/v1", proxy.address)),
            ("SESSION_SECRETS", TEST_KEY.to_owned()),
            ("PUBLIC_ORIGIN", String::new()),
            ("PROXY_ROUTES", format!("/api/people/=http://{}/v1/user/users/", proxy.address)),
        ];
        settings.extend(redis.as_ref().map(|redis| ("REDIS_URL", format!("redis://{}", redis.address))));
        let mut started: Vec<Process> = Vec::new();
        for number in 0..replicas {
            let folder = &replica_folders[if shared == Shared::OneFolder { 0 } else { number }];
            // All replicas have the first one's origin, as if they were behind one load balancer.
            settings[2].1 =
                started.first().map(|first| format!("http://{}", first.address)).unwrap_or_default();
            started.push(Process::ironleaf(folder.path(), Subcommand::Serve, &settings).await);
        }
        let doors: Vec<SocketAddr> = started.iter().map(|replica| replica.address).collect();
        let people = People::new(&doors);
        Self { proxy, people, replicas: started, redis, core_api, _folders: folders }
    }

    pub(crate) async fn stats(&self) -> Stats {
        let url = format!("http://{}/v1/debug/stats", self.core_api.address);
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        let stats: Value = serde_json::from_str(&text).unwrap();
        let count = |name: &str| stats[name].as_u64().unwrap();
        Stats {
            accepted: count("refreshesAccepted"),
            refused: count("refreshesRefused"),
            revoked: count("familiesRevoked"),
        }
    }
}
