//! A store in one file: forgets nothing over a restart, and processes on one host may share it.

mod connections;
mod database;
mod leases;
mod readers;
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

/// What a record costs beside its bytes. The triggers of `0001_records_and_leases.sql` count the same.
const RECORD_BYTES: usize = 256;

/// How much of what expired a write removes of each kind: more than it adds, and little enough not to be felt.
const SWEEP_STEP: i64 = 4;

/// How a [`SqliteStore`] behaves.
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// What marks, bodies and an estimate of their overhead may take. The file may be somewhat larger, and stays as
    /// large as it once was. 256 MiB by default: some 50,000 token sets.
    pub capacity_bytes: usize,
    /// How long a call waits for its turn among those of this process, before it is [`Unreachable`](StoreError::Unreachable).
    /// 500 ms by default.
    pub turn_timeout: Duration,
    /// How long a call that has its turn then waits for the write of another process. 500 ms by default: with the turn a second at
    /// most, which a page that waits for it can still answer, and far longer than any of our transactions.
    pub busy_timeout: Duration,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        let timeout = Duration::from_millis(500);
        Self { capacity_bytes: 256 << 20, turn_timeout: timeout, busy_timeout: timeout }
    }
}

/// Keeps everything in `store.sqlite3` in a folder.
///
/// A write survives a SIGKILL, and one that is [`Synced`](Durability::Synced) is on the disk when its caller hears of it (WAL,
/// `synchronous=FULL`) and survives a power cut. Leases are [`Relaxed`](Durability::Relaxed), always: one that is lost with the machine
/// had its holder there. Reads take no lock that a write would wait for. Expiry is by the clock given, so processes that share
/// a folder should share a clock: those of one host do.
///
/// # Security
///
/// The files are readable by their owner only.
pub struct SqliteStore {
    database: Database,
    readiness: Readiness,
    capacity_bytes: usize,
    clock: Clock,
}

impl SqliteStore {
    /// Opens the store of this folder; makes both where they are not there, and brings an older file up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`] where the folder or the file cannot be written, or the file is of a newer version.
    pub async fn open(
        folder: impl AsRef<Path>,
        settings: SqliteSettings,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let database = Database::open(folder.as_ref().to_owned(), &settings).await?;
        let readiness = Readiness::default();
        Ok(Self { database, readiness, capacity_bytes: settings.capacity_bytes, clock })
    }

    /// Waits for the calls under way and closes the file. Without it nothing is lost: the next start tidies up.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// A lease that is lost in a power cut was that of a process that went with it.
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
        let (keys, now) = (keys.to_vec(), self.now());
        self.database.readers.find(move |reader| records::read(reader, &keys, now)).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        check_mark(&draft);
        let mut transaction = self.database.begin(draft.durability).await?;
        // Asked once the lock is held: waiting for it must not make a time that runs now look earlier.
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
}

/// What is taken, and how many records and leases there are.
const USAGE: &str = "SELECT fixed_bytes + first_bytes + last_bytes,
    (SELECT count(*) FROM records) + (SELECT count(*) FROM leases) FROM used";

/// What is taken, as the triggers have counted it.
async fn used(connection: &mut SqliteConnection) -> sqlx::Result<UsedBytes> {
    let (fixed, first, last): (i64, i64, i64) =
        sqlx::query_as("SELECT fixed_bytes, first_bytes, last_bytes FROM used").fetch_one(connection).await?;
    let bytes = |count| usize::try_from(count).unwrap_or_default();
    Ok(UsedBytes { fixed: bytes(fixed), first: bytes(first), last: bytes(last) })
}

/// Removes up to so much of each kind of what is over by now.
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
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.and_then(|code| code.parse().ok()) {
            Some(code) if is_full(code) => Self::Full(Limit::Disk),
            _ => Self::Unreachable(error.into()),
        }
    }
}

/// `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`: no room for the log, or for the index of the log.
fn is_full(extended_code: i32) -> bool {
    matches!(extended_code, 13 | 4874)
}
