//! A store in this process, for development, tests and simulations, which use it heavily.

mod index;
mod key_hash;
mod state;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use self::state::State;
use crate::{
    Clock, Draft, Entry, EntryDraft, Expected, Holder, Key, Record, Store, StoreError, Usage, Written,
    ambient::Moment, entry::check_value, record::check_mark,
};

/// Keeps everything in memory until the process ends. Put it behind an [`Arc`](std::sync::Arc) to share it.
///
/// A call costs a hash lookup; a write also costs a few steps in ordered sets. Each write removes a few expired
/// entries, and at the size limit expired entries are removed before all others.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Clock,
}

impl MemoryStore {
    /// An empty store. The capacity counts marks, bodies, and an estimate of the overhead of records and leases.
    pub fn new(capacity_bytes: usize, clock: Clock) -> Self {
        Self { state: Mutex::new(State::new(capacity_bytes)), clock }
    }

    /// The size of the entries by the same estimate, including expired ones that are not removed yet.
    pub fn used_bytes(&self) -> usize {
        self.state().used_bytes()
    }

    fn now(&self) -> Moment {
        Moment::now(&self.clock)
    }

    /// A panic while it was locked left it consistent, because every step that can panic comes before the first change.
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

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        check_value(&draft);
        let now = self.now();
        Ok(self.state().put_entry(*index, *name, draft, now))
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        let now = self.now();
        Ok(self.state().indexes.entries(index, now))
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        self.state().indexes.remove(index, names);
        Ok(())
    }
}
