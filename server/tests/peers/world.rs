//! One set-up: replicas of the application over one store, and a provider.

use std::time::Duration;

use tempfile::TempDir;

use crate::browser::{Browser, Page};
use crate::peer::{Kind, Peer};
use crate::processes::{Process, Subcommand, program};

/// A key for tests, not a secret.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// The person who signs in.
pub(crate) const ADA: &str = "ada@example.org";
/// The password of everybody at Better Auth with its own sessions, which wants long ones. It is for tests.
pub(crate) const PASSWORD: &str = "a password only for tests";
/// The password of everybody at the other peers that ask for one. It is for tests.
pub(crate) const SHORT_PASSWORD: &str = "password1";
/// Their button at the OpenID Connect providers.
pub(crate) const BUTTON_OF_ADA: &str = "Continue as Ada Admin";

pub(crate) struct World {
    kind: Kind,
    pub(crate) peer: Peer,
    pub(crate) replicas: Vec<Process>,
    _folder: TempDir,
}

/// How the provider and the application are set up.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    pub(crate) replicas: usize,
    pub(crate) peer: &'a [(&'a str, &'a str)],
    pub(crate) application: &'a [(&'a str, &'a str)],
}

impl World {
    pub(crate) async fn start(kind: Kind, setup: Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (first, _, origin) = program(folder.path(), Subcommand::Serve, &[]);
        let peer = Peer::start(kind, origin, setup.peer).await;
        let mut commands = vec![(first, origin)];
        for _ in 1..setup.replicas.max(1) {
            let (command, _, address) = program(folder.path(), Subcommand::Serve, &[]);
            commands.push((command, address));
        }
        let mut replicas = Vec::new();
        for (mut command, address) in commands {
            command
                .env("PUBLIC_ORIGIN", format!("http://{origin}"))
                .env("SESSION_SECRETS", TEST_KEY)
                .envs(kind.settings(&peer.issuer))
                .envs(setup.application.iter().copied());
            replicas.push(Process::start(command, "Ironleaf is on", address).await);
        }
        Self { peer, kind, replicas, _folder: folder }
    }

    pub(crate) fn browser(&self) -> Browser {
        let doors: Vec<_> = self.replicas.iter().map(|replica| replica.address).collect();
        Browser::new(&doors)
    }

    /// A browser in which Ada has signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let page = self.sign_in(&mut browser, "/login").await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
        browser
    }

    /// Signs Ada in from this path.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, from: &str) -> Page {
        let page = browser.open(from).await;
        let password = match self.kind {
            Kind::BetterAuthSessions => Some(PASSWORD),
            Kind::NestCookies | Kind::JwtSessions | Kind::Commercetools => Some(SHORT_PASSWORD),
            Kind::OidcProvider | Kind::BetterAuth => None,
        };
        if let Some(password) = password {
            return browser.fill_and_press(&page, "Login", &[("email", ADA), ("password", password)]).await;
        }
        let page = browser.press(&page, TO_THE_PROVIDER).await;
        browser.press(&page, BUTTON_OF_ADA).await
    }
}

/// The button that leads to the provider.
pub(crate) const TO_THE_PROVIDER: &str = "Continue with Example SSO";

/// The access token of these worlds lives this long, so it is due soon and expired after it.
pub(crate) const SHORT_LIFE: Duration = Duration::from_secs(3);
pub(crate) const SHORT: [(&str, &str); 1] = [("ACCESS_TOKEN_TTL", "3")];
