//! Back ends that others wrote (`end2end/peers`), beside the application and in tests.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{failed_tests, npm, process, workspace};

/// What people sign in at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum BackEnd {
    /// The reference core API, which the application starts itself.
    #[default]
    CoreApi,
    Peer(Peer),
}

/// A provider of `end2end/peers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    OidcProvider,
    BetterAuth,
    /// Better Auth with its own sessions, not as an OpenID Connect provider.
    BetterAuthSessions,
    NestCookies,
    JwtSessions,
    Commercetools,
}

impl BackEnd {
    /// The back end of the option `--with NAME`.
    ///
    /// # Errors
    ///
    /// If there is none with this name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name {
            "core-api" => Ok(Self::CoreApi),
            "oidc" => Ok(Self::Peer(Peer::OidcProvider)),
            "oidc-better-auth" => Ok(Self::Peer(Peer::BetterAuth)),
            "better-auth" => Ok(Self::Peer(Peer::BetterAuthSessions)),
            "cookie-api" => Ok(Self::Peer(Peer::NestCookies)),
            "jwt-sessions" => Ok(Self::Peer(Peer::JwtSessions)),
            "commercetools" => Ok(Self::Peer(Peer::Commercetools)),
            _ => Err(Failure::new(format!(
                "`--with {name}`: there are `core-api`, `oidc`, `oidc-better-auth`, `better-auth`, `cookie-api`, `jwt-sessions` and \
                 `commercetools`."
            ))),
        }
    }
}

/// Secrets for trying and testing. Nothing else knows this client.
const CLIENT_ID: &str = "ironleaf";
const CLIENT_SECRET: &str = "a secret for trying";

impl Peer {
    const ALL: [Self; 6] = [
        Self::OidcProvider,
        Self::BetterAuth,
        Self::BetterAuthSessions,
        Self::NestCookies,
        Self::JwtSessions,
        Self::Commercetools,
    ];

    fn folder(self) -> PathBuf {
        workspace::end2end().join("peers").join(match self {
            Self::OidcProvider => "oidc-provider",
            Self::BetterAuth => "better-auth-oidc",
            Self::BetterAuthSessions => "better-auth",
            Self::NestCookies => "nest-cookies",
            Self::JwtSessions => "jwt-sessions",
            Self::Commercetools => "commercetools-mock",
        })
    }

    /// The ports of the provider and of its control listener.
    const fn ports(self) -> [u16; 2] {
        match self {
            Self::OidcProvider => [9400, 9401],
            Self::BetterAuth => [9410, 9411],
            Self::BetterAuthSessions => [9430, 9431],
            Self::NestCookies => [9420, 9421],
            Self::JwtSessions => [9440, 9441],
            Self::Commercetools => [9450, 9451],
        }
    }

    /// Browsers share cookies between all ports of a host, so the provider has another host than the application.
    pub(crate) fn issuer(self) -> String {
        let [port, _] = self.ports();
        match self {
            Self::OidcProvider | Self::NestCookies | Self::JwtSessions | Self::Commercetools => {
                format!("http://localhost:{port}")
            }
            Self::BetterAuth | Self::BetterAuthSessions => format!("http://localhost:{port}/api/auth"),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider",
            Self::BetterAuth | Self::BetterAuthSessions => "Better Auth",
            Self::NestCookies => "Nest with cookies",
            Self::JwtSessions => "jwt_sessions",
            Self::Commercetools => "commercetools-mock",
        }
    }

    /// How people sign in, in a sentence.
    pub(crate) const fn way_in(self) -> &'static str {
        match self {
            Self::OidcProvider | Self::BetterAuth => "Choose a person there; nobody has a password.",
            Self::BetterAuthSessions => "Sign in here as ada@example.org / a password only for tests.",
            Self::NestCookies | Self::JwtSessions => "Sign in here as ada@example.org / password1.",
            Self::Commercetools => "Sign in as ada@example.org or Eva@Example.org, with password1.",
        }
    }

    /// Tells the application of it.
    pub(crate) fn introduce(self, application: &mut Command) {
        if self == Self::BetterAuthSessions {
            application.env("PROVIDER", "better-auth").env("BETTER_AUTH_URL", self.issuer());
            return;
        }
        if self == Self::NestCookies {
            application
                .env("PROVIDER", "cookie-api")
                .env("CORE_API_URL", self.issuer())
                .env("COOKIE_API_REGISTER_PATH", "/auth/register");
            return;
        }
        if self == Self::JwtSessions {
            application
                .env("PROVIDER", "jwt-sessions")
                .env("CORE_API_URL", self.issuer())
                .env("JWT_SESSIONS_ME_PATH", "/me")
                .env("JWT_SESSIONS_PERSON_ROLES", "roles");
            return;
        }
        if self == Self::Commercetools {
            application
                .env("PROVIDER", "commercetools")
                .env("COMMERCETOOLS_AUTH_URL", self.issuer())
                .env("COMMERCETOOLS_API_URL", self.issuer())
                .env("COMMERCETOOLS_PROJECT", "shop")
                .env("COMMERCETOOLS_CLIENT_ID", CLIENT_ID)
                .env("COMMERCETOOLS_CLIENT_SECRET", CLIENT_SECRET);
            return;
        }
        application
            .env("PROVIDER", "oidc")
            .env("OIDC_ISSUER", self.issuer())
            .env("OIDC_CLIENT_ID", CLIENT_ID)
            .env("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .env("OIDC_NAME", self.label())
            .env("OIDC_ROLES_CLAIM", "roles");
    }
}

