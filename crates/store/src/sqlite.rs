//! A store in one file. It forgets nothing over a restart, and processes on one host may share it.

mod connections;
mod database;
mod entries;
mod full;
mod leases;
mod readers;
mod readiness;
mod records;
mod settings;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;
mod unchanged;
mod used;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::error::DatabaseError;

pub use self::settings::SqliteSettings;
use self::{database::Database, full::is_full, transaction::Transaction, unchanged::Answer};
use crate::{
    Clock, Draft, Durability, Entry, EntryDraft, Expected, Holder, Key, Limit, Record, Store, StoreError,
    Usage, Written, ambient::Moment, bound::count, entry::check_value, readiness::Readiness,
    record::check_mark,
};

/// Keeps everything in `store.sqlite3` in a folder.
///
/// A write survives a SIGKILL. A [`Synced`](Durability::Synced) write is on the disk when its caller is told (WAL,
/// `synchronous=FULL`), and survives a power cut. Leases are always [`Relaxed`](Durability::Relaxed), because a lease
/// that is lost with the machine had its holder there. Reads take no lock that a write would wait for, and what was read
/// before is known without a read until somebody writes. Expiry uses the
/// given clock, so processes that share a folder should share a clock, as those of one host do.
///
/// # Security
///
/// Only their owner can read the files.
pub struct SqliteStore {
    database: Database,
    readiness: Readiness,
    capacity_bytes: usize,
    clock: Clock,
}

impl SqliteStore {
    /// Opens the store in this folder, creates both if they do not exist, and migrates an older file.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`] if the folder or the file cannot be written, or the file has a newer version.
    pub async fn open(
        folder: impl AsRef<Path>,
        settings: SqliteSettings,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let database = Database::open(folder.as_ref().to_owned(), &settings).await?;
        let readiness = Readiness::default();
        Ok(Self { database, readiness, capacity_bytes: settings.capacity_bytes, clock })
    }

    /// Waits for calls in progress and closes the file. Without this nothing is lost: the next start tidies up.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// A lease that is lost in a power cut belonged to a process that was lost with it.
    async fn begin_for_a_lease(&self) -> sqlx::Result<Transaction<'_>> {
        self.database.begin(Durability::Relaxed).await
    }

    fn now(&self) -> Moment {
        Moment::now(&self.clock)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (unchanged, now) = (&self.database.unchanged, self.now());
        let before = unchanged.state();
        if let Some(records) = before.as_ref().and_then(|state| unchanged.answer(state, keys, now)) {
            return Ok(records);
        }
        let asked = keys.to_vec();
        let answer = self.database.readers.find(move |reader| records::read(reader, &asked, now)).await?;
        // Otherwise it may be of either state.
        if let Some(state) = before.filter(|before| unchanged.state().as_ref() == Some(before)) {
            unchanged.keep(state, keys, &answer);
        }
        Ok(answer.records)
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        check_mark(&draft);
        let mut transaction = self.database.begin(draft.durability).await?;
        // Read once the lock is held: waiting for the lock must not make an expiry look earlier.
        let now = self.now();
        let written = records::write(&mut transaction, key, expected, draft, now, self.capacity_bytes).await;
        transaction.end(written).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let mut transaction = self.begin_for_a_lease().await?;
        let now = self.now();
        let ends = now.after(ttl);
        let taken = leases::acquire(&mut transaction, lease, holder, now, ends, self.capacity_bytes).await;
        transaction.end(taken).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        let mut transaction = self.begin_for_a_lease().await?;
        let now = self.now();
        let renewed = leases::renew(&mut transaction, lease, holder, now, now.after(ttl)).await;
        transaction.end(renewed.map_err(StoreError::from)).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        let mut transaction = self.begin_for_a_lease().await?;
        let released = leases::release(&mut transaction, lease, holder).await;
        transaction.end(released.map_err(StoreError::from)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let write = async || readiness::write(&self.database, self.capacity_bytes, self.now()).await;
        self.readiness.check(|| self.now().unix_millis(), write).await
    }

    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        let capacity_bytes = count(self.capacity_bytes);
        let usage = self.database.readers.search(move |reader| {
            reader.query_row(USAGE, (), |row| {
                let [used_bytes, entries] = [row.get(0)?, row.get(1)?];
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                Ok(Usage { used_bytes: count(used_bytes), capacity_bytes, entries: count(entries) })
            })
        });
        usage.await.map(Some)
    }

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        check_value(&draft);
        let mut transaction = self.database.begin(Durability::Relaxed).await?;
        let now = self.now();
        let put = entries::put(&mut transaction, index, name, draft, now, self.capacity_bytes).await;
        transaction.end(put).await
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        let (index, now) = (*index, self.now());
        self.database.readers.search(move |reader| entries::read(reader, &index, now)).await
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database.begin(Durability::Relaxed).await?;
        let removed = entries::remove(&mut transaction, index, names).await;
        transaction.end(removed.map_err(StoreError::from)).await
    }
}

/// What is taken, and how many records, leases and entries there are.
const USAGE: &str = "SELECT fixed_bytes + first_bytes + last_bytes + entry_bytes,
    (SELECT count(*) FROM records) + (SELECT count(*) FROM leases) + (SELECT count(*) FROM entries) FROM used";

/// A full disk is a full store. SQLite's messages name tables and columns, never values.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.and_then(|code| code.parse().ok()) {
            Some(code) if is_full(code) => Self::Full(Limit::Disk),
            _ => Self::Unreachable(error.into()),
        }
    }
}
