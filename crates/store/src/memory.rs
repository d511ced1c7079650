//! A store in this process: for tests and simulations, which make it work hard, and for development.

mod state;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use self::state::State;
use crate::{
    Clock, Draft, Expected, Holder, Key, Record, Store, StoreError, Usage, Written, ambient::Moment,
    record::check_mark,
};

/// Keeps everything in memory and forgets it with the process. Put it behind an [`Arc`](std::sync::Arc) to share it.
///
/// A call costs a hash lookup, a write also a few steps in ordered sets. What expired is removed a few entries per
/// write, and goes before anything living does at the size bound.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Clock,
}

impl MemoryStore {
    /// An empty store. The capacity counts marks, bodies and an estimate of what a record and a lease cost beside them.
    pub fn new(capacity_bytes: usize, clock: Clock) -> Self {
        Self { state: Mutex::new(State::new(capacity_bytes)), clock }
    }

    /// What the entries take by the same estimate, including those that expired and are not yet removed.
    pub fn used_bytes(&self) -> usize {
        self.state().used_bytes()
    }

    fn now(&self) -> Moment {
        Moment::now(&self.clock)
    }

    /// A panic while it was locked left it consistent: every step that can panic comes before the first change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        let now = self.now();
        let state = self.state();
        Ok(keys.iter().map(|key| state.read(key, now)).collect())
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        check_mark(&draft);
        let now = self.now();
        self.state().write(key, expected, draft, now)
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.now();
        self.state().acquire(lease, holder, now, now.after(ttl))
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let now = self.now();
        Ok(self.state().renew(lease, holder, now, now.after(ttl)))
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.state().release(lease, holder);
        Ok(())
    }

    async fn check(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.state().check(now)
    }

    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        Ok(Some(self.state().usage()))
    }
}
