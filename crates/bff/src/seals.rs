//! When a session with open streams was sealed last in this process: each seal begins its idle timeout anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use ironleaf_session::SessionId;

/// The sessions that somebody watches.
#[derive(Clone, Default)]
pub(crate) struct Seals(Arc<Mutex<HashMap<SessionId, Weak<Seal>>>>);

/// The newest seal of a session, for as long as somebody watches it.
pub(crate) struct Seal {
    session: SessionId,
    at: Mutex<SystemTime>,
    seals: Seals,
}

impl Seals {
    /// Watches a session that was sealed at this time.
    pub(crate) fn watch(&self, session: SessionId, at: SystemTime) -> Arc<Seal> {
        let mut watched = self.watched();
        if let Some(seal) = watched.get(&session).and_then(Weak::upgrade) {
            seal.move_to(at);
            return seal;
        }
        let seal = Arc::new(Seal { session, at: Mutex::new(at), seals: self.clone() });
        watched.insert(session, Arc::downgrade(&seal));
        seal
    }

    /// Notes that a cookie of the session leaves, sealed at this time.
    pub(crate) fn note(&self, session: SessionId, at: SystemTime) {
        // The lock is free again before the seal is dropped, which needs it.
        let seal = self.watched().get(&session).and_then(Weak::upgrade);
        if let Some(seal) = seal {
            seal.move_to(at);
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<SessionId, Weak<Seal>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seal {
    /// When that was.
    pub(crate) fn at(&self) -> SystemTime {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There may be an even newer one: then this changes nothing.
    pub(crate) fn move_to(&self, at: SystemTime) {
        let mut newest = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = at.max(*newest);
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        let mut watched = self.seals.watched();
        // Another one may have taken its place.
        if watched.get(&self.session).is_some_and(|seal| seal.strong_count() == 0) {
            watched.remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(secs: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(secs)
    }

    #[test]
    fn the_newest_seal_counts_and_whoever_is_not_watched_takes_no_room() {
        let (seals, session) = (Seals::default(), SessionId::from_bytes([1; 16]));
        seals.note(session, at(1));
        assert!(seals.watched().is_empty());
        let (first, second) = (seals.watch(session, at(5)), seals.watch(session, at(3)));
        assert!(Arc::ptr_eq(&first, &second));
        seals.note(session, at(9));
        seals.note(session, at(7));
        assert_eq!((first.at(), seals.watched().len()), (at(9), 1));
        drop(first);
        assert_eq!(seals.watched().len(), 1);
        drop(second);
        assert!(seals.watched().is_empty());
        assert_eq!(seals.watch(session, at(2)).at(), at(2));
    }
}