/// A peer that ends with this value.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        process::ask_to_stop(&mut self.0);
        // An error means that it has ended already.
        let _ = self.0.wait();
    }
}

/// Starts a peer for the application, and waits until it listens.
///
/// # Errors
///
/// If Node or a package is missing, or the peer does not start.
pub(crate) fn start(settings: &Settings, peer: Peer) -> Result<Running> {
    let folder = peer.folder();
    npm::install(&folder, "The providers")?;
    let [port, control] = peer.ports();
    let origin = &settings.public_origin;
    let mut command = npm::program(&folder, "node", ["server.mjs"]);
    command
        .env("LISTEN", format!("127.0.0.1:{port}"))
        .env("CONTROL", format!("127.0.0.1:{control}"))
        .env("ISSUER", peer.issuer())
        .env("CLIENT_ID", CLIENT_ID)
        .env("CLIENT_SECRET", CLIENT_SECRET)
        .env("REDIRECT_URI", format!("{origin}/auth/callback"))
        .env("POST_LOGOUT_REDIRECT_URI", format!("{origin}/auth/signed-out"))
        .env("BACKCHANNEL_LOGOUT_URI", format!("{origin}/auth/back-channel-logout"))
        .stdout(Stdio::piped());
    let mut running = Running(process::spawn(&mut command)?);
    let mut line = String::new();
    let read = running.0.stdout.take().map(|output| BufReader::new(output).read_line(&mut line));
    match read {
        Some(Ok(1..)) => {
            print!("{line}");
            Ok(running)
        }
        _ => Err(Failure::new(format!("{} did not start; what it said is above.", peer.label()))),
    }
}

/// Installs the packages of every peer.
///
/// # Errors
///
/// If npm is missing or fails.
pub(crate) fn install() -> Result<()> {
    Peer::ALL.into_iter().try_for_each(|peer| npm::install(&peer.folder(), "The providers"))
}

/// Runs the tests of the application before every peer.
///
/// # Errors
///
/// If Node or a package is missing, or a test fails.
pub(crate) fn test() -> Result<()> {
    install()?;
    // All default members, as in the other steps: the same selection has the same features.
    let args = ["test", "--features", "server/peers", "--test", "peers"];
    // Most of these tests wait for the end of a token most of the time.
    failed_tests::run_cargo_test(process::program("cargo").args(args).env("RUST_TEST_THREADS", "5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_end_has_a_name() {
        assert_eq!(BackEnd::named("oidc").unwrap(), BackEnd::Peer(Peer::OidcProvider));
        assert_eq!(BackEnd::named("core-api").unwrap(), BackEnd::default());
        assert_eq!(BackEnd::named("better-auth").unwrap(), BackEnd::Peer(Peer::BetterAuthSessions));
        assert_eq!(BackEnd::named("cookie-api").unwrap(), BackEnd::Peer(Peer::NestCookies));
        assert!(BackEnd::named("odic").err().unwrap().to_string().contains("`--with odic`"));
    }

    #[test]
    fn every_peer_has_a_folder_with_a_lock_file() {
        for peer in Peer::ALL {
            assert!(peer.folder().join("package-lock.json").is_file(), "{peer:?}");
        }
    }

    #[test]
    fn the_application_and_the_peer_know_the_same_client() {
        let mut application = Command::new("ironleaf");
        Peer::OidcProvider.introduce(&mut application);
        let value = |name: &str| {
            let found = application.get_envs().find(|(known, _)| *known == name);
            found.and_then(|(_, value)| value?.to_str().map(str::to_owned))
        };
        assert_eq!(value("OIDC_CLIENT_ID").as_deref(), Some(CLIENT_ID));
        assert_eq!(value("OIDC_ISSUER"), Some(Peer::OidcProvider.issuer()));
        let mut application = Command::new("ironleaf");
        Peer::BetterAuthSessions.introduce(&mut application);
        let named: Vec<_> = application.get_envs().filter_map(|(name, _)| name.to_str()).collect();
        assert_eq!(named, ["BETTER_AUTH_URL", "PROVIDER"]);
    }
}
