//! A ledger in the memory of one process.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{Identity, Known, Ledger, LedgerError, LedgerFuture, Standing, Tombstone};
use crate::{Clock, Owner, SessionId};

/// A [`Ledger`] in memory, for one process: a restart forgets it.
///
/// It is bounded. Rotations go first when room is short, the oldest before the others; a tombstone whose time is not
/// over is never dropped: a ledger full of them refuses the next with [`LedgerError::Full`].
pub struct MemoryLedger {
    clock: Clock,
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tombstones: HashMap<Subject, Mark>,
    rotations: HashMap<SessionId, u64>,
    /// The keys of `rotations` in the order in which they came.
    order: VecDeque<SessionId>,
}

#[derive(PartialEq, Eq, Hash)]
enum Subject {
    Session(SessionId),
    Owner(Owner),
    ProviderSid(String),
}

#[derive(Clone, Copy)]
struct Mark {
    /// `None` ends the session whenever it began.
    not_before: Option<SystemTime>,
    keep_until: SystemTime,
}

impl MemoryLedger {
    /// A ledger of at most `capacity` tombstones and as many rotations.
    pub fn new(capacity: usize, clock: Clock) -> Self {
        Self { clock, capacity, state: Mutex::default() }
    }

    /// How many tombstones there are, those included whose time is over and that were not cleared away yet.
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

    fn advance<'a>(
        &'a self,
        session: &'a Identity,
        rotation: u64,
        _: SystemTime,
    ) -> LedgerFuture<'a, Standing> {
        let mut state = self.state();
        state.advance(session.id, rotation, self.capacity);
        Box::pin(ready(Ok(state.standing(session))))
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
        Standing::Live { rotation: self.rotations.get(&session.id).copied().unwrap_or(0) }
    }

    fn advance(&mut self, id: SessionId, rotation: u64, capacity: usize) {
        if let Some(known) = self.rotations.get_mut(&id) {
            *known = rotation.max(*known);
            return;
        }
        // No entry means rotation 0, and most sessions never leave it.
        if rotation == 0 || capacity == 0 {
            return;
        }
        if self.rotations.len() >= capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.rotations.remove(&oldest);
        }
        self.rotations.insert(id, rotation);
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
            Tombstone::Session(id) => (Subject::Session(*id), None),
            Tombstone::Owner { owner, not_before } => (Subject::Owner(*owner), Some(*not_before)),
            Tombstone::ProviderSid { sid, not_before } => {
                (Subject::ProviderSid(sid.clone()), Some(*not_before))
            }
        };
        if let Some(mark) = self.tombstones.get_mut(&subject) {
            mark.not_before = mark.not_before.max(not_before);
            mark.keep_until = mark.keep_until.max(keep_until);
            return Ok(());
        }
        if self.tombstones.len() >= capacity {
            self.tombstones.retain(|_, mark| now < mark.keep_until);
        }
        if self.tombstones.len() >= capacity {
            return Err(LedgerError::Full);
        }
        self.tombstones.insert(subject, Mark { not_before, keep_until });
        Ok(())
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryLedger").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, UNIX_EPOCH},
    };

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn session(id: u8, created_at: u64) -> Identity {
        Identity {
            id: SessionId::from_bytes([id; 16]),
            owner: Owner::from_bytes([9; 16]),
            provider_sid: Some("sid".to_owned()),
            created_at: at(created_at),
            rotation: 0,
        }
    }

    fn ledger(capacity: usize, now: u64) -> MemoryLedger {
        MemoryLedger::new(capacity, Arc::new(move || at(now)))
    }

    #[tokio::test]
    async fn the_highest_rotation_is_kept() {
        let (ledger, session) = (ledger(8, 0), session(1, 0));
        assert_eq!(ledger.standing(&session).await.unwrap().standing, Standing::Live { rotation: 0 });
        for (sent, known) in [(0, 0), (2, 2), (1, 2), (3, 3)] {
            let standing = ledger.advance(&session, sent, at(100)).await.unwrap();
            assert_eq!(standing, Standing::Live { rotation: known });
        }
    }

    #[tokio::test]
    async fn an_owner_or_sid_tombstone_ends_the_sessions_that_began_before_it() {
        let owner = Tombstone::Owner { owner: Owner::from_bytes([9; 16]), not_before: at(10) };
        let sid = Tombstone::ProviderSid { sid: "sid".to_owned(), not_before: at(10) };
        for tombstone in [owner, sid] {
            let ledger = ledger(8, 0);
            ledger.end(&tombstone, at(100)).await.unwrap();
            assert_eq!(ledger.standing(&session(1, 9)).await.unwrap().standing, Standing::Ended);
            assert_eq!(
                ledger.standing(&session(1, 10)).await.unwrap().standing,
                Standing::Live { rotation: 0 }
            );
        }
    }

    #[tokio::test]
    async fn a_later_tombstone_never_weakens_an_earlier_one() {
        let ledger = ledger(8, 0);
        for not_before in [20, 10] {
            let tombstone =
                Tombstone::Owner { owner: Owner::from_bytes([9; 16]), not_before: at(not_before) };
            ledger.end(&tombstone, at(100)).await.unwrap();
        }
        assert_eq!(ledger.standing(&session(1, 19)).await.unwrap().standing, Standing::Ended);
    }

    #[tokio::test]
    async fn a_full_ledger_drops_marks_whose_time_is_over_and_never_a_live_one() {
        let ledger = ledger(2, 50);
        let end = |id, keep_until| {
            let ledger = &ledger;
            async move { ledger.end(&Tombstone::Session(SessionId::from_bytes([id; 16])), at(keep_until)).await }
        };
        end(1, 50).await.unwrap();
        end(2, 51).await.unwrap();
        end(3, 51).await.unwrap();
        assert!(matches!(end(4, 51).await, Err(LedgerError::Full)));
        assert_eq!(ledger.tombstones(), 2);
        assert_eq!(ledger.standing(&session(2, 0)).await.unwrap().standing, Standing::Ended);
        assert_eq!(ledger.standing(&session(3, 0)).await.unwrap().standing, Standing::Ended);
    }

    #[tokio::test]
    async fn rotations_never_take_the_room_of_tombstones() {
        let ledger = ledger(2, 0);
        for id in 1..=9 {
            ledger.advance(&session(id, 0), 1, at(100)).await.unwrap();
        }
        assert_eq!(ledger.standing(&session(9, 0)).await.unwrap().standing, Standing::Live { rotation: 1 });
        assert_eq!(ledger.standing(&session(7, 0)).await.unwrap().standing, Standing::Live { rotation: 0 });
        ledger.end(&Tombstone::Session(SessionId::from_bytes([1; 16])), at(100)).await.unwrap();
    }
}
