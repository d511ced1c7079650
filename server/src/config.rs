//! The configuration, read once at start. Every problem is reported, not only the first.

mod reader;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use http::header::FORWARDED;
use ironleaf_bff::{PublicOrigin, RateLimits};
use ironleaf_core_api::{Sender, SmtpServer};
use ironleaf_session::SessionSettings;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::client_ip::{ClientIp, TrustedProxies};
use crate::telemetry::LogFormat;
use reader::Reader;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Whether mistakes are cheap here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Everything has a default, and nothing is reachable from elsewhere.
    Development,
    /// Nothing that matters is taken from a default.
    Production,
}

/// How the embedded core API sends its e-mails.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// `SMTP_URL`
    pub server: SmtpServer,
    /// `SMTP_FROM`
    pub from: Sender,
}

/// Everything the application is told from outside.
#[derive(Clone)]
pub struct Config {
    /// `IRONLEAF_ENV`
    pub environment: Environment,
    /// `LISTEN_ADDR`
    pub listen_addr: SocketAddr,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `METRICS_LISTEN_ADDR`; `None` counts nothing.
    pub metrics_listen_addr: Option<SocketAddr>,
    /// `PUBLIC_ORIGIN`
    pub public_origin: PublicOrigin,
    /// `SESSION_SECRETS`; `None` is the one in the data folder.
    pub session_secrets: Option<String>,
    /// `SESSION_SECRETS_FILE`; it is read again when it changes.
    pub session_secrets_file: Option<PathBuf>,
    /// `CORE_API_URL`; `None` is the embedded one.
    pub core_api_url: Option<Url>,
    /// `CORE_API_LISTEN_ADDR`
    pub core_api_listen_addr: SocketAddr,
    /// `DATA_DIR`
    pub data_dir: PathBuf,
    /// `SESSION_ABSOLUTE_TIMEOUT`
    pub session_absolute_timeout: Duration,
    /// `SESSION_IDLE_TIMEOUT`
    pub session_idle_timeout: Duration,
    /// `REFRESH_TOKEN_MAX_AGE`
    pub refresh_token_max_age: Duration,
    /// `REFRESH_LEEWAY`
    pub refresh_leeway: Duration,
    /// `SUCCESSOR_RETENTION`
    pub successor_retention: Duration,
    /// For how long a sign-in is good enough for a change to the account itself.
    pub sign_in_freshness: Duration,
    /// `REDIS_URL`; `None` keeps what is known of sessions in `DATA_DIR`, for one host.
    pub redis_url: Option<Url>,
    /// `SINGLE_HOST`: no other host serves the same sessions.
    pub single_host: bool,
    /// `RATE_LIMIT_STRICT`, `RATE_LIMIT_ACCOUNT`, `RATE_LIMIT_ADDRESS`
    pub rate_limits: RateLimits,
    /// `HSTS_INCLUDE_SUBDOMAINS`
    pub hsts_include_subdomains: bool,
    /// `TRUSTED_PROXIES`
    pub trusted_proxies: TrustedProxies,
    /// `CLIENT_IP_HEADER`
    pub client_ip_header: HeaderName,
    /// `SESSION_COOKIE_NAME`
    pub session_cookie_name: String,
    /// `SESSION_HEADER_BUDGET`
    pub session_header_budget_bytes: usize,
    /// `CORE_API_ACCESS_TOKEN_TTL`
    pub core_api_access_token_ttl: Duration,
    /// `CORE_API_REFRESH_TOKEN_TTL`
    pub core_api_refresh_token_ttl: Duration,
    /// `CORE_API_TOKEN_MARK`: a text that the embedded core API puts into every token, so that tests can look for it.
    pub core_api_token_mark: Option<String>,
    /// `SMTP_URL` and `SMTP_FROM`; without them the embedded core API keeps its e-mails in its outbox.
    pub smtp: Option<Smtp>,
    /// `APP_NAME`
    pub app_name: String,
    /// `GET_STARTED_URL`
    pub get_started_url: String,
    /// `SOURCE_URL`
    pub source_url: String,
    /// `LOG_FORMAT`
    pub log_format: LogFormat,
    /// `RUST_LOG`
    pub log_filter: String,
    /// `LEPTOS_SITE_ROOT`, set by cargo-leptos; `None` is beside the program.
    pub site_root: Option<PathBuf>,
    /// Where cargo-leptos announces changes, while it watches.
    pub reload_addr: Option<SocketAddr>,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// From the environment of the process.
    ///
    /// # Errors
    ///
    /// [`Problems`] lists every variable that is missing or malformed, with what to do.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment enters")]
    pub fn from_environment() -> Result<Self, Problems> {
        Self::from_lookup(&|name| std::env::var(name).ok(), &|path| std::fs::read_to_string(path))
    }

