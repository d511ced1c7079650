//! What a Redis reports about itself: `INFO`, which more services allow than `CONFIG GET`.

use crate::Usage;

/// The answer to `INFO`: lines of `name:value`. Empty if the user has no permission.
#[derive(Default)]
pub(super) struct Info(String);

impl From<&str> for Info {
    fn from(answer: &str) -> Self {
        Self(answer.to_owned())
    }
}

impl Info {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    pub(super) fn is_of_a_cluster(&self) -> bool {
        self.field("redis_mode") == Some("cluster")
    }

    pub(super) fn is_of_a_replica(&self) -> bool {
        self.field("role") == Some("slave")
    }

    /// `None` without a `maxmemory`: then the machine is the limit, and Redis does not know it.
    pub(super) fn usage(&self, database: i64) -> Option<Usage> {
        let number = |name| self.field(name)?.parse().ok();
        let capacity_bytes = number("maxmemory").filter(|bytes| *bytes > 0)?;
        Some(Usage { used_bytes: number("used_memory")?, capacity_bytes, entries: self.keys(database)? })
    }

    /// A database without keys has no line. Without the section, the number is unknown.
    fn keys(&self, database: i64) -> Option<u64> {
        match self.field(&format!("db{database}")) {
            Some(line) => line.split(',').find_map(|part| part.strip_prefix("keys="))?.parse().ok(),
            None => self.0.contains("# Keyspace").then_some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "# Memory\r\nused_memory:2048\r\nused_memory_human:2.00K\r\nmaxmemory:4096\r\n\
                        # Keyspace\r\ndb0:keys=7,expires=7,avg_ttl=1\r\ndb10:keys=1,expires=0,avg_ttl=0\r\n";

    #[test]
    fn usage_is_that_of_the_memory_and_of_the_database() {
        let entries = |database| Info::from(INFO).usage(database).unwrap().entries;
        assert_eq!([entries(0), entries(10), entries(1)], [7, 1, 0]);
        let usage = Info::from(INFO).usage(0).unwrap();
        assert_eq!((usage.used_bytes, usage.capacity_bytes), (2048, 4096));
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let unbounded = INFO.replace("maxmemory:4096", "maxmemory:0");
        for info in ["", "maxmemory:4096\r\n", "used_memory:1\r\nmaxmemory:4096\r\n", &unbounded] {
            assert_eq!(Info::from(info).usage(0), None, "{info}");
        }
    }

    #[test]
    fn a_replica_says_what_it_is() {
        assert!(Info::from("# Replication\r\nrole:slave\r\nmaster_host:::1\r\n").is_of_a_replica());
        for info in ["# Replication\r\nrole:master\r\nslave0:ip=::1\r\n", ""] {
            assert!(!Info::from(info).is_of_a_replica());
        }
    }

    #[test]
    fn a_cluster_says_what_it_is() {
        assert!(Info::from("# Server\r\nredis_mode:cluster\r\n").is_of_a_cluster());
        for info in ["redis_mode:standalone\r\n", "redis_mode:sentinel\r\n", ""] {
            assert!(!Info::from(info).is_of_a_cluster());
        }
    }
}
