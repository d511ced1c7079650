use std::collections::{HashMap, hash_map::Entry};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::{Head, HeadVersion, Heads, HeadsError, Holder, Keep, KeptHead};
use crate::{Clock, SessionKey};

/// Heads in the memory of one process, without a bound on their number: for tests, and for a service with few sessions.
pub struct MemoryHeads {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    heads: HashMap<Box<[u8]>, Kept>,
    leases: HashMap<Box<[u8]>, (Holder, SystemTime)>,
    versions: u128,
}

struct Kept {
    version: HeadVersion,
    head: Head,
    mark_until: SystemTime,
    grant_until: SystemTime,
}

impl MemoryHeads {
    /// With nothing in it.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// As if its time had run out.
    #[cfg(test)]
    pub(crate) fn break_lease(&self, session: &SessionKey) {
        self.state().leases.remove(session.id());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, session: &[u8], now: SystemTime) {
        if let Entry::Occupied(mut entry) = self.heads.entry(session.into()) {
            if entry.get().mark_until <= now {
                entry.remove();
            } else if entry.get().grant_until <= now {
                entry.get_mut().head.grant = None;
            }
        }
    }
}

#[async_trait]
impl Heads for MemoryHeads {
    async fn read(&self, session: &SessionKey) -> Result<Option<KeptHead>, HeadsError> {
        let mut state = self.state();
        state.forget(session.id(), (self.clock)());
        let kept = state.heads.get(session.id());
        Ok(kept.map(|kept| KeptHead {
            version: kept.version,
            head: kept.head.clone(),
            sealed_elsewhere: false,
        }))
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        let now = (self.clock)();
        let mut state = self.state();
        state.forget(session.id(), now);
        let found = state.heads.get(session.id()).map(|kept| kept.version);
        if found != expected {
            return Ok(None);
        }
        state.versions += 1;
        let version = HeadVersion(state.versions.to_be_bytes());
        let (mark_until, grant_until) = (now + keep.mark, now + keep.grant);
        state
            .heads
            .insert(session.id().into(), Kept { version, head: head.clone(), mark_until, grant_until });
        Ok(Some(version))
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        let now = (self.clock)();
        let mut state = self.state();
        let taken =
            state.leases.get(session.id()).is_some_and(|(other, until)| other != holder && now < *until);
        if !taken {
            state.leases.insert(session.id().into(), (*holder, now + life));
        }
        Ok(!taken)
    }

    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError> {
        let mut state = self.state();
        if state.leases.get(session.id()).is_some_and(|(other, _)| other == holder) {
            state.leases.remove(session.id());
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryHeads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHeads").field("heads", &self.state().heads.len()).finish_non_exhaustive()
    }
}
