//! A provider of `end2end/peers`, and its control listener.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use crate::processes::{Process, free_address};

/// The client of these tests. Its secret is for tests; the characters need the encoding of RFC 6749, section 2.3.1.
pub(crate) const CLIENT_ID: &str = "ironleaf";
pub(crate) const CLIENT_SECRET: &str = "a test secret: +/&=%";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OidcProvider,
    BetterAuth,
    /// Better Auth with its own sessions, where people sign in on a page of the application.
    BetterAuthSessions,
    NestCookies,
    JwtSessions,
    Commercetools,
}

impl Kind {
    fn folder(self) -> PathBuf {
        let name = match self {
            Self::OidcProvider => "oidc-provider",
            Self::BetterAuth => "better-auth-oidc",
            Self::BetterAuthSessions => "better-auth",
            Self::NestCookies => "nest-cookies",
            Self::JwtSessions => "jwt-sessions",
            Self::Commercetools => "commercetools-mock",
        };
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/peers").join(name)
    }

    /// What the application is told of it.
    pub(crate) fn settings(self, issuer: &str) -> Vec<(&'static str, String)> {
        let settings = match self {
            Self::BetterAuthSessions => vec![("PROVIDER", "better-auth"), ("BETTER_AUTH_URL", issuer)],
            Self::NestCookies => vec![("PROVIDER", "cookie-api"), ("CORE_API_URL", issuer)],
            Self::JwtSessions => vec![
                ("PROVIDER", "jwt-sessions"),
                ("CORE_API_URL", issuer),
                ("JWT_SESSIONS_ME_PATH", "me"),
                ("JWT_SESSIONS_PERSON_ROLES", "roles"),
            ],
            Self::Commercetools => vec![
                ("PROVIDER", "commercetools"),
                ("COMMERCETOOLS_AUTH_URL", issuer),
                ("COMMERCETOOLS_API_URL", issuer),
                ("COMMERCETOOLS_PROJECT", "shop"),
                ("COMMERCETOOLS_CLIENT_ID", CLIENT_ID),
                ("COMMERCETOOLS_CLIENT_SECRET", CLIENT_SECRET),
                ("COMMERCETOOLS_SCOPES", "manage_my_profile:shop manage_my_orders:shop"),
            ],
            Self::OidcProvider | Self::BetterAuth => vec![
                ("PROVIDER", "oidc"),
                ("OIDC_ISSUER", issuer),
                ("OIDC_CLIENT_ID", CLIENT_ID),
                ("OIDC_CLIENT_SECRET", CLIENT_SECRET),
                ("OIDC_NAME", "Example SSO"),
            ],
        };
        settings.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }
}

pub(crate) struct Peer {
    pub(crate) issuer: String,
    control: SocketAddr,
    _process: Process,
}

impl Peer {
    /// `application` is the origin of the application.
    pub(crate) async fn start(kind: Kind, application: SocketAddr, settings: &[(&str, &str)]) -> Self {
        let (address, control) = (free_address(), free_address());
        // Browsers share cookies between the ports of a host, so the provider has another host than the application.
        let origin = format!("http://localhost:{}", address.port());
        let issuer = match kind {
            Kind::OidcProvider | Kind::NestCookies | Kind::JwtSessions | Kind::Commercetools => origin,
            Kind::BetterAuth | Kind::BetterAuthSessions => format!("{origin}/api/auth"),
        };
        let mut command = Command::new("node");
        command
            .arg("server.mjs")
            .current_dir(kind.folder())
            .env("LISTEN", address.to_string())
            .env("ISSUER", &issuer)
            .env("CONTROL", control.to_string())
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .env("REDIRECT_URI", format!("http://{application}/auth/callback"))
            .env("POST_LOGOUT_REDIRECT_URI", format!("http://{application}/auth/signed-out"))
            .env("BACKCHANNEL_LOGOUT_URI", format!("http://{application}/auth/back-channel-logout"))
            .envs(settings.iter().copied());
        let process = Process::start(command, "listens at", address).await;
        Self { issuer, control, _process: process }
    }

    /// Sends a command to the control listener.
    pub(crate) async fn tell(&self, command: &str) {
        let url = format!("http://{}{command}", self.control);
        let answer = reqwest::Client::new().post(&url).send().await.unwrap();
        assert!(answer.status().is_success(), "{command}: {}", answer.text().await.unwrap());
    }

    /// What the control listener answers to a question.
    pub(crate) async fn ask(&self, question: &str) -> Value {
        let url = format!("http://{}{question}", self.control);
        serde_json::from_str(&reqwest::get(url).await.unwrap().text().await.unwrap()).unwrap()
    }

    /// How often an endpoint was called since the last reset, such as `token.refresh_token`.
    pub(crate) async fn count(&self, endpoint: &str) -> u64 {
        let pointer = format!("/{}", endpoint.replace('.', "/"));
        self.ask("/counts").await.pointer(&pointer).and_then(Value::as_u64).unwrap_or_default()
    }
}
