//! The configuration, read once at start. Every problem is reported, not only the first.

pub(crate) mod ca_file;
mod core_api;
mod core_api_client;
mod defaults;
mod describe;
mod environment;
mod exposed_files;
pub(crate) mod lines;
mod log;
mod names;
mod passwords;
mod problems;
mod proxy_routes;
mod proxy_streams;
pub(crate) mod reader;
mod redis;
mod smtp;
#[cfg(test)]
mod tests;
mod warnings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use http::header::FORWARDED;
use ironleaf_bff::{PasswordPolicy, PublicOrigin, RateLimits};
use ironleaf_proxy::{Routes, StreamLimits};
use ironleaf_session::SessionSettings;
use url::Url;

use crate::client_ip::{ClientIp, TrustedProxies};
use crate::providers::{Chosen, ProviderKind};

pub use self::ca_file::CaFile;
pub use self::core_api::CoreApiConfig;
pub use self::core_api_client::CoreApiClient;
use self::defaults::{DATA_DIR, DAY, MINUTE, SECOND};
pub use self::environment::Environment;
use self::environment::{File, Variable, environment_variable};
pub use self::lines::Lines;
pub use self::log::{Log, LogFormat};
pub use self::names::suspicious_variables;
pub use self::problems::Problems;
pub use self::reader::Reader;
pub use self::redis::RedisConfig;
pub use self::smtp::Smtp;

const SESSION_COOKIE: &str = "ironleaf-session";

/// Every session with tokens is larger than this.
const LEAST_HEADER_BUDGET: usize = 256;

/// All settings of the application.
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
    /// `SESSION_SECRETS`; `None` uses the secret in the data folder.
    pub session_secrets: Option<String>,
    /// `SESSION_SECRETS_FILE`; it is read again when it changes.
    pub session_secrets_file: Option<PathBuf>,
    /// `PROVIDER` and its own variables: who signs people in.
    pub provider: Chosen,
    /// `SIGN_IN_ROLES`: only people with one of these roles are signed in. Empty: everybody is.
    pub sign_in_roles: Vec<String>,
    /// `CORE_API_URL`; `None` uses the embedded one, or none if another provider signs people in.
    pub core_api_url: Option<Url>,
    /// How the core API is reached.
    pub core_api_client: CoreApiClient,
    /// The settings of the embedded core API.
    pub core_api: CoreApiConfig,
    /// `DATA_DIR`
    pub data_dir: PathBuf,
    /// `SESSION_ABSOLUTE_TIMEOUT`
    pub session_absolute_timeout: Duration,
    /// `SESSION_IDLE_TIMEOUT`
    pub session_idle_timeout: Duration,
    /// `SESSION_UNREMEMBERED_IDLE_TIMEOUT`
    pub session_unremembered_idle_timeout: Duration,
    /// `REFRESH_TOKEN_MAX_AGE`
    pub refresh_token_max_age: Duration,
    /// `REFRESH_LEEWAY`
    pub refresh_leeway: Duration,
    /// `SUCCESSOR_RETENTION`
    pub successor_retention: Duration,
    /// How long a sign-in counts as recent enough for a change to the account itself.
    pub sign_in_freshness: Duration,
    /// `REDIS_URL`; `None` keeps the data of sessions in `DATA_DIR`, for one host.
    pub redis_url: Option<Url>,
    /// How to connect to that Redis.
    pub redis: RedisConfig,
    /// `SINGLE_HOST`: no other host serves the same sessions.
    pub single_host: bool,
    /// `RATE_LIMIT_STRICT`, `RATE_LIMIT_ACCOUNT`, `RATE_LIMIT_ADDRESS`, `RATE_LIMIT_GUESTS`, `RATE_LIMIT_SIGN_INS`,
    /// `RATE_LIMIT_RECIPIENT`, `RATE_LIMIT_MAILS`
    pub rate_limits: RateLimits,
    /// `PASSWORD_BLOCKLIST` and `PASSWORD_MIN_STRENGTH`
    pub password_policy: PasswordPolicy,
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
    /// `APP_NAME`
    pub app_name: String,
    /// `GET_STARTED_URL`
    pub get_started_url: String,
    /// `SOURCE_URL`
    pub source_url: String,
    /// `PROXY_ROUTES`: the paths that are forwarded to APIs.
    pub proxy_routes: Routes,
    /// `PROXY_MAX_STREAMS_PER_PERSON`, `PROXY_MAX_STREAMS`, `PROXY_STREAM_IDLE_TIMEOUT`
    pub proxy_streams: StreamLimits,
    /// `LOG_FORMAT` and `RUST_LOG`
    pub log: Log,
    /// `LEPTOS_SITE_ROOT`, set by cargo-leptos; `None` looks beside the program.
    pub site_root: Option<PathBuf>,
    /// Where cargo-leptos announces changes, while it watches.
    pub reload_addr: Option<SocketAddr>,
}

