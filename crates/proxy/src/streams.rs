//! How many streams are open: event streams and WebSockets, for each person and together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::Caller;
use ironleaf_bff::StreamSession;

use crate::metrics;

/// How many times as many as one person all people have who are not signed in and share an address: an office, a school.
const PEOPLE_PER_ADDRESS: usize = 8;

/// The limits of open streams in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// How many one person may have. Guests and strangers are counted by their network address instead, and eight times
    /// as many are allowed there, because anybody can become another guest.
    pub per_person: usize,
    /// How many there may be. Each keeps a connection, so leave some for everything else.
    pub in_total: usize,
    /// After how long a stream ends on which nothing moves.
    pub idle: Duration,
}

impl Default for StreamLimits {
    /// 32 for each person, which is more than the tabs of anybody who reads them, 400 together, and an hour.
    fn default() -> Self {
        Self { per_person: 32, in_total: 400, idle: Duration::from_hours(1) }
    }
}

/// What kind of stream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Events,
    Socket,
}

impl Kind {
    /// For metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Socket => "socket",
        }
    }
}

/// For whom a stream counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    Person([u8; 16]),
    Address(u128),
}

impl Whose {
    pub(crate) fn of(session: Option<&StreamSession>, parts: &Parts) -> Self {
        match session.filter(|session| !session.is_guest()) {
            Some(session) => Self::Person(session.owner()),
            None => {
                Self::Address(network(parts.extensions.get::<Caller>().and_then(|caller| caller.client_ip)))
            }
        }
    }
}

/// An address, or the network of 64 bits that a household has of IPv6. Whoever has no address shares one.
fn network(address: Option<IpAddr>) -> u128 {
    match address.map(|address| address.to_canonical()) {
        None => 0,
        Some(IpAddr::V4(address)) => address.to_ipv6_mapped().to_bits(),
        Some(IpAddr::V6(address)) => address.to_bits() >> 64 << 64,
    }
}

/// Counts the streams of this process.
#[derive(Clone)]
pub(crate) struct Streams {
    limits: StreamLimits,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    by_owner: HashMap<Whose, usize>,
    together: usize,
}

/// A stream that is open until the last copy of this is dropped.
#[derive(Clone)]
pub(crate) struct Open(#[expect(dead_code, reason = "it counts while it is there")] Arc<Counted>);

struct Counted {
    counts: Arc<Mutex<Counts>>,
    whose: Whose,
    kind: Kind,
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self { limits, counts: Arc::default() }
    }

    pub(crate) fn idle(&self) -> Duration {
        self.limits.idle
    }

    /// `None` if there are as many as there may be.
    pub(crate) fn open(&self, whose: Whose, kind: Kind) -> Option<Open> {
        let limit = match whose {
            Whose::Person(_) => self.limits.per_person,
            Whose::Address(_) => self.limits.per_person.saturating_mul(PEOPLE_PER_ADDRESS),
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.together >= self.limits.in_total {
            tracing::warn!(
                streams = counts.together,
                "no further stream can be opened: PROXY_MAX_STREAMS are"
            );
            return None;
        }
        if counts.by_owner.get(&whose).is_some_and(|count| *count >= limit) {
            tracing::info!(limit, "somebody has as many streams open as one may have");
            return None;
        }
        Some(self.count(&mut counts, whose, kind))
    }

    /// Opens one however many there are. It counts all the same.
    pub(crate) fn open_always(&self, whose: Whose, kind: Kind) -> Open {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        self.count(&mut counts, whose, kind)
    }

    fn count(&self, counts: &mut Counts, whose: Whose, kind: Kind) -> Open {
        counts.together += 1;
        *counts.by_owner.entry(whose).or_default() += 1;
        metrics::stream_opened(kind.word());
        Open(Arc::new(Counted { counts: Arc::clone(&self.counts), whose, kind }))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::stream_ended(self.kind.word());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.together -= 1;
        if let Some(count) = counts.by_owner.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                counts.by_owner.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(in_total: usize) -> Streams {
        Streams::new(StreamLimits { per_person: 2, in_total, idle: Duration::from_secs(1) })
    }

    #[test]
    fn a_person_has_a_limit_and_others_have_their_own() {
        let streams = streams(100);
        let open = |owner| streams.open(Whose::Person([owner; 16]), Kind::Socket);
        let mut opened: Vec<_> = (0..2).map(|_| open(1).unwrap()).collect();
        assert!(open(1).is_none());
        assert!(open(2).is_some());
        opened.pop();
        assert!(open(1).is_some());
        opened.extend((0..2).map(|_| streams.open_always(Whose::Person([1; 16]), Kind::Events)));
        opened.pop();
        assert!(open(1).is_none(), "it counts, however many there are");
        drop(opened);
        let counts = streams.counts.lock().unwrap();
        assert!(counts.by_owner.is_empty() && counts.together == 0);
    }

    #[test]
    fn guests_of_one_address_share_a_limit_and_all_share_another() {
        let streams = streams(17);
        let address = |text: &str| Whose::Address(network(Some(text.parse().unwrap())));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_eq!(address("192.0.2.1"), address("::ffff:192.0.2.1"));
        let mut opened: Vec<_> =
            (0..16).map(|_| streams.open(address("192.0.2.1"), Kind::Events).unwrap()).collect();
        assert!(streams.open(address("192.0.2.1"), Kind::Events).is_none());
        opened.extend(streams.open(address("192.0.2.2"), Kind::Events));
        assert!(streams.open(Whose::Person([1; 16]), Kind::Socket).is_none(), "all places are taken");
        assert_eq!(opened.len(), 17);
    }
}
