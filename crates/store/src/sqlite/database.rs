//! The file: one connection writes, and several read beside it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    SqliteSettings, connections::Connections, readers::Readers, transaction::Transaction,
    unchanged::Unchanged,
};
use crate::{Durability, StoreError};

const FILE_NAME: &str = "store.sqlite3";
/// Held while one process opens the file, because SQLite has no lock for a change of the journal mode and a migration
/// together.
const LOCK_NAME: &str = "store.lock";
const OWNER_ONLY: u32 = 0o600;

/// How much of the log may stay on the disk after a checkpoint.
const LOG_BYTES: &str = "8388608";

/// How long a start waits for the writes of another process. No page waits for a start.
const OPENING_TIMEOUT: Duration = Duration::from_secs(5);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

pub(super) struct Database {
    pub(super) writer: Connections,
    pub(super) readers: Readers,
    pub(super) unchanged: Unchanged,
}

impl Database {
    pub(super) async fn open(folder: PathBuf, settings: &SqliteSettings) -> Result<Self, StoreError> {
        let file = folder.join(FILE_NAME);
        let opening = tokio::task::spawn_blocking(move || prepare(&folder));
        let opening = opening.await.map_err(unreachable)?.map_err(unreachable)?;

        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(settings.busy_timeout)
            .pragma("journal_size_limit", LOG_BYTES)
            .disable_statement_logging();
        let writing = options
            .journal_mode(SqliteJournalMode::Wal)
            // Until a transaction states its durability.
            .synchronous(SqliteSynchronous::Full);
        let first = SqlitePoolOptions::new().max_connections(1);
        let first = first.connect_with(writing.clone().busy_timeout(OPENING_TIMEOUT)).await?;
        MIGRATIONS.run(&first).await.map_err(unreachable)?;
        let writer = Connections::open(writing, 1, settings.turn_timeout).await?;
        let readers = Readers::open(file.clone(), settings.busy_timeout).await?;
        let unchanged =
            tokio::task::spawn_blocking(move || Unchanged::of(&file)).await.map_err(unreachable)?;
        first.close().await;
        drop(opening);
        Ok(Self { writer, readers, unchanged })
    }

    pub(super) async fn begin(&self, durability: Durability) -> sqlx::Result<Transaction<'_>> {
        Transaction::begin(self.writer.lend().await?, durability).await
    }

    pub(super) async fn close(&self) {
        self.unchanged.close();
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Creates the folder and the file, and takes the lock for opening it. SQLite gives its log the mode of the file.
fn prepare(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let lock = folder.join(LOCK_NAME);
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(OWNER_ONLY).open(lock)?;
    lock.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    lock.lock()?;
    let file = folder.join(FILE_NAME);
    // SECURITY: an existing one is not opened here. This process may have it open already, and would lose SQLite's locks
    // on it with the end of any descriptor (POSIX, `fcntl`).
    match OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // An existing file keeps its mode.
    fs::set_permissions(&file, Permissions::from_mode(OWNER_ONLY))?;
    Ok(lock)
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreachable(error.into())
}
