//! The settings of the Redis besides its address.

use std::time::Duration;

use ironleaf_store::{RedisSettings, RedisStore};
use url::Url;

use super::ca_file::CaFile;
use super::lines::Lines;
use super::reader::Reader;

/// A shorter timeout is a mistake. A longer one is more than a page can wait: a read may take it twice, and a readiness
/// check waits for one second.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// Every key contains the prefix, so it must be short.
const PREFIX_MAX_BYTES: usize = 64;

/// How to connect to the Redis of `REDIS_URL`.
#[derive(Clone)]
pub struct RedisConfig {
    /// `REDIS_PREFIX`: the start of every key.
    pub prefix: String,
    /// `REDIS_TIMEOUT`: the limit for each of connecting, one answer, and a call with all its waiting.
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
            read.problem("REDIS_CA_FILE contains no usable certificates: it must be a PEM file");
        }
    }

    /// The settings of the store.
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

/// Accepts only characters without a special meaning in a cluster, in a pattern of an ACL or in a line of a log.
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
