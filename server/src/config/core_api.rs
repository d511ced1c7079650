//! The settings of the reference core API, alone or beside the application.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ironleaf_bff::PublicOrigin;
use ironleaf_core_api::CorsOrigins;

use super::defaults::{DATA_DIR, DAY, MINUTE};
use super::environment::{Environment, File, Variable, environment_variable};
use super::exposed_files::exposed_files;
use super::lines::{Lines, secs};
use super::log::Log;
use super::problems::Problems;
use super::reader::Reader;
use super::smtp::Smtp;

/// Shorter texts occur in many pages.
const LEAST_MARK: usize = 8;

/// All settings of the reference core API.
#[derive(Clone)]
pub struct CoreApiConfig {
    /// `IRONLEAF_ENV`
    pub environment: Environment,
    /// `CORE_API_LISTEN_ADDR`
    pub listen_addr: SocketAddr,
    /// `PUBLIC_ORIGIN`: the origin of the links in e-mails.
    pub public_origin: PublicOrigin,
    /// `DATA_DIR`
    pub data_dir: PathBuf,
    /// `CORE_API_ACCESS_TOKEN_TTL`
    pub access_token_ttl: Duration,
    /// `CORE_API_REFRESH_TOKEN_TTL`
    pub refresh_token_ttl: Duration,
    /// `CORE_API_CORS_ORIGINS`: the origins of other pages that may call it from a browser.
    pub cors_origins: CorsOrigins,
    /// `CORE_API_PASSKEY_DOMAIN`: what passkeys are bound to; `None` is the host of `PUBLIC_ORIGIN`.
    pub passkey_domain: Option<String>,
    /// `CORE_API_TOKEN_MARK`: a text that it puts into every token, so that tests can search for it.
    pub token_mark: Option<String>,
    /// `SMTP_URL` and `SMTP_FROM`; without them e-mails stay in its outbox.
    pub smtp: Option<Smtp>,
    /// `APP_NAME`
    pub app_name: String,
    /// `LOG_FORMAT` and `RUST_LOG`
    pub log: Log,
}

impl CoreApiConfig {
    /// From the environment of the process.
    ///
    /// # Errors
    ///
    /// [`Problems`] lists every variable that is missing or malformed, with what to do.
    pub fn from_environment() -> Result<Self, Problems> {
        Self::from_lookup(&environment_variable, &|path| std::fs::read_to_string(path))
    }

    /// From any source of variables and files.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_lookup(variable: &Variable<'_>, file: &File<'_>) -> Result<Self, Problems> {
        let mut read = Reader::new(variable, file);
        let listen_addr = read.listen_addr();
        let data_dir = read.required_in_production("DATA_DIR", DATA_DIR);
        let config = Self::read(&mut read, listen_addr, data_dir.into());
        read.finish(config)
    }

    /// `application` is the listening address of the application, which also gives the origin in development.
    pub(super) fn read(read: &mut Reader<'_>, application: SocketAddr, data_dir: PathBuf) -> Self {
        let config = Self {
            environment: read.environment(),
            listen_addr: read.address("CORE_API_LISTEN_ADDR", "127.0.0.1:3001"),
            public_origin: read.origin("PUBLIC_ORIGIN", &format!("http://{application}")),
            data_dir,
            access_token_ttl: read.duration("CORE_API_ACCESS_TOKEN_TTL", 20 * MINUTE),
            refresh_token_ttl: read.duration("CORE_API_REFRESH_TOKEN_TTL", 7 * DAY),
            cors_origins: read.cors_origins("CORE_API_CORS_ORIGINS"),
            passkey_domain: read.optional("CORE_API_PASSKEY_DOMAIN"),
            token_mark: read.optional("CORE_API_TOKEN_MARK"),
            smtp: read.smtp("SMTP_URL", "SMTP_FROM"),
            app_name: read.text("APP_NAME", "Ironleaf"),
            log: read.log(),
        };
        read.must_stay_here("CORE_API_LISTEN_ADDR", config.listen_addr.ip().is_loopback());
        read.must_stay_here("PUBLIC_ORIGIN", config.public_origin.is_loopback());
        for (name, ttl) in [
            ("CORE_API_ACCESS_TOKEN_TTL", config.access_token_ttl),
            ("CORE_API_REFRESH_TOKEN_TTL", config.refresh_token_ttl),
        ] {
            if ttl < Duration::from_secs(1) {
                read.problem(format!("{name} must be at least 1s: a token that expires at once is useless"));
            }
        }
        if config.passkey_domain.as_ref().is_some_and(|domain| !config.public_origin.is_within(domain)) {
            read.problem(
                "CORE_API_PASSKEY_DOMAIN must be the host of PUBLIC_ORIGIN or a parent domain of it, such as example.com for \
                 https://app.example.com",
            );
        }
        if config.token_mark.as_ref().is_some_and(|mark| mark.len() < LEAST_MARK) {
            read.problem(format!(
                "CORE_API_TOKEN_MARK must have at least {LEAST_MARK} characters, so that it does not occur by chance"
            ));
        }
        if config.environment == Environment::Production {
            if !config.public_origin.is_https() && !config.public_origin.is_loopback() {
                read.problem(
                    "PUBLIC_ORIGIN must be https: over plain http anybody on the network path can steal a session",
                );
            }
            if !config.cors_origins.are_https() {
                read.problem(
                    "CORE_API_CORS_ORIGINS has an origin with http: anybody on the network path to it can change its pages, which \
                     then act for the signed-in person",
                );
            }
            if config.token_mark.is_some() {
                read.problem("CORE_API_TOKEN_MARK is for tests: it makes tokens recognisable");
            }
        }
        config
    }

    /// The settings that are probably mistakes.
    pub fn warnings(&self) -> Vec<String> {
        exposed_files(&environment_variable)
    }

    /// The effective values, one per line, with secrets hidden.
    pub fn describe(&self) -> String {
        let mut lines = Lines::default();
        lines.add("IRONLEAF_ENV", &self.environment);
        lines.add("PUBLIC_ORIGIN", &self.public_origin);
        lines.add("DATA_DIR", &self.data_dir.display());
        self.describe_own(&mut lines);
        lines.add("APP_NAME", &self.app_name);
        self.log.describe(&mut lines);
        lines.finish()
    }

    /// The settings that the application does not use.
    pub(super) fn describe_own(&self, lines: &mut Lines) {
        lines.add("CORE_API_LISTEN_ADDR", &self.listen_addr);
        lines.add("CORE_API_ACCESS_TOKEN_TTL", &secs(self.access_token_ttl));
        lines.add("CORE_API_REFRESH_TOKEN_TTL", &secs(self.refresh_token_ttl));
        lines.add("CORE_API_CORS_ORIGINS", &self.cors_origins);
        lines.add("CORE_API_PASSKEY_DOMAIN", &self.passkey_domain.as_deref().unwrap_or_default());
        lines.add("CORE_API_TOKEN_MARK", &self.token_mark.as_deref().unwrap_or_default());
        lines.add("SMTP_URL", &if self.smtp.is_some() { "(hidden)" } else { "(outbox in DATA_DIR)" });
        lines.add("SMTP_FROM", &self.smtp.as_ref().map(|smtp| smtp.from.to_string()).unwrap_or_default());
    }
}
