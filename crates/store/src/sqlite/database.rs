//! The file: one connection writes, several read beside it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    SqliteSettings,
    readers::{Reader, Readers},
};
use crate::StoreError;

const FILE_NAME: &str = "store.sqlite3";
/// Held while one process opens the file: SQLite has no lock for a change of the journal mode and a migration together.
const LOCK_NAME: &str = "store.lock";
const OWNER_ONLY: u32 = 0o600;

/// What the log may keep on the disk after a checkpoint.
const LOG_BYTES: &str = "8388608";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

pub(super) struct Database {
    writer: SqlitePool,
    readers: Readers,
}

impl Database {
    pub(super) async fn open(folder: PathBuf, settings: &SqliteSettings) -> Result<Self, StoreError> {
        let file = folder.join(FILE_NAME);
        let opening = tokio::task::spawn_blocking(move || prepare(&folder));
        let opening = opening.await.map_err(unreachable)?.map_err(unreachable)?;

        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(settings.busy_timeout)
            .pragma("journal_size_limit", LOG_BYTES)
            .disable_statement_logging();
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            // Not NORMAL: a mark that was acknowledged is there after a power cut, too.
            .synchronous(SqliteSynchronous::Full);
        let writer = writer(settings).connect_with(writing).await?;
        MIGRATIONS.run(&writer).await.map_err(unreachable)?;
        let reading = options.pragma("query_only", "ON");
        let readers = Readers::open(reading, settings.readers.max(1), settings.busy_timeout).await?;
        drop(opening);
        Ok(Self { writer, readers })
    }

    /// For a single statement that changes nothing; it waits for no writer.
    pub(super) async fn reader(&self) -> sqlx::Result<Reader<'_>> {
        self.readers.get().await
    }

    /// A transaction that holds the write lock from its first statement, so that what it reads stays true until it commits.
    pub(super) async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// The connection is local and never goes stale: it is not tested, retired or closed for being idle.
fn writer(settings: &SqliteSettings) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(settings.busy_timeout)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
}

/// The folder, the file, and the lock on opening it. SQLite gives its log the mode of the file.
fn prepare(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let lock = owned(&folder.join(LOCK_NAME))?;
    lock.lock()?;
    owned(&folder.join(FILE_NAME))?;
    Ok(lock)
}

fn owned(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(OWNER_ONLY).open(path)?;
    // A file that was there already keeps the mode it had.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    Ok(file)
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreachable(error.into())
}

#[cfg(test)]
mod tests {
    use super::{Database, SqliteSettings};

    const FULL: i64 = 2;

    #[tokio::test]
    async fn every_commit_is_synced_to_a_log_beside_which_others_read() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path().to_owned(), &SqliteSettings::default()).await.unwrap();
        let mut write = database.write().await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *write).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *write).await.unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", FULL));
    }
}
