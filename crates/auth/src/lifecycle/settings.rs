//! What a lifecycle is made of, and how long things may take.

use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, Heads, MemoryHeads, Observer, Provider, Random, Spawner, nobody, tokio_spawner};

/// How long things may take, and how long they are kept.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// How long a request waits for a refresh, when its access token has ended.
    pub request: Duration,
    /// How long in all, as long as nothing has gone wrong with that refresh: a slow provider, that is, and not one that fails.
    pub healthy_refresh: Duration,
    /// How long a request waits for a refresh, while its access token still lives.
    pub request_with_living_access: Duration,
    /// How long a refresh, which no request can cancel, tries in all.
    pub refresh: Duration,
    /// How long a lease holds that is not prolonged: after a crash nobody refreshes for so long.
    pub lease: Duration,
    /// How long a new grant is kept that no request has come with.
    pub successor: Duration,
    /// How long it is kept after a request has come with it, for requests that were sent before.
    pub shown: Duration,
    /// How long a mark is kept where the grant does not say when its refresh token ends.
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
            // As long as a session may be idle by default: what was lost on a Friday is found on Monday.
            successor: Duration::from_hours(7 * 24),
            shown: Duration::from_mins(10),
            mark: Duration::from_hours(30 * 24),
        }
    }
}

/// What a [`Lifecycle`](crate::Lifecycle) is made of.
#[derive(Clone)]
pub struct LifecycleSettings {
    /// Whose grants are kept fresh.
    pub provider: Arc<dyn Provider>,
    /// Where heads and leases are.
    pub heads: Arc<dyn Heads>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
    /// Where refreshes and sign-outs run.
    pub spawner: Spawner,
    /// Who is told.
    pub observer: Observer,
    /// How long things may take.
    pub time_limits: TimeLimits,
}

impl LifecycleSettings {
    /// For a service of one process, which forgets its heads when it ends: tasks on the present tokio runtime, nobody told.
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
