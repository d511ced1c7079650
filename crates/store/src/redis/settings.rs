use std::{fmt, time::Duration};

use crate::{Random, system_random};

/// How a [`RedisStore`](crate::RedisStore) behaves.
#[derive(Clone)]
pub struct RedisSettings {
    /// What every key starts with: `ironleaf:` by default. Another one for each application that shares a Redis.
    pub prefix: String,
    /// How long one attempt to connect may take, TLS and authentication included. 500 ms by default.
    pub connect_timeout: Duration,
    /// How long one answer may take before the connection is given up. 500 ms by default.
    pub response_timeout: Duration,
    /// How long a call of [`Store`](crate::Store) may take, with whatever it has to wait for; a read that finds its connection broken
    /// has it twice. 500 ms by default: what a Redis that is gone costs a page.
    pub command_timeout: Duration,
    /// Where versions come from.
    pub random: Random,
    /// The certificates, in PEM, of whom `rediss://` trusts, in place of those of the system.
    pub root_certificates: Option<Vec<u8>>,
}

impl Default for RedisSettings {
    fn default() -> Self {
        let timeout = Duration::from_millis(500);
        Self {
            prefix: "ironleaf:".to_owned(),
            connect_timeout: timeout,
            response_timeout: timeout,
            command_timeout: timeout,
            random: system_random(),
            root_certificates: None,
        }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisSettings")
            .field("prefix", &self.prefix)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("command_timeout", &self.command_timeout)
            .field("root_certificates", &self.root_certificates.is_some())
            .finish_non_exhaustive()
    }
}