impl Config {
    /// From the environment of the process.
    ///
    /// # Errors
    ///
    /// [`Problems`] lists every variable that is missing or malformed, with what to do.
    pub fn from_environment() -> Result<Self, Problems> {
        Self::from_environment_with(&[])
    }

    /// The same with providers of the caller's.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_environment_with(own: &'static [ProviderKind]) -> Result<Self, Problems> {
        Self::from_lookup_with(own, &environment_variable, &|path| std::fs::read_to_string(path))
    }

    /// From any source of variables and files.
    ///
    /// # Errors
    ///
    /// As [`from_environment`](Self::from_environment).
    pub fn from_lookup(variable: &Variable<'_>, file: &File<'_>) -> Result<Self, Problems> {
        Self::from_lookup_with(&[], variable, file)
    }

    fn from_lookup_with(
        own: &'static [ProviderKind],
        variable: &Variable<'_>,
        file: &File<'_>,
    ) -> Result<Self, Problems> {
        let mut read = Reader::new(variable, file);
        let listen_addr = read.listen_addr();
        let redis_url = read.redis_url("REDIS_URL");
        // With a Redis and with configured secrets, nothing is written here.
        let data_dir: PathBuf = match &redis_url {
            Some(_) => read.text("DATA_DIR", DATA_DIR).into(),
            None => read.required_in_production("DATA_DIR", DATA_DIR).into(),
        };
        let core_api = CoreApiConfig::read(&mut read, listen_addr, data_dir.clone());
        let core_api_url = read.base_url("CORE_API_URL");
        let session_idle_timeout = read.duration("SESSION_IDLE_TIMEOUT", 7 * DAY);
        let max_connections = read.max_connections("MAX_CONNECTIONS");
        let config = Self {
            environment: core_api.environment,
            listen_addr,
            max_connections,
            metrics_listen_addr: read.optional_address("METRICS_LISTEN_ADDR"),
            public_origin: core_api.public_origin.clone(),
            session_secrets: read.secret("SESSION_SECRETS"),
            session_secrets_file: read.optional("SESSION_SECRETS_FILE").map(PathBuf::from),
            provider: Chosen::read(&mut read, own),
            sign_in_roles: read.list("SIGN_IN_ROLES"),
            core_api_client: CoreApiClient::read(&mut read, core_api_url.as_ref()),
            core_api_url,
            data_dir,
            session_absolute_timeout: read.duration("SESSION_ABSOLUTE_TIMEOUT", 30 * DAY),
            session_idle_timeout,
            session_unremembered_idle_timeout: read
                .duration("SESSION_UNREMEMBERED_IDLE_TIMEOUT", 60 * MINUTE),
            refresh_token_max_age: read.duration("REFRESH_TOKEN_MAX_AGE", 7 * DAY),
            refresh_leeway: read.duration("REFRESH_LEEWAY", MINUTE),
            // The newest tokens of a session are kept as long as the session may be idle: an answer lost on a Friday is
            // found on Monday.
            successor_retention: read.duration("SUCCESSOR_RETENTION", session_idle_timeout),
            sign_in_freshness: read.duration("SIGN_IN_FRESHNESS", 15 * MINUTE),
            redis: RedisConfig::read(&mut read, redis_url.as_ref()),
            redis_url,
            single_host: read.parsed("SINGLE_HOST", "false", "true or false"),
            rate_limits: read.rate_limits(),
            password_policy: passwords::read(&mut read, &core_api.app_name),
            hsts_include_subdomains: read.parsed("HSTS_INCLUDE_SUBDOMAINS", "false", "true or false"),
            trusted_proxies: read.parsed(
                "TRUSTED_PROXIES",
                "",
                "addresses or networks separated by commas, such as 10.0.0.0/8,2001:db8::/32",
            ),
            client_ip_header: read.parsed("CLIENT_IP_HEADER", "x-forwarded-for", "the name of a header"),
            session_cookie_name: read.text("SESSION_COOKIE_NAME", SESSION_COOKIE),
            session_header_budget_bytes: read.parsed("SESSION_HEADER_BUDGET", "7168", "a number of bytes"),
            app_name: core_api.app_name.clone(),
            get_started_url: read.link("GET_STARTED_URL", "/login"),
            source_url: read.link("SOURCE_URL", "https://github.com/"),
            proxy_routes: proxy_routes::read(&mut read),
            proxy_streams: proxy_streams::read(&mut read, max_connections),
            log: core_api.log.clone(),
            site_root: read.optional("LEPTOS_SITE_ROOT").map(PathBuf::from),
            reload_addr: read.reload_port().map(|port| SocketAddr::new(listen_addr.ip(), port)),
            core_api,
        };
        config.check(&mut read);
        read.finish(config)
    }

    /// Checks conditions between several values.
    fn check(&self, read: &mut Reader<'_>) {
        read.must_stay_here("LISTEN_ADDR", self.listen_addr.ip().is_loopback());
        let metrics = self.metrics_listen_addr.is_none_or(|address| address.ip().is_loopback());
        read.must_stay_here("METRICS_LISTEN_ADDR", metrics);
        if self.environment == Environment::Production {
            self.check_production(read);
        }
        let secrets = self.session_secrets.as_deref().map(ironleaf_session::KeyRing::parse);
        if let Some(Err(error)) = secrets {
            read.problem(format!(
                "SESSION_SECRETS cannot be used: {error}; several are separated by commas, newest first"
            ));
        }
        if self.client_ip_header == FORWARDED {
            read.problem(
                "CLIENT_IP_HEADER is `forwarded`, whose form is another one: have the proxy write X-Forwarded-For",
            );
        }
        if self.trusted_proxies.is_everybody() {
            read.problem(
                "TRUSTED_PROXIES takes in whole parts of the internet: whoever is trusted writes whatever address they like. Name the \
                 proxies in front, or their network",
            );
        }
        self.check_listeners(read);
        if !self.provider.settings.has_roles() && !self.sign_in_roles.is_empty() {
            read.problem(format!(
                "SIGN_IN_ROLES is set, and {} has no roles: nobody could sign in",
                self.provider.kind.name
            ));
        }
        let without_roles = (!self.provider.settings.has_roles()).then_some(self.provider.kind.name);
        let without_guests = (!self.provider.settings.has_guests()).then_some(self.provider.kind.name);
        let core_api = self.core_api_url.as_ref();
        let without_token = |upstream: &Url| self.provider.settings.without_token(core_api, upstream);
        let beside = proxy_routes::Beside {
            streams: &self.proxy_streams,
            max_connections: self.max_connections,
            without_roles,
            without_guests,
            without_token: &without_token,
            own_origins: [self.public_origin.to_string(), format!("http://{}", self.listen_addr)],
        };
        proxy_routes::check(&self.proxy_routes, &beside, read);
        let missing = self.provider.settings.missing_for_roles();
        if let Some(missing) = missing.filter(|_| !self.sign_in_roles.is_empty()) {
            read.problem(format!(
                "SIGN_IN_ROLES is set and {missing} is not: nobody has a role, and nobody could sign in"
            ));
        }
        if let Err(error) = self.session_settings().validate() {
            read.problem(format!(
                "SESSION_COOKIE_NAME, SESSION_ABSOLUTE_TIMEOUT, SESSION_IDLE_TIMEOUT or \
                 SESSION_UNREMEMBERED_IDLE_TIMEOUT cannot be used: {error}"
            ));
        }
        let name = self.session_cookie_name.as_str();
        if name.starts_with("ironleaf-") && name != SESSION_COOKIE {
            read.problem(format!(
                "SESSION_COOKIE_NAME is `{name}`, as another cookie of ours may be called: begin it in another way than with `ironleaf-`"
            ));
        }
        if self.session_header_budget_bytes < LEAST_HEADER_BUDGET {
            read.problem(format!(
                "SESSION_HEADER_BUDGET is {}: nobody could sign in, it must be at least {LEAST_HEADER_BUDGET} bytes",
                self.session_header_budget_bytes
            ));
        }
        if self.refresh_token_max_age < SECOND {
            read.problem("REFRESH_TOKEN_MAX_AGE would end every session at once");
        }
    }

    /// Checks whether two listeners have the same address, or one has a wildcard address that includes the other.
    fn check_listeners(&self, read: &mut Reader<'_>) {
        let core_api = self.embeds_core_api().then_some(self.core_api.listen_addr);
        let listeners = [
            ("LISTEN_ADDR", Some(self.listen_addr)),
            ("METRICS_LISTEN_ADDR", self.metrics_listen_addr),
            ("CORE_API_LISTEN_ADDR", core_api),
        ];
        let listeners: Vec<_> =
            listeners.into_iter().filter_map(|(name, address)| Some((name, address?))).collect();
        for (place, (name, address)) in listeners.iter().enumerate() {
            for (other_name, other) in &listeners[place + 1..] {
                if is_same_place(*address, *other) {
                    read.problem(format!(
                        "{name} {address} and {other_name} {other} are the same place: each needs a port of its own"
                    ));
                }
            }
        }
    }

    /// Production must set its values explicitly.
    fn check_production(&self, read: &mut Reader<'_>) {
        if self.embeds_core_api() {
            read.problem("CORE_API_URL is missing: production does not embed the reference core API");
        }
        if self.redis_url.is_none() && !self.single_host {
            read.problem(
                "REDIS_URL is missing: without it two hosts do not know of each other's refreshes and sign-outs. Set it, or say \
                 SINGLE_HOST=true",
            );
        }
        if self.session_secrets.is_none() {
            read.problem(
                "SESSION_SECRETS is missing: make one with `openssl rand -hex 32` and keep it out of the repository",
            );
        }
    }

    /// Whether the reference core API runs in this process: it signs people in, and there is no other one.
    pub fn embeds_core_api(&self) -> bool {
        self.core_api_url.is_none() && self.provider.settings.embeds_core_api()
    }

    /// The settings of the session layer.
    pub fn session_settings(&self) -> SessionSettings {
        SessionSettings {
            cookie_name: self.session_cookie_name.clone(),
            secure: self.public_origin.is_https(),
            absolute_timeout: self.session_absolute_timeout,
            idle_timeout: self.session_idle_timeout,
            unremembered_idle_timeout: self.session_unremembered_idle_timeout,
            max_age_cap: Some(self.refresh_token_max_age),
            header_budget_bytes: self.session_header_budget_bytes,
        }
    }

    /// How the address of a client is found.
    pub fn client_ip(&self) -> ClientIp {
        ClientIp { proxies: self.trusted_proxies.clone(), header: self.client_ip_header.clone() }
    }
}

/// Port 0 is a new port each time.
fn is_same_place(one: SocketAddr, other: SocketAddr) -> bool {
    let is_same_address = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && is_same_address
}

/// The address on which the application listens, for health checks.
///
/// # Errors
///
/// [`Problems`] if `LISTEN_ADDR` is malformed.
pub fn listen_addr() -> Result<SocketAddr, Problems> {
    let mut read = Reader::new(&environment_variable, &|path| std::fs::read_to_string(path));
    let address = read.listen_addr();
    read.finish(address)
}
