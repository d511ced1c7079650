use std::num::NonZeroU32;

use ironleaf_proxy::StreamLimits;

use super::Reader;
use super::defaults::MINUTE;

/// Each stream keeps a connection, so half of them are left for everything else.
pub(super) fn read(read: &mut Reader<'_>, max_connections: usize) -> StreamLimits {
    let shape = "a number of streams, at least 1";
    let half = (max_connections / 2).max(1).to_string();
    let mut number = |name: &str, default: &str| {
        read.parsed::<NonZeroU32>(name, default, shape).get().try_into().unwrap_or(usize::MAX)
    };
    StreamLimits {
        per_person: number("PROXY_MAX_STREAMS_PER_PERSON", "32"),
        in_total: number("PROXY_MAX_STREAMS", &half),
        idle: read.duration("PROXY_STREAM_IDLE_TIMEOUT", 60 * MINUTE),
    }
}
