//! A store in one file. It forgets nothing over a restart, and processes on one host may share it.

mod connections;
mod database;
mod leases;
mod readiness;
mod records;
mod settings;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;
mod used;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::error::DatabaseError;

pub use self::settings::SqliteSettings;
use self::{database::Database, transaction::Transaction, used::used};
use crate::{
    Clock, Draft, Durability, Expected, Holder, Key, Limit, Record, Store, StoreError, Usage, Written,
    ambient::Moment, bound::count, readiness::Readiness, record::check_mark,
};

/// Keeps everything in `store.sqlite3` in a folder.
///
/// A write survives a SIGKILL. A [`Synced`](Durability::Synced) write is on the disk when its caller is told (WAL,
/// `synchronous=FULL`), and survives a power cut. Leases are always [`Relaxed`](Durability::Relaxed), because a lease
/// that is lost with the machine had its holder there. Reads take no lock that a write would wait for. Expiry uses the
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
        let mut reader = self.database.reader().await?;
        let found = records::read(&mut reader, keys, self.now()).await?;
        reader.done();
        Ok(found)
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
        let mut reader = self.database.reader().await?;
        let used = used(&mut reader).await?;
        let entries: i64 =
            sqlx::query_scalar("SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM leases)")
                .fetch_one(&mut *reader)
                .await?;
        reader.done();
        Ok(Some(Usage {
            used_bytes: count(used.total()),
            capacity_bytes: count(self.capacity_bytes),
            entries: u64::try_from(entries).unwrap_or_default(),
        }))
    }
}

/// A full disk is a full store. SQLite's messages name tables and columns, never values.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        /// `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`: no space for the log, or for the index of the log.
        const FULL: [&str; 2] = ["13", "4874"];
        match error.as_database_error().and_then(DatabaseError::code) {
            Some(code) if FULL.contains(&&*code) => Self::Full(Limit::Disk),
            _ => Self::Unreachable(error.into()),
        }
    }
}