    /// From anything that knows variables by name and reads files.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_lookup(
        variable: &dyn Fn(&str) -> Option<String>,
        file: &dyn Fn(&str) -> std::io::Result<String>,
    ) -> Result<Self, Problems> {
        let mut read = Reader::new(variable, file);
        let environment = read.environment();
        let listen_addr =
            read.parsed("LISTEN_ADDR", "127.0.0.1:3000", "an address with a port, such as 127.0.0.1:3000");
        let default_origin = format!("http://{listen_addr}");
        let config = Self {
            environment,
            listen_addr,
            max_connections: read.max_connections("MAX_CONNECTIONS"),
            metrics_listen_addr: read.optional_address("METRICS_LISTEN_ADDR"),
            public_origin: read.origin("PUBLIC_ORIGIN", &default_origin),
            session_secrets: read.secret("SESSION_SECRETS"),
            session_secrets_file: read.optional("SESSION_SECRETS_FILE").map(PathBuf::from),
            core_api_url: read.base_url("CORE_API_URL"),
            core_api_listen_addr: read.parsed(
                "CORE_API_LISTEN_ADDR",
                "127.0.0.1:3001",
                "an address with a port, such as 127.0.0.1:3001",
            ),
            data_dir: read.required_in_production("DATA_DIR", "target/ironleaf").into(),
            session_absolute_timeout: read.duration("SESSION_ABSOLUTE_TIMEOUT", 30 * DAY),
            session_idle_timeout: read.duration("SESSION_IDLE_TIMEOUT", 7 * DAY),
            refresh_token_max_age: read.duration("REFRESH_TOKEN_MAX_AGE", 7 * DAY),
            refresh_leeway: read.duration("REFRESH_LEEWAY", MINUTE),
            successor_retention: read.duration("SUCCESSOR_RETENTION", DAY),
            sign_in_freshness: read.duration("SIGN_IN_FRESHNESS", 15 * MINUTE),
            redis_url: read.redis_url("REDIS_URL"),
            single_host: read.parsed("SINGLE_HOST", "false", "true or false"),
            rate_limits: read.rate_limits(),
            hsts_include_subdomains: read.parsed("HSTS_INCLUDE_SUBDOMAINS", "false", "true or false"),
            trusted_proxies: read.parsed(
                "TRUSTED_PROXIES",
                "",
                "addresses or networks separated by commas, such as 10.0.0.0/8,2001:db8::/32",
            ),
            client_ip_header: read.parsed("CLIENT_IP_HEADER", "x-forwarded-for", "the name of a header"),
            session_cookie_name: read.text("SESSION_COOKIE_NAME", "ironleaf-session"),
            session_header_budget_bytes: read.parsed("SESSION_HEADER_BUDGET", "7168", "a number of bytes"),
            core_api_access_token_ttl: read.duration("CORE_API_ACCESS_TOKEN_TTL", 20 * MINUTE),
            core_api_refresh_token_ttl: read.duration("CORE_API_REFRESH_TOKEN_TTL", 7 * DAY),
            core_api_token_mark: read.optional("CORE_API_TOKEN_MARK"),
            smtp: read.smtp("SMTP_URL", "SMTP_FROM"),
            app_name: read.text("APP_NAME", "Ironleaf"),
            get_started_url: read.link("GET_STARTED_URL", "/login"),
            source_url: read.link("SOURCE_URL", "https://github.com/"),
            log_format: read.log_format(),
            log_filter: read.text("RUST_LOG", "info"),
            site_root: read.optional("LEPTOS_SITE_ROOT").map(PathBuf::from),
            reload_addr: read.reload_port().map(|port| SocketAddr::new(listen_addr.ip(), port)),
        };
        config.check_reach(&mut read);
        read.finish(config)
    }

    /// What must hold between the values: development stays on this machine, production says what it means.
    fn check_reach(&self, read: &mut Reader<'_>) {
        match self.environment {
            Environment::Development => {
                let reachable = [
                    ("LISTEN_ADDR", self.listen_addr.ip().is_loopback()),
                    (
                        "METRICS_LISTEN_ADDR",
                        self.metrics_listen_addr.is_none_or(|address| address.ip().is_loopback()),
                    ),
                    ("CORE_API_LISTEN_ADDR", self.core_api_listen_addr.ip().is_loopback()),
                    ("PUBLIC_ORIGIN", self.public_origin.is_loopback()),
                ];
                for (name, _) in reachable.iter().filter(|(_, loopback)| !loopback) {
                    read.problem(format!(
                        "{name} can be reached from other machines, and development has known passwords: use a loopback \
                         address, or set IRONLEAF_ENV=production"
                    ));
                }
            }
            Environment::Production => {
                if !self.public_origin.is_https() && !self.public_origin.is_loopback() {
                    read.problem(
                        "PUBLIC_ORIGIN must be https: over plain http anybody on the way can take a session",
                    );
                }
                if self.core_api_url.is_none() {
                    read.problem("CORE_API_URL is missing: production does not embed the reference core API");
                }
                if self.redis_url.is_none() && !self.single_host {
                    read.problem(
                        "REDIS_URL is missing: without it two hosts do not know of each other's refreshes and sign-outs. Set \
                         it, or say SINGLE_HOST=true",
                    );
                }
                if self.session_secrets.is_none() {
                    read.problem(
                        "SESSION_SECRETS is missing: make one with `openssl rand -hex 32` and keep it out of the repository",
                    );
                }
            }
        }
        if self
            .session_secrets
            .as_deref()
            .is_some_and(|secrets| ironleaf_session::KeyRing::parse(secrets).is_err())
        {
            read.problem(
                "SESSION_SECRETS does not decode to 32 bytes: make one with `openssl rand -hex 32`; several are separated by \
                 commas, newest first",
            );
        }
        if self.client_ip_header == FORWARDED {
            read.problem(
                "CLIENT_IP_HEADER is `forwarded`, whose form is another one: have the proxy write X-Forwarded-For",
            );
        }
        if self.core_api_token_mark.is_some() && self.environment == Environment::Production {
            read.problem("CORE_API_TOKEN_MARK is for tests: it makes tokens recognisable");
        }
        if let Err(error) = self.session_settings().validate() {
            read.problem(format!(
                "SESSION_COOKIE_NAME, SESSION_ABSOLUTE_TIMEOUT or SESSION_IDLE_TIMEOUT cannot be used: {error}"
            ));
        }
        if let Err(error) = EnvFilter::try_new(&self.log_filter) {
            read.problem(format!("RUST_LOG is `{}`: {error}", self.log_filter));
        }
        if self.refresh_token_max_age < SECOND {
            read.problem("REFRESH_TOKEN_MAX_AGE would end every session at once");
        }
    }

    /// What the session layer is told.
    pub fn session_settings(&self) -> SessionSettings {
        SessionSettings {
            cookie_name: self.session_cookie_name.clone(),
            secure: self.public_origin.is_https(),
            absolute_timeout: self.session_absolute_timeout,
            idle_timeout: self.session_idle_timeout,
            max_age_cap: Some(self.refresh_token_max_age),
            header_budget_bytes: self.session_header_budget_bytes,
        }
    }

    /// How the address of a client is found.
    pub fn client_ip(&self) -> ClientIp {
        ClientIp { proxies: self.trusted_proxies.clone(), header: self.client_ip_header.clone() }
    }

    /// The effective values, one per line, with secrets hidden.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &dyn fmt::Display| {
            let _ = writeln!(text, "{name}={value}");
        };
        let secs = |duration: Duration| format!("{}s", duration.as_secs());
        let environment = match self.environment {
            Environment::Development => "development",
            Environment::Production => "production",
        };
        line("IRONLEAF_ENV", &environment);
        line("LISTEN_ADDR", &self.listen_addr);
        line("MAX_CONNECTIONS", &self.max_connections);
        let metrics =
            self.metrics_listen_addr.map_or_else(|| "(off)".to_owned(), |address| address.to_string());
        line("METRICS_LISTEN_ADDR", &metrics);
        line("PUBLIC_ORIGIN", &self.public_origin);
        let secrets = if self.session_secrets.is_some() { "(hidden)" } else { "(in DATA_DIR)" };
        line("SESSION_SECRETS", &secrets);
        let core_api = self.core_api_url.as_ref().map_or_else(|| "(embedded)".to_owned(), Url::to_string);
        line("CORE_API_URL", &core_api);
        line("CORE_API_LISTEN_ADDR", &self.core_api_listen_addr);
        line("DATA_DIR", &self.data_dir.display());
        line("SESSION_ABSOLUTE_TIMEOUT", &secs(self.session_absolute_timeout));
        line("SESSION_IDLE_TIMEOUT", &secs(self.session_idle_timeout));
        line("REFRESH_TOKEN_MAX_AGE", &secs(self.refresh_token_max_age));
        line("REFRESH_LEEWAY", &secs(self.refresh_leeway));
        line("SUCCESSOR_RETENTION", &secs(self.successor_retention));
        line("SIGN_IN_FRESHNESS", &secs(self.sign_in_freshness));
        let store = if self.redis_url.is_some() { "(hidden)" } else { "(in DATA_DIR)" };
        line("REDIS_URL", &store);
        line("SINGLE_HOST", &self.single_host);
        for (name, allowance) in [
            ("RATE_LIMIT_STRICT", self.rate_limits.strict),
            ("RATE_LIMIT_ACCOUNT", self.rate_limits.account),
            ("RATE_LIMIT_ADDRESS", self.rate_limits.address),
        ] {
            line(name, &format_args!("{}/{}", allowance.failures(), secs(allowance.period())));
        }
        line("HSTS_INCLUDE_SUBDOMAINS", &self.hsts_include_subdomains);
        line("TRUSTED_PROXIES", &self.trusted_proxies);
        line("CLIENT_IP_HEADER", &self.client_ip_header);
        line("SESSION_COOKIE_NAME", &self.session_cookie_name);
        line("SESSION_HEADER_BUDGET", &self.session_header_budget_bytes);
        line("CORE_API_ACCESS_TOKEN_TTL", &secs(self.core_api_access_token_ttl));
        line("CORE_API_REFRESH_TOKEN_TTL", &secs(self.core_api_refresh_token_ttl));
        line("CORE_API_TOKEN_MARK", &self.core_api_token_mark.as_deref().unwrap_or_default());
        line("SMTP_URL", &if self.smtp.is_some() { "(hidden)" } else { "(outbox in DATA_DIR)" });
        line("SMTP_FROM", &self.smtp.as_ref().map(|smtp| smtp.from.to_string()).unwrap_or_default());
        line("APP_NAME", &self.app_name);
        line("GET_STARTED_URL", &self.get_started_url);
        line("SOURCE_URL", &self.source_url);
        line("LOG_FORMAT", &if self.log_format == LogFormat::Json { "json" } else { "pretty" });
        line("RUST_LOG", &self.log_filter);
        text.trim_end().to_owned()
    }
}
