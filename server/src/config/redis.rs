//! What is told of the Redis beside its address.

use std::time::Duration;

use ironleaf_store::{RedisSettings, RedisStore};
use url::Url;

use super::ca_file::CaFile;
use super::lines::Lines;
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
    /// `REDIS_CA_FILE`
    pub ca_file: CaFile,
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
            ca_file: CaFile::read(read, "REDIS_CA_FILE"),
        };
        config.check(read, url);
        config
    }

    fn check(&self, read: &mut Reader<'_>, url: Option<&Url>) {
        let is_encrypted = url.is_none_or(|url| url.scheme() == "rediss");
        self.ca_file.must_be_of_use(read, is_encrypted, "REDIS_URL", "rediss");
        if self.ca_file.pem().is_some()
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
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..RedisSettings::default()
        }
    }

    pub(super) fn describe(&self, lines: &mut Lines) {
        lines.add("REDIS_PREFIX", &self.prefix);
        lines.add("REDIS_TIMEOUT", &format_args!("{}ms", self.timeout.as_millis()));
        self.ca_file.describe(lines);
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
