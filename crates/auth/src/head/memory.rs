use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::{Head, HeadVersion, Heads, HeadsError, Holder, Keep, KeptHead};
use crate::{Clock, SessionKey};

/// One write adds at most three times, so removing more expired entries than that keeps up with any load.
const SWEEP_STEP: usize = 4;

/// Heads in the memory of one process; a restart forgets them. For tests, and for a service with few sessions.
///
/// Expired entries are removed even if nobody reads them: each write sweeps a few.
pub struct MemoryHeads {
    clock: Clock,
    state: Mutex<State>,
}

type SessionId = Arc<[u8]>;

#[derive(Default)]
struct State {
    heads: HashMap<SessionId, Kept>,
    leases: HashMap<SessionId, (Holder, SystemTime)>,
    /// When an entry of a session may expire. It is checked again at that time, since a later write may have moved its end.
    ends: BTreeSet<(SystemTime, SessionId)>,
    versions: u128,
}

struct Kept {
    version: HeadVersion,
    head: Head,
    mark_until: SystemTime,
    grant_until: SystemTime,
}

impl MemoryHeads {
    /// An empty store.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// The number of heads and leases, including expired ones that were not swept yet.
    pub fn len(&self) -> usize {
        let state = self.state();
        state.heads.len() + state.leases.len()
    }

    /// Whether there is neither a head nor a lease.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sweep(&mut self, now: SystemTime) {
        for _ in 0..SWEEP_STEP {
            match self.ends.pop_first() {
                Some((end, session)) if end <= now => self.forget(&session, now),
                Some(not_yet) => {
                    self.ends.insert(not_yet);
                    return;
                }
                None => return,
            }
        }
    }

    /// Schedules the session for the sweep at the times `after`, in place of the times `before`.
    fn order(&mut self, session: &SessionId, before: &[SystemTime], after: &[SystemTime]) {
        for end in before {
            self.ends.remove(&(*end, Arc::clone(session)));
        }
        self.ends.extend(after.iter().map(|end| (*end, Arc::clone(session))));
    }

    fn forget(&mut self, session: &[u8], now: SystemTime) {
        if self.heads.get(session).is_some_and(|kept| kept.mark_until <= now) {
            self.heads.remove(session);
        }
        if let Some(kept) = self.heads.get_mut(session).filter(|kept| kept.grant_until <= now) {
            kept.head.grant = None;
        }
        if self.leases.get(session).is_some_and(|(_, until)| *until <= now) {
            self.leases.remove(session);
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
        state.sweep(now);
        state.forget(session.id(), now);
        let found = state.heads.get(session.id()).map(|kept| kept.version);
        if found != expected {
            return Ok(None);
        }
        state.versions += 1;
        let version = HeadVersion(state.versions.to_be_bytes());
        let (mark_until, grant_until) = (now + keep.mark, now + keep.grant);
        let id: SessionId = session.id().into();
        let before = state.heads.get(&id).map(|kept| [kept.mark_until, kept.grant_until]);
        state.order(&id, before.as_ref().map_or(&[], |ends| &ends[..]), &[mark_until, grant_until]);
        state.heads.insert(id, Kept { version, head: head.clone(), mark_until, grant_until });
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
        state.sweep(now);
        let taken =
            state.leases.get(session.id()).is_some_and(|(other, until)| other != holder && now < *until);
        if !taken {
            let (id, until): (SessionId, _) = (session.id().into(), now + life);
            let before = state.leases.get(&id).map(|(_, until)| [*until]);
            state.order(&id, before.as_ref().map_or(&[], |ends| &ends[..]), &[until]);
            state.leases.insert(id, (*holder, until));
        }
        Ok(!taken)
    }

    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError> {
        let mut state = self.state();
        let held = state.leases.get(session.id()).filter(|(other, _)| other == holder);
        if let Some(until) = held.map(|(_, until)| *until) {
            state.leases.remove(session.id());
            // If a head of the session ends at the very same time, its other end or the next read removes it.
            state.order(&session.id().into(), &[until], &[]);
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryHeads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHeads").field("heads", &self.state().heads.len()).finish_non_exhaustive()
    }
}
