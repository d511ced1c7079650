//! What is told of the Redis beside its address.

use std::path::PathBuf;
use std::time::Duration;

use ironleaf_store::{RedisSettings, RedisStore};
use url::Url;

use super::describe::Lines;
use super::reader::Reader;

/// Shorter is a mistake, longer more than a page can wait for: a read may have it twice, and readiness is asked for a second.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Longer ones are in the name of every key.
const PREFIX_MAX_BYTES: usize = 64;

/// How the Redis of `REDIS_URL` is spoken to.
#[derive(Clone)]
pub struct RedisConfig {
    /// `REDIS_PREFIX`: what every key starts with.
    pub prefix: String,
    /// `REDIS_TIMEOUT`: how long connecting, one answer, and a call with all it waits for may each take.
    pub timeout: Duration,
    /// `REDIS_CA_FILE`; `None` trusts the certificates of the system.
    pub ca_file: Option<PathBuf>,
    /// What is in that file, in PEM.
    root_certificates: Option<Vec<u8>>,
}

impl RedisConfig {
    pub(super) fn read(read: &mut Reader<'_>, url: Option<&Url>) -> Self {
        let defaults = RedisSettings::default();
        let config = Self {
            prefix: prefix(read, "REDIS_PREFIX", &defaults.prefix),
            timeout: read.short_duration(
                "REDIS_TIMEOUT",
                defaults.command_timeout,
                SHORTEST_TIMEOUT..=LONGEST_TIMEOUT,
            ),
            ca_file: read.optional("REDIS_CA_FILE").map(PathBuf::from),
            root_certificates: read.file("REDIS_CA_FILE").map(String::into_bytes),
        };
        config.check(read, url);
        config
    }

    fn check(&self, read: &mut Reader<'_>, url: Option<&Url>) {
        // SECURITY: whoever names a certificate believes that the connection is encrypted.
        if self.ca_file.is_some() && url.is_some_and(|url| url.scheme() != "rediss") {
            read.problem(
                "REDIS_CA_FILE is set, and REDIS_URL does not begin with rediss://: without TLS nothing is checked",
            );
        }
        if self.root_certificates.is_some()
            && RedisStore::lazy("rediss://redis.internal", self.settings()).is_err()
        {
            read.problem("REDIS_CA_FILE holds no certificates that can be used: it must be a PEM file");
        }
    }

    /// What the store is told.
    pub fn settings(&self) -> RedisSettings {
        RedisSettings {
            prefix: self.prefix.clone(),
            connect_timeout: self.timeout,
            response_timeout: self.timeout,
            command_timeout: self.timeout,
            root_certificates: self.root_certificates.clone(),
            ..RedisSettings::default()
        }
    }

    pub(super) fn describe(&self, lines: &mut Lines) {
        lines.add("REDIS_PREFIX", &self.prefix);
        lines.add("REDIS_TIMEOUT", &format_args!("{}ms", self.timeout.as_millis()));
        let ca_file = self.ca_file.as_ref().map(|path| path.display().to_string());
        lines.add("REDIS_CA_FILE", &ca_file.as_deref().unwrap_or("(those of the system)"));
    }
}

/// Nothing that a cluster, a pattern of an ACL or a line of a log reads as more than a letter.
fn prefix(read: &mut Reader<'_>, name: &str, default: &str) -> String {
    let text = read.text(name, default);
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ":-_./".contains(letter);
    if text.len() > PREFIX_MAX_BYTES || !text.chars().all(is_plain) {
        read.problem(format!(
            "{name} is `{text}`: it must be up to {PREFIX_MAX_BYTES} letters, digits and characters of `:-_./`, such as {default}"
        ));
    }
    text
}
