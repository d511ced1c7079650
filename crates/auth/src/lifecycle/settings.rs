//! The parts of a lifecycle and its time limits.

use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, Heads, MemoryHeads, Observer, Provider, Random, Spawner, nobody, tokio_spawner};

/// How long operations may take, and how long data is kept.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// How long a request waits for a refresh if its access token has expired.
    pub request: Duration,
    /// How long it waits in total if nothing has gone wrong with that refresh: the provider is slow, but does not fail.
    pub healthy_refresh: Duration,
    /// How long a request waits for a refresh while its access token is still valid.
    pub request_with_living_access: Duration,
    /// How long a refresh tries in total. No request can cancel it.
    pub refresh: Duration,
    /// How long a lease lasts without an extension. After a crash nobody refreshes for this time.
    pub lease: Duration,
    /// How long a new grant is kept before any request has come with it.
    pub successor: Duration,
    /// How long it is kept after a request has come with it, for requests that were sent earlier.
    pub shown: Duration,
    /// How long a mark is kept if the grant does not say when its refresh token expires.
    pub mark: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            request: Duration::from_millis(2_500),
            // As long as one call of the transport may take.
            healthy_refresh: Duration::from_secs(5),
            request_with_living_access: Duration::from_secs(1),
            refresh: Duration::from_secs(8),
            lease: Duration::from_secs(4),
            // As long as a session may be idle by default: a grant that was lost on a Friday is found on Monday.
            successor: Duration::from_hours(7 * 24),
            shown: Duration::from_mins(10),
            mark: Duration::from_hours(30 * 24),
        }
    }
}

/// The parts of a [`Lifecycle`](crate::Lifecycle).
#[derive(Clone)]
pub struct LifecycleSettings {
    /// The provider whose grants are kept fresh.
    pub provider: Arc<dyn Provider>,
    /// Where heads and leases are stored.
    pub heads: Arc<dyn Heads>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
    /// Where refreshes and sign-outs run.
    pub spawner: Spawner,
    /// What is called with every event.
    pub observer: Observer,
    /// How long operations may take.
    pub time_limits: TimeLimits,
}

impl LifecycleSettings {
    /// Settings for a service of one process, which forgets its heads when it ends. Tasks run on the current tokio
    /// runtime, and events are ignored.
    pub fn for_one_process(provider: Arc<dyn Provider>, clock: Clock, random: Random) -> Self {
        Self {
            provider,
            heads: Arc::new(MemoryHeads::new(Arc::clone(&clock))),
            clock,
            random,
            spawner: tokio_spawner(),
            observer: nobody(),
            time_limits: TimeLimits::default(),
        }
    }
}
