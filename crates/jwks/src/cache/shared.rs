//! What the clones of a cache share, and the task that fetches.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use ironleaf_ambient::Clock;

use super::{
    flight::{self, Flight, Pilot},
    state::{Held, State},
};
use crate::{FetchOutcome, FetchedKeys, KeyCacheSettings, KeySet, KeySource, KeySourceError};

pub(super) type Observer = Arc<dyn Fn(FetchOutcome) + Send + Sync>;

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) source: Arc<dyn KeySource>,
    pub(super) settings: Arc<KeyCacheSettings>,
    pub(super) clock: Clock,
    pub(super) observer: Observer,
    pub(super) state: Arc<Mutex<State>>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat in the fetch that is under way. If there is none, one begins.
    pub(super) fn board(&self, mut state: MutexGuard<'_, State>) -> Flight<Held> {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let (flight, pilot) = flight::new();
        state.flight = Some(flight.clone());
        // A runtime that stops drops a new task at once, and dropping this one locks the state.
        drop(state);
        let fetch = Fetch { shared: self.clone(), pilot: Some(pilot), begun_at: (self.clock)() };
        tokio::spawn(fetch.run());
        flight
    }
}

/// A fetch under way, in a task of its own. However it ends, those who wait are told.
struct Fetch {
    shared: Shared,
    pilot: Option<Pilot<Held>>,
    begun_at: SystemTime,
}

impl Fetch {
    async fn run(mut self) {
        let limit = self.shared.settings.fetch_timeout;
        let fetched = tokio::time::timeout(limit, self.shared.source.fetch()).await;
        self.land(
            fetched.unwrap_or_else(|_| Err(KeySourceError::new(format!("no answer within {limit:?}")))),
        );
    }

    fn land(&mut self, fetched: Result<FetchedKeys, KeySourceError>) {
        let Some(pilot) = mem::take(&mut self.pilot) else { return };
        let shared = &self.shared;
        let usable = fetched
            .and_then(|fetched| Ok((KeySet::parse(&fetched.body)?, shared.settings.life(fetched.max_age))));
        let landing = shared.state().land(usable, self.begun_at);
        match &landing {
            Ok(held) => {
                tracing::debug!(keys = held.keys.len(), "the keys of the provider were fetched");
                (shared.observer)(FetchOutcome::Fetched);
            }
            Err(error) => {
                tracing::warn!(%error, "the keys of the provider could not be fetched");
                (shared.observer)(FetchOutcome::Failed);
            }
        }
        pilot.land(landing);
    }
}

/// The source panicked, or the runtime stops.
impl Drop for Fetch {
    fn drop(&mut self) {
        self.land(Err(KeySourceError::new("the fetch was interrupted")));
    }
}
