use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ironleaf_auth::Clock;
use ironleaf_store::{Draft, Durability, Expected, Key, Record, Store, StoreError, Written};
use tokio::time::timeout;

use super::allowance::Cell;
use super::subject::Counter;

/// A person waits for this in addition to their sign-in, so it is short. Without the store, the counts of this process
/// remain.
const STORE_PATIENCE: Duration = Duration::from_secs(1);

/// After this many lost races in a row, the count of the others is kept.
const MAX_RACES: usize = 8;

/// About a megabyte, with key and cell.
const MAX_CELLS: usize = 16 * 1024;

/// The counts of failures: in this process, and in the store for the other replicas.
pub(super) struct Tally {
    store: Arc<dyn Store>,
    clock: Clock,
    here: Mutex<HashMap<Key, Cell>>,
}

/// The state of one counter.
pub(super) struct Known {
    pub(super) wait: Option<Duration>,
    /// Whether nothing was counted lately.
    pub(super) is_empty: bool,
}

impl Tally {
    pub(super) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, here: Mutex::default() }
    }

    /// The longest wait that one of the counters asks for, with that counter. One round trip to the store.
    pub(super) async fn wait<'c>(&self, counters: &'c [Counter]) -> Option<(&'c Counter, Duration)> {
        let known = self.waits(counters).await;
        let waits = counters.iter().zip(known).filter_map(|(counter, known)| Some((counter, known.wait?)));
        waits.max_by_key(|(_, wait)| *wait)
    }

    /// The wait that each of the counters asks for. One round trip to the store.
    pub(super) async fn waits(&self, counters: impl IntoIterator<Item = &Counter>) -> Vec<Known> {
        let counters: Vec<&Counter> = counters.into_iter().collect();
        let keys: Vec<Key> = counters.iter().map(|counter| counter.key).collect();
        let records = self.in_time(self.store.read(&keys)).await.unwrap_or_default();
        let elsewhere = records.into_iter().map(cell_of).chain(std::iter::repeat(Cell::default()));
        let now = (self.clock)();
        let known = counters.into_iter().zip(elsewhere).map(|(counter, elsewhere)| {
            let cell = elsewhere.and(self.here(&counter.key), &counter.allowance, now);
            Known { wait: cell.wait(&counter.allowance, now), is_empty: cell.life(now).is_zero() }
        });
        known.collect()
    }

    /// Adds one failure to each counter.
    pub(super) async fn charge(&self, counters: &[Counter]) {
        let now = (self.clock)();
        for counter in counters {
            self.keep(counter.key, self.here(&counter.key).charged(&counter.allowance, now), now);
        }
        for counter in counters {
            if self.in_time(self.charge_elsewhere(counter, now)).await.is_none() {
                // If one does not get an answer, the next would not either.
                return;
            }
        }
    }

    /// Forgets the failures of a counter, if there are any.
    pub(super) async fn clear(&self, counter: &Counter) {
        let known = |cell: Cell| cell != Cell::default();
        let here = self.cells().remove(&counter.key).is_some_and(known);
        let record = self.in_time(self.store.read(&[counter.key])).await.unwrap_or_default().pop().flatten();
        if here || record.is_some() {
            let nothing = draft(Vec::new(), Duration::ZERO);
            let written = self.store.write(&counter.key, Expected::Anything, nothing);
            self.in_time(written).await;
        }
    }

    async fn charge_elsewhere(&self, counter: &Counter, now: SystemTime) -> Result<(), StoreError> {
        for _ in 0..MAX_RACES {
            let found = self.store.read(&[counter.key]).await?.pop().flatten();
            let expected =
                found.as_ref().map_or(Expected::Absent, |record| Expected::Version(record.version));
            // This includes what only this process has counted while the store was away.
            let cell = cell_of(found).charged(&counter.allowance, now);
            let cell = cell.and(self.here(&counter.key), &counter.allowance, now);
            let draft = draft(cell.encode(), cell.life(now));
            if let Written::Done(_) = self.store.write(&counter.key, expected, draft).await? {
                self.keep(counter.key, cell, now);
                return Ok(());
            }
        }
        Ok(())
    }

    /// SECURITY: a store that is away must not keep anybody from signing in.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        let detail = match timeout(STORE_PATIENCE, asked).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        tracing::warn!(detail, "failed tries are counted in this process only: the store cannot be used");
        None
    }

    fn here(&self, key: &Key) -> Cell {
        self.cells().get(key).copied().unwrap_or_default()
    }

    fn keep(&self, key: Key, cell: Cell, now: SystemTime) {
        let mut cells = self.cells();
        if cells.len() >= MAX_CELLS && !cells.contains_key(&key) {
            make_room(&mut cells, now);
        }
        cells.insert(key, cell);
    }

    fn cells(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Cell>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.cells().len()
    }
}

/// Removes expired cells. If that frees too little, it also removes the quarter that expires first. These are cells
/// with a single failure, for example from somebody who sends many names to push out the few that matter.
fn make_room(cells: &mut HashMap<Key, Cell>, now: SystemTime) {
    cells.retain(|_, cell| !cell.life(now).is_zero());
    if cells.len() <= MAX_CELLS / 4 * 3 {
        return;
    }
    let mut ends: Vec<u64> = cells.values().map(|cell| cell.empty_at).collect();
    let (_, last_to_go, _) = ends.select_nth_unstable(MAX_CELLS / 4);
    let last_to_go = *last_to_go;
    let mut to_go = MAX_CELLS / 4;
    cells.retain(|_, cell| {
        let goes = to_go > 0 && cell.empty_at <= last_to_go;
        to_go -= usize::from(goes);
        !goes
    });
}

/// Counting does not wait for a disk. If a machine loses power and with it a few failures, the others still slow an
/// attacker down.
fn draft(mark: Vec<u8>, life: Duration) -> Draft {
    Draft { mark, mark_ttl: life, body: None, durability: Durability::Relaxed }
}

fn cell_of(record: Option<Record>) -> Cell {
    record.map_or_else(Cell::default, |record| Cell::decode(&record.mark))
}
