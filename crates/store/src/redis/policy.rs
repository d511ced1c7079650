//! What a Redis drops when its memory is full.

use super::info::Info;

/// Whether a Redis could drop a mark when its memory is full. Every mark has an expiry, so every policy that drops
/// anything could drop one: the `volatile-` policies as well as the `allkeys-` ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvictionPolicy {
    /// It drops nothing: the policy is `noeviction`, or there is no `maxmemory` at which a policy would apply.
    Safe,
    /// It drops keys by the policy with this name, at its `maxmemory`. Not for production: a dropped tombstone revives
    /// a session, and a dropped head sends a spent token to the provider.
    Drops(String),
    /// It does not tell; some services hide it. Check the service's settings.
    Unknown,
}

impl EvictionPolicy {
    /// The policy according to what Redis reports about its memory.
    pub(super) fn of(info: &Info) -> Self {
        match (info.field("maxmemory"), info.field("maxmemory_policy")) {
            (_, Some("noeviction")) | (Some("0"), _) => Self::Safe,
            (Some(_), Some(policy)) => Self::Drops(policy.to_owned()),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EvictionPolicy, Info};

    #[test]
    fn a_policy_counts_where_memory_is_bounded() {
        let policy = |info| EvictionPolicy::of(&Info::from(info));
        assert_eq!(
            policy("# Memory\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n"),
            EvictionPolicy::Safe
        );
        assert_eq!(policy("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n"), EvictionPolicy::Safe);
        let drops = EvictionPolicy::Drops("volatile-ttl".to_owned());
        assert_eq!(policy("maxmemory:100\r\nmaxmemory_policy:volatile-ttl\r\n"), drops);
    }

    #[test]
    fn a_server_that_does_not_say_is_not_safe() {
        for info in ["", "used_memory:1\r\n", "maxmemory:100\r\n", "maxmemory_policy:allkeys-lru\r\n"] {
            assert_eq!(EvictionPolicy::of(&Info::from(info)), EvictionPolicy::Unknown, "{info}");
        }
    }
}
