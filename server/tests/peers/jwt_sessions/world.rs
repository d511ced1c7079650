//! One set-up: replicas of the application over one store, and the API.

use std::time::Duration;

use tempfile::TempDir;

use crate::browser::{Browser, Page};
use crate::peer::{Kind, Peer};
use crate::processes::{Process, Subcommand, program};

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

pub(super) const ADA: &str = "ada@example.org";
pub(super) const PASSWORD: &str = "password1";

/// Access tokens of these worlds live this long.
pub(super) const SHORT: (&str, &str) = ("ACCESS_TOKEN_TTL", "2");
/// After this time such a token has ended by any clock that is at most half a minute wrong.
pub(super) const ENDED: Duration = Duration::from_secs(34);

/// An API without a reuse handler, and the application that knows it.
pub(super) const NO_HANDLER: (&str, &str) = ("REUSE_HANDLER", "off");
pub(super) const KNOWS_NO_HANDLER: (&str, &str) = ("JWT_SESSIONS_REUSE_HANDLER", "false");

pub(super) struct World {
    pub(super) api: Peer,
    pub(super) replicas: Vec<Process>,
    _folder: TempDir,
}

impl World {
    pub(super) async fn start(replicas: usize, api: &[(&str, &str)], application: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (first, _, origin) = program(folder.path(), Subcommand::Serve, &[]);
        let api = Peer::start(Kind::JwtSessions, origin, api).await;
        let mut commands = vec![(first, origin)];
        for _ in 1..replicas {
            let (command, _, address) = program(folder.path(), Subcommand::Serve, &[]);
            commands.push((command, address));
        }
        let mut replicas = Vec::new();
        for (mut command, address) in commands {
            command
                .env("PUBLIC_ORIGIN", format!("http://{origin}"))
                .env("SESSION_SECRETS", TEST_KEY)
                .envs(Kind::JwtSessions.settings(&api.issuer))
                .envs(application.iter().copied());
            replicas.push(Process::start(command, "Ironleaf is on", address).await);
        }
        Self { api, replicas, _folder: folder }
    }

    pub(super) fn browser(&self) -> Browser {
        let doors: Vec<_> = self.replicas.iter().map(|replica| replica.address).collect();
        Browser::new(&doors)
    }

    /// A browser in which Ada has signed in.
    pub(super) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let page = sign_in(&mut browser, "/login", ADA, PASSWORD).await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
        browser
    }

    /// How many sessions the API has, and how many refreshes it took for a theft.
    pub(super) async fn sessions(&self) -> (u64, u64) {
        let sessions = self.api.ask("/sessions").await;
        (sessions["open"].as_u64().unwrap(), sessions["reported"].as_u64().unwrap())
    }
}

/// Signs a person in from this path.
pub(super) async fn sign_in(browser: &mut Browser, from: &str, email: &str, password: &str) -> Page {
    let page = browser.open(from).await;
    browser.fill_and_press(&page, "Login", &[("email", email), ("password", password)]).await
}
