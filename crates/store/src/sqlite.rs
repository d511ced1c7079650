//! A store in one file. It forgets nothing over a restart, and processes on one host may share it.

mod connections;
mod database;
mod leases;
mod readiness;
mod records;
#[cfg(test)]
mod tests;
mod transaction;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{SqliteConnection, error::DatabaseError};

use self::{database::Database, transaction::Transaction};
use crate::{
    Clock, Draft, Durability, Expected, Holder, Key, Limit, Record, Store, StoreError, Usage, Written,
    ambient::Moment,
    bound::{UsedBytes, count},
    readiness::Readiness,
    record::check_mark,
};

/// The cost of a record beside its bytes. The triggers of `0001_records_and_leases.sql` count the same.
const RECORD_BYTES: usize = 256;

/// How many expired entries of each kind a write removes: more than it adds, and few enough not to be noticeable.
const SWEEP_STEP: i64 = 4;

/// The settings of a [`SqliteStore`].
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// The limit for marks, bodies and an estimate of their overhead. The file may be somewhat larger, and never
    /// shrinks. 256 MiB by default: about 50,000 token sets.
    pub capacity_bytes: usize,
    /// How long a call waits for its turn within this process before it is [`Unreachable`](StoreError::Unreachable).
    /// 500 ms by default.
    pub turn_timeout: Duration,
    /// How long a call that has its turn then waits for the write of another process. 500 ms by default: together with
    /// the turn at most a second, after which a page can still be answered, and far longer than any transaction of this
    /// store.
    pub busy_timeout: Duration,
    /// How many reads run concurrently, and beside a write. 4 by default.
    pub readers: u32,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        let timeout = Duration::from_millis(500);
        Self { capacity_bytes: 256 << 20, turn_timeout: timeout, busy_timeout: timeout, readers: 4 }
    }
}

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

/// The used bytes, as the triggers have counted them.
async fn used(connection: &mut SqliteConnection) -> sqlx::Result<UsedBytes> {
    let (fixed, first, last): (i64, i64, i64) =
        sqlx::query_as("SELECT fixed_bytes, first_bytes, last_bytes FROM used").fetch_one(connection).await?;
    let bytes = |count| usize::try_from(count).unwrap_or_default();
    Ok(UsedBytes { fixed: bytes(fixed), first: bytes(first), last: bytes(last) })
}

/// Removes at most this many expired entries of each kind.
async fn sweep(connection: &mut SqliteConnection, now: Moment, at_most: i64) -> sqlx::Result<()> {
    const STEPS: [&str; 3] = [
        "DELETE FROM records WHERE version IN (SELECT version FROM records WHERE ends <= ? ORDER BY ends LIMIT ?)",
        "UPDATE records SET body = NULL, body_ends = NULL, eviction = NULL
         WHERE version IN (SELECT version FROM records WHERE body_ends <= ? ORDER BY body_ends LIMIT ?)",
        "DELETE FROM leases WHERE key IN (SELECT key FROM leases WHERE ends <= ? ORDER BY ends LIMIT ?)",
    ];
    for step in STEPS {
        sqlx::query(step).bind(now.unix_millis()).bind(at_most).execute(&mut *connection).await?;
    }
    Ok(())
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
