//! A ledger in the memory of one process.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    fmt,
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{
    Advance, Identity, Known, Ledger, LedgerError, LedgerFuture, Passage, RotationOrigin, Standing, Tombstone,
};
use crate::{Clock, Owner, SessionId};

/// No response takes longer to reach the browser. If a browser sends an older cookie this long after a newer one left,
/// it never received the newer one.
const IN_TRANSIT: Duration = Duration::from_mins(1);

/// A [`Ledger`] in memory, for one process: a restart forgets it.
///
/// It is bounded. If space is short, rotations are dropped first, beginning with the oldest. A tombstone that has not
/// expired is never dropped: a ledger full of them refuses the next one with [`LedgerError::Full`]. Expired tombstones
/// are removed when the next one is added.
///
/// A response can be lost, and with it the cookie of the newest rotation. If a browser still sends the older cookie a
/// minute later, that cookie is accepted, and its changes count again. Until then its changes are
/// [overtaken](crate::Overtaken).
pub struct MemoryLedger {
    clock: Clock,
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tombstones: HashMap<Subject, Mark>,
    /// Every tombstone once, with a time until which it is certainly needed. The earliest is checked first.
    ends: BinaryHeap<Reverse<(SystemTime, Subject)>>,
    rotations: HashMap<SessionId, Newest>,
    /// The keys of `rotations` in the order of their insertion.
    order: VecDeque<SessionId>,
}

/// The highest rotation that has left, and when.
#[derive(Clone, Copy)]
struct Newest {
    rotation: u64,
    left_at: SystemTime,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Subject {
    Session(SessionId),
    Owner(Owner),
    ProviderSid(String),
}

#[derive(Clone, Copy)]
struct Mark {
    /// `None` ends the session, whenever it began.
    not_before: Option<SystemTime>,
    keep_until: SystemTime,
}

impl MemoryLedger {
    /// A ledger of at most `capacity` tombstones and as many rotations.
    pub fn new(capacity: usize, clock: Clock) -> Self {
        Self { clock, capacity, state: Mutex::default() }
    }

    /// The number of tombstones, including expired ones that were not removed yet.
    pub fn tombstones(&self) -> usize {
        self.state().tombstones.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        Box::pin(ready(Ok(self.state().standing(session).into())))
    }

    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage> {
        let passage = self.state().advance(session, advance, self.capacity, (self.clock)());
        Box::pin(ready(Ok(passage)))
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        let ended = self.state().end(tombstone, keep_until, self.capacity, (self.clock)());
        Box::pin(ready(ended))
    }
}

impl State {
    fn standing(&self, session: &Identity) -> Standing {
        let mark_of_sid = || {
            let sid = session.provider_sid.as_ref()?;
            self.tombstones.get(&Subject::ProviderSid(sid.clone()))
        };
        let marks = [
            self.tombstones.get(&Subject::Session(session.id)),
            self.tombstones.get(&Subject::Owner(session.owner)),
            mark_of_sid(),
        ];
        let ends = |mark: &Mark| mark.not_before.is_none_or(|not_before| session.created_at < not_before);
        if marks.into_iter().flatten().any(ends) {
            return Standing::Ended;
        }
        Standing::Live { rotation: self.rotations.get(&session.id).map_or(0, |newest| newest.rotation) }
    }

    fn advance(
        &mut self,
        session: &Identity,
        advance: &Advance,
        capacity: usize,
        now: SystemTime,
    ) -> Passage {
        if self.standing(session) == Standing::Ended {
            return Passage::Ended;
        }
        let Advance { rotation, origin, arrived_at, .. } = *advance;
        let Some(newest) = self.rotations.get_mut(&session.id) else {
            self.note_first(session.id, Newest { rotation, left_at: now }, capacity);
            return Passage::Free;
        };
        let is_newer = rotation > newest.rotation;
        let is_in_order = is_newer || (rotation == newest.rotation && origin == RotationOrigin::Shared);
        let newest_was_lost = arrived_at > newest.left_at + IN_TRANSIT;
        if !is_in_order && !newest_was_lost {
            return Passage::Overtaken;
        }
        if is_newer || origin == RotationOrigin::Own {
            *newest = Newest { rotation: rotation.max(newest.rotation), left_at: now };
        }
        Passage::Free
    }

    fn note_first(&mut self, id: SessionId, newest: Newest, capacity: usize) {
        // A missing entry means rotation 0, and no response with its own change leaves with rotation 0.
        if newest.rotation == 0 || capacity == 0 {
            return;
        }
        if self.rotations.len() >= capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.rotations.remove(&oldest);
        }
        self.rotations.insert(id, newest);
        self.order.push_back(id);
    }

    fn end(
        &mut self,
        tombstone: &Tombstone,
        keep_until: SystemTime,
        capacity: usize,
        now: SystemTime,
    ) -> Result<(), LedgerError> {
        let (subject, not_before) = match tombstone {
            Tombstone::Session { id, .. } => (Subject::Session(*id), None),
            Tombstone::Owner { owner, not_before } => (Subject::Owner(*owner), Some(*not_before)),
            Tombstone::ProviderSid { sid, not_before } => {
                (Subject::ProviderSid(sid.clone()), Some(*not_before))
            }
        };
        self.forget_what_is_over(now);
        if let Some(mark) = self.tombstones.get_mut(&subject) {
            mark.not_before = mark.not_before.max(not_before);
            mark.keep_until = mark.keep_until.max(keep_until);
            return Ok(());
        }
        if self.tombstones.len() >= capacity {
            let limit = format!("it keeps {capacity} tombstones, and each of them is still needed");
            return Err(LedgerError::Full(limit));
        }
        self.ends.push(Reverse((keep_until, subject.clone())));
        self.tombstones.insert(subject, Mark { not_before, keep_until });
        Ok(())
    }

    /// Looks only at tombstones that have expired, and, once each time, at those that were prolonged.
    fn forget_what_is_over(&mut self, now: SystemTime) {
        while self.ends.peek().is_some_and(|Reverse((end, _))| *end <= now) {
            let Some(Reverse((_, subject))) = self.ends.pop() else { return };
            match self.tombstones.get(&subject).map(|mark| mark.keep_until) {
                Some(prolonged) if now < prolonged => self.ends.push(Reverse((prolonged, subject))),
                _ => drop(self.tombstones.remove(&subject)),
            }
        }
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryLedger").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
