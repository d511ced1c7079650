//! A core API, two replicas on one host with production settings, and a proxy in front.

use std::net::{Ipv4Addr, SocketAddr};

use tempfile::TempDir;

use crate::chat::echo;
use crate::front::Front;
use crate::processes::{Process, Subcommand, free_address};
use crate::programs::Program;

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// Makes every session nearly as large as allowed. The number is one more than a multiple of four, so the tokens are
/// never valid base64, which would be stored in fewer bytes.
const TOKEN_MARK_BYTES: usize = 2_321;

/// The address of a CDN in front of the proxy.
pub(crate) const CDN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

pub(crate) struct World {
    pub(crate) front: Front,
    /// The metrics addresses of the replicas.
    metrics: [SocketAddr; 2],
    _processes: [Process; 3],
    _folder: TempDir,
}

impl World {
    /// `None` if the proxy is not installed. This is reported on standard error.
    pub(crate) async fn behind(program: &Program) -> Option<Self> {
        let Some(path) = program.path() else {
            use std::io::Write as _;
            let name = program.names[0];
            let _ =
                writeln!(std::io::stderr(), "left out: this machine has no {name}, see docs/operations.md");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let metrics = [free_address(), free_address()];
        let core_api_folder = folder.path().join("core-api");
        let mark = [("CORE_API_TOKEN_MARK", "x".repeat(TOKEN_MARK_BYTES))];
        let core_api = Process::ironleaf(&core_api_folder, Subcommand::CoreApi, &mark).await;
        let chat = echo().await;
        let settings = |replica: usize| {
            vec![
                ("IRONLEAF_ENV", "production".to_owned()),
                ("PUBLIC_ORIGIN", "https://app.example.com".to_owned()),
                ("CORE_API_URL", format!("http://{}/v1", core_api.address)),
                ("SESSION_SECRETS", TEST_KEY.to_owned()),
                ("SINGLE_HOST", "true".to_owned()),
                ("TRUSTED_PROXIES", format!("127.0.0.1,{CDN}")),
                ("RATE_LIMIT_STRICT", "3/15m".to_owned()),
                ("METRICS_LISTEN_ADDR", metrics[replica].to_string()),
                ("PROXY_ROUTES", format!("/api/chat/=http://{chat}/ who=anyone token=no upgrade=websocket")),
            ]
        };
        let one = Process::ironleaf(&folder.path().join("web"), Subcommand::Serve, &settings(0)).await;
        let two = Process::ironleaf(&folder.path().join("web"), Subcommand::Serve, &settings(1)).await;
        let front = Front::start(program, &path, [one.address, two.address], CDN).await;
        Some(Self { front, metrics, _processes: [core_api, one, two], _folder: folder })
    }

    /// How many requests for `/login` each replica has answered with 200.
    pub(crate) async fn logins_shown(&self) -> [u64; 2] {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut shown = [0; 2];
        for (count, address) in shown.iter_mut().zip(self.metrics) {
            let text = client.get(format!("http://{address}/metrics")).send().await.unwrap();
            let text = text.text().await.unwrap();
            let is_meant = |line: &&str| {
                line.starts_with("ironleaf_http_requests_total{")
                    && line.contains("route=\"/login\"")
                    && line.contains("status=\"2xx\"")
            };
            let line = text.lines().find(is_meant);
            *count = line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap());
        }
        shown
    }
}
