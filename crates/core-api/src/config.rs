//! All inputs of the core API, including time and randomness.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    cors::CorsOrigins,
    mail::{MailRetries, Mailer},
};

/// The clock.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The clock of the operating system.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this crate that asks the machine for the time"
)]
pub fn system_clock() -> Clock {
    Arc::new(SystemTime::now)
}

/// The random generator of the operating system.
///
/// # Panics
///
/// The returned function panics if the operating system has no randomness, because there is no safe way to continue.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this crate that asks the machine for randomness"
)]
pub fn system_random() -> Random {
    Arc::new(|bytes| getrandom::fill(bytes).expect("the operating system gives random bytes"))
}

/// How long an address that was replaced can be taken back.
pub(crate) const ADDRESS_RESTORABLE_FOR: Duration = Duration::from_hours(7 * 24);

/// The cost of one argon2id hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PasswordCost {
    /// The minimum of OWASP's Password Storage Cheat Sheet.
    pub const OWASP: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// The least that argon2 accepts. Only for tests: it protects nothing.
    pub const FOR_TESTS: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
}

/// The settings of one core API. Start from [`Config::development`] or [`Config::in_memory`] and change what differs.
#[derive(Clone)]
pub struct Config {
    /// The folder of `core-api.sqlite3`, `core-api.key` and `outbox/`. It is created if it is missing.
    pub data_dir: PathBuf,
    /// Keeps everything in memory and does not use `data_dir`. For tests: nothing is kept.
    pub in_memory: bool,
    /// Origin of the web application, for the links in e-mails.
    pub public_origin: String,
    /// The domain that passkeys are bound to (Web Authentication calls it the RP ID): the host of `public_origin`, which is
    /// the default, or a parent domain of it. Browsers refuse a public suffix, such as `com` or `co.uk`; only one without a dot
    /// is refused here. An application whose host is an IP address has no passkeys.
    pub passkey_domain: Option<String>,
    /// Name of the web application, for the text of e-mails.
    pub app_name: String,
    /// Lifetime of an access token, in whole seconds.
    pub access_token_ttl: Duration,
    /// Lifetime of a refresh token, in whole seconds.
    pub refresh_token_ttl: Duration,
    /// Lifetime of the one-time refresh token in a password reset e-mail.
    pub reset_link_ttl: Duration,
    /// Lifetime of the token in an e-mail verification link.
    pub verification_link_ttl: Duration,
    /// Other pages that may call the API from a browser, with cookies. None by default.
    pub cors_origins: CorsOrigins,
    /// Seeds two people and serves `/outbox` and `/v1/debug/stats`.
    pub development: bool,
    /// Marks every token, so that tests can search for leaks: see [`leak_patterns`](crate::leak_patterns).
    pub token_mark: Option<String>,
    /// The cost of hashing a password.
    pub password_cost: PasswordCost,
    /// How many passwords are hashed concurrently. Each takes [`PasswordCost::memory_kib`] and one core.
    pub concurrent_hashes: usize,
    /// The number of connections that read while another one writes.
    pub readers: u32,
    /// The time limit for a client to send a body.
    pub body_timeout: Duration,
    /// Sends the e-mails. Without a mailer they go to the outbox.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// When an e-mail that was not accepted is tried again.
    pub mail_retries: MailRetries,
    /// The clock.
    pub clock: Clock,
    /// Makes keys, salts, tokens and identifiers.
    pub random: Random,
}

impl Config {
    /// The defaults of development: seeded people, an outbox, and the application on `http://127.0.0.1:3000`.
    pub fn development(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            in_memory: false,
            public_origin: "http://127.0.0.1:3000".to_owned(),
            passkey_domain: None,
            app_name: "Ironleaf".to_owned(),
            access_token_ttl: Duration::from_mins(20),
            refresh_token_ttl: Duration::from_hours(7 * 24),
            reset_link_ttl: Duration::from_hours(1),
            verification_link_ttl: Duration::from_hours(7 * 24),
            cors_origins: CorsOrigins::default(),
            development: true,
            token_mark: None,
            password_cost: PasswordCost::OWASP,
            concurrent_hashes: 2,
            readers: 4,
            body_timeout: Duration::from_secs(10),
            mailer: None,
            mail_retries: MailRetries::default(),
            clock: system_clock(),
            random: system_random(),
        }
    }

    /// For tests: development without files and with the cheapest passwords.
    pub fn in_memory() -> Self {
        Self { in_memory: true, password_cost: PasswordCost::FOR_TESTS, ..Self::development(PathBuf::new()) }
    }

    /// Describes a setting with which the core API could not keep its promises.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let lives =
            [self.access_token_ttl, self.refresh_token_ttl, self.reset_link_ttl, self.verification_link_ttl];
        let whole_seconds = |life: &Duration| life.as_secs() > 0 && life.subsec_nanos() == 0;
        if !lives.iter().all(whole_seconds) {
            return Some("token lives are whole seconds, one at least");
        }
        if self.concurrent_hashes == 0 || self.readers == 0 {
            return Some("at least one password is hashed at once, and at least one connection reads");
        }
        if self.mail_retries.first.is_zero() || self.mail_retries.longest.is_zero() {
            return Some("between two tries to send an e-mail is some time");
        }
        match &self.token_mark {
            Some(mark) if mark.len() < 8 || !mark.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Some("a token mark is 8 ASCII letters and digits at least")
            }
            _ => None,
        }
    }
}
