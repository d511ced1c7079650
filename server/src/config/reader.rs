//! Reads single variables and collects their problems.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use ironleaf_bff::{Allowance, PublicOrigin, RateLimits};
use ironleaf_core_api::CorsOrigins;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::environment::{Environment, File, Variable};
use super::log::{Log, LogFormat};
use super::problems::Problems;
use super::smtp::Smtp;

/// Reads the variables one by one.
pub struct Reader<'a> {
    variable: &'a Variable<'a>,
    file: &'a File<'a>,
    environment: Environment,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(variable: &'a Variable<'a>, file: &'a File<'a>) -> Self {
        let mut read = Self { variable, file, environment: Environment::Development, problems: Vec::new() };
        read.environment = read.read_environment();
        read
    }

    /// Lets `run` read in the same way, with `asked` told of every name. Problems of it are not reported.
    pub(crate) fn apart(&self, asked: &dyn Fn(&str), run: impl FnOnce(&mut Reader<'_>)) {
        let variable = |name: &str| {
            asked(name);
            (self.variable)(name)
        };
        run(&mut Reader {
            variable: &variable,
            file: self.file,
            environment: self.environment,
            problems: Vec::new(),
        });
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Problems> {
        if self.problems.is_empty() { Ok(value) } else { Err(Problems(self.problems)) }
    }

    /// Reports a problem. The application does not start, and every problem is shown.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// The value of a variable. An empty value counts as not set.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value of a variable, or the default.
    pub fn text(&self, name: &str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn required_in_production(&mut self, name: &str, default: &str) -> String {
        let value = self.optional(name);
        if value.is_none() && self.is_production() {
            self.problem(format!("{name} is missing: production has no default for it"));
        }
        value.unwrap_or_else(|| default.to_owned())
    }

    /// A value, or the content of the file that `<name>_FILE` names.
    pub fn secret(&mut self, name: &str) -> Option<String> {
        let file_name = format!("{name}_FILE");
        let (value, path) = (self.optional(name), self.optional(&file_name));
        if value.is_some() && path.is_some() {
            self.problem(format!("{name} and {file_name} are both set: keep one of them"));
        }
        if path.is_none() {
            return value;
        }
        self.file(&file_name).map(|content| content.trim().to_owned())
    }

    /// The content of the file that this variable names.
    pub(crate) fn file(&mut self, name: &str) -> Option<String> {
        let path = self.optional(name)?;
        let content = (self.file)(&path);
        if let Err(error) = &content {
            self.problem(format!("{name} names {path}, which cannot be read: {error}"));
        }
        content.ok()
    }

    fn read_environment(&mut self) -> Environment {
        match self.optional("IRONLEAF_ENV").as_deref() {
            None | Some("development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(other) => {
                self.problem(format!("IRONLEAF_ENV is `{other}`: it is either development or production"));
                Environment::Production
            }
        }
    }

    pub(crate) const fn environment(&self) -> Environment {
        self.environment
    }

    pub(super) fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// Development has known passwords, so it must not be reachable from other machines.
    pub(super) fn must_stay_here(&mut self, name: &str, is_loopback: bool) {
        if !is_loopback && !self.is_production() {
            self.problem(format!(
                "{name} can be reached from other machines, and development has known passwords: use a loopback address, or set \
                 IRONLEAF_ENV=production"
            ));
        }
    }

    /// A value of another type. `shape` says what it must be.
    ///
    /// # Panics
    ///
    /// If `default` does not parse.
    pub fn parsed<T: FromStr>(&mut self, name: &str, default: &str, shape: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        if let Some(value) = self.optional(name) {
            match value.parse() {
                Ok(value) => return value,
                Err(_) => self.problem(format!("{name} is `{value}`: it must be {shape}")),
            }
        }
        default.parse().expect("a default of ours parses")
    }

    pub(super) fn listen_addr(&mut self) -> SocketAddr {
        self.address("LISTEN_ADDR", "127.0.0.1:3000")
    }

    pub(super) fn address(&mut self, name: &str, default: &str) -> SocketAddr {
        self.parsed(name, default, &format!("an address with a port, such as {default}"))
    }

    pub(super) fn optional_address(&mut self, name: &str) -> Option<SocketAddr> {
        let value = self.optional(name)?;
        let address = value.parse().ok();
        if address.is_none() {
            self.problem(format!(
                "{name} is `{value}`: it must be an address with a port, such as 127.0.0.1:9000"
            ));
        }
        address
    }

    /// The default stays below 1,024, the usual limit of open files of a process.
    pub(super) fn max_connections(&mut self, name: &str) -> usize {
        let shape = "a number of connections, at least 1";
        self.parsed::<NonZeroU32>(name, "800", shape).get().try_into().unwrap_or(usize::MAX)
    }

    /// `PUBLIC_ORIGIN`. Production has to set it: cookies and the cross-site check depend on it.
    pub(super) fn origin(&mut self, name: &str, default: &str) -> PublicOrigin {
        let text = self.required_in_production(name, default);
        text.parse().unwrap_or_else(|error| {
            self.problem(format!("{name} is `{text}`: {error}"));
            "http://127.0.0.1".parse().expect("a loopback origin parses")
        })
    }

    /// The address of an API: http or https, without credentials, query and fragment.
    pub fn base_url(&mut self, name: &str) -> Option<Url> {
        self.base_url_such_as(name, "https://api.example.com/v1")
    }

    /// The same, with an example of its own.
    pub(crate) fn base_url_such_as(&mut self, name: &str, example: &str) -> Option<Url> {
        let text = self.optional(name)?;
        match Url::parse(&text) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.problem(format!(
                    "{name} carries a user name or a password: it is shown in the log, leave them out"
                ));
                None
            }
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.host().is_some()
                    && url.query().is_none()
                    && url.fragment().is_none() =>
            {
                Some(url)
            }
            _ => {
                // SECURITY: a malformed value may contain a password or a key.
                let shown = if text.contains(['@', '?', '#']) {
                    "cannot be read (it is not shown, since there may be a secret in it)".to_owned()
                } else {
                    format!("is `{text}`")
                };
                self.problem(format!("{name} {shown}: it must be a URL such as {example}"));
                None
            }
        }
    }

    /// A proxy, with optional credentials that are never shown.
    pub(crate) fn proxy(&mut self, name: &str) -> Option<Url> {
        let text = self.optional(name)?;
        let is_proxy = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
        };
        let url = Url::parse(&text).ok().filter(is_proxy);
        if url.is_none() {
            self.problem(format!(
                "{name} must be the URL of an HTTP proxy, such as http://proxy.internal:3128 or http://user:password@proxy.internal:3128"
            ));
        }
        url
    }

    /// A Redis with its database, with optional credentials that are never shown.
    pub(super) fn redis_url(&mut self, name: &str) -> Option<Url> {
        let text = self.secret(name)?;
        let url = Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "redis" | "rediss") && url.host().is_some());
        if url.is_none() {
            self.problem(format!("{name} must be a URL such as redis://redis.internal:6379/0"));
        }
        url
    }

    /// A mail server with optional credentials, and the sender of the e-mails. The URL is never shown.
    pub(super) fn smtp(&mut self, url_name: &str, from_name: &str) -> Option<Smtp> {
        let server = self.secret(url_name).map(|url| url.parse());
        let from = self.optional(from_name).map(|from| from.parse());
        if let Some(Err(error)) = &server {
            self.problem(format!("{url_name} cannot be used: {error}"));
        }
        if let Some(Err(error)) = &from {
            self.problem(format!("{from_name} cannot be used: {error}"));
        }
        if server.is_some() && from.is_none() {
            self.problem(format!(
                "{from_name} is missing: {url_name} is set, and e-mails need a sender, such as no-reply@example.com"
            ));
        }
        Some(Smtp { server: server?.ok()?, from: from?.ok()? })
    }

    /// Origins separated by commas. The problem names the first invalid one and the reason.
    pub(super) fn cors_origins(&mut self, name: &str) -> CorsOrigins {
        self.text(name, "").parse().unwrap_or_else(|error| {
            self.problem(format!("{name} cannot be used: {error}"));
            CorsOrigins::default()
        })
    }

    /// Texts separated by commas. A problem if there is none among the commas.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        let Some(text) = self.optional(name) else { return Vec::new() };
        let items: Vec<_> =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        if items.is_empty() {
            self.problem(format!("{name} is `{text}`: it must be names separated by commas"));
        }
        items
    }

    /// The target of a link: a path here or a page elsewhere.
    pub(crate) fn link(&mut self, name: &str, default: &str) -> String {
        let text = self.text(name, default);
        let elsewhere = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !elsewhere && !text.starts_with('/') {
            self.problem(format!("{name} is `{text}`: it must be a path such as /login, or a URL"));
        }
        text
    }

    /// `90s`, `20m`, `12h`, `7d`. A bare number is refused, because its unit is not clear.
    pub fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let Some(text) = self.optional(name) else {
            return default;
        };
        parse_duration(&text).unwrap_or_else(|| {
            self.problem(format!(
                "{name} is `{text}`: it must be a number with a unit, such as 90s, 20m, 12h or 7d"
            ));
            default
        })
    }

    /// `500ms` or `1s`, within bounds.
    pub(crate) fn short_duration(
        &mut self,
        name: &str,
        default: Duration,
        bounds: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(text) = self.optional(name) else {
            return default;
        };
        let read = match text.strip_suffix("ms") {
            Some(number) => number.parse().ok().map(Duration::from_millis),
            None => parse_duration(&text),
        };
        read.filter(|duration| bounds.contains(duration)).unwrap_or_else(|| {
            let (from, to) = bounds.into_inner();
            self.problem(match read {
                Some(_) => format!("{name} is `{text}`: it must be from {from:?} to {to:?}"),
                None => format!(
                    "{name} is `{text}`: it must be a number with a unit, such as 500ms, from {from:?} to {to:?}"
                ),
            });
            default
        })
    }

    pub(super) fn rate_limits(&mut self) -> RateLimits {
        let defaults = RateLimits::default();
        RateLimits {
            strict: self.allowance("RATE_LIMIT_STRICT", defaults.strict),
            account: self.allowance("RATE_LIMIT_ACCOUNT", defaults.account),
            address: self.allowance("RATE_LIMIT_ADDRESS", defaults.address),
            guests: self.allowance("RATE_LIMIT_GUESTS", defaults.guests),
            sign_ins: self.allowance("RATE_LIMIT_SIGN_INS", defaults.sign_ins),
            recipient: self.allowance("RATE_LIMIT_RECIPIENT", defaults.recipient),
            mails: self.allowance("RATE_LIMIT_MAILS", defaults.mails),
        }
    }

    /// `10/15m`: ten within a quarter of an hour.
    fn allowance(&mut self, name: &str, default: Allowance) -> Allowance {
        let Some(text) = self.optional(name) else {
            return default;
        };
        let read = text.split_once('/').and_then(|(failures, period)| {
            Allowance::checked(failures.trim().parse().ok()?, parse_duration(period.trim())?).ok()
        });
        read.unwrap_or_else(|| {
            self.problem(format!(
                "{name} is `{text}`: it must be a number of failures and a period, such as 10/15m"
            ));
            default
        })
    }

    pub(super) fn log(&mut self) -> Log {
        let (format, filter) = (self.log_format(), self.text("RUST_LOG", "info"));
        if let Err(error) = EnvFilter::try_new(&filter) {
            self.problem(format!(
                "RUST_LOG is `{filter}`: {error}; it may be info, or info,ironleaf_bff=debug"
            ));
        }
        Log { format, filter, otlp_endpoint: self.base_url("OTEL_EXPORTER_OTLP_ENDPOINT") }
    }

    fn log_format(&mut self) -> LogFormat {
        match self.optional("LOG_FORMAT").as_deref() {
            None if self.is_production() => LogFormat::Json,
            None | Some("pretty") => LogFormat::Pretty,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.problem(format!("LOG_FORMAT is `{other}`: it is either pretty or json"));
                LogFormat::Pretty
            }
        }
    }

    /// cargo-leptos sets both while it watches.
    pub(super) fn reload_port(&self) -> Option<u16> {
        self.optional("LEPTOS_WATCH").filter(|_| !self.is_production())?;
        self.optional("LEPTOS_RELOAD_PORT")?.parse().ok()
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let secs = match unit {
        's' => number,
        'm' => number.checked_mul(60)?,
        'h' => number.checked_mul(60 * 60)?,
        'd' => number.checked_mul(24 * 60 * 60)?,
        _ => return None,
    };
    Some(Duration::from_secs(secs))
}
