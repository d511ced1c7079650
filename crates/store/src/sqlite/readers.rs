//! Connections that read, on the thread of whoever asks.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use ironleaf_ambient::InPlace;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::{runtime::Handle, task::spawn_blocking};

use super::full::is_full;
use crate::{Limit, StoreError};

/// Reads the file beside the connection that writes.
///
/// A read takes some microseconds: less than it takes to wake another thread and to be woken by it, as sqlx does for
/// each statement. It does not wait for a writer, because with a log (WAL) neither locks the other out. If it has to
/// wait for another process that recovers or removes the log, or if the disk is slow ([`InPlace`]), it moves to a thread
/// that may block.
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    file: PathBuf,
    busy_timeout: Duration,
    in_place: InPlace,
    /// As many as were ever in use at once. `None` once they are closed, for which those in use are waited for.
    idle: RwLock<Option<Mutex<Vec<Connection>>>>,
}

impl Readers {
    /// The first connection is opened now: what cannot be opened is known from the start.
    pub(super) async fn open(file: PathBuf, busy_timeout: Duration) -> Result<Self, StoreError> {
        let in_place = InPlace::new(Handle::current().metrics().num_workers());
        let inner = Inner { file, busy_timeout, in_place, idle: RwLock::new(Some(Mutex::default())) };
        let readers = Self(Arc::new(inner));
        readers.search(|_| Ok(())).await?;
        Ok(readers)
    }

    /// For a single statement that finds what it looks for by its key.
    pub(super) async fn find<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let admitted = self.0.in_place.enter_soon();
        let read = admitted.map(|_working| self.0.read(Duration::ZERO, &work));
        match read {
            None => self.search(work).await,
            Some(Err(Failure::Sqlite(error)))
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) =>
            {
                self.search(work).await
            }
            Some(read) => Ok(read?),
        }
    }

    /// For one that takes its time.
    pub(super) async fn search<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let read = spawn_blocking(move || inner.read(inner.busy_timeout, &work)).await;
        Ok(read.map_err(|error| StoreError::Unreachable(error.into()))??)
    }

    /// Waits for those in use, and closes all.
    pub(super) async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let closed = spawn_blocking(move || {
            drop(inner.idle.write().unwrap_or_else(PoisonError::into_inner).take());
        });
        // Where the runtime is ending they are closed with it.
        let _ = closed.await;
    }
}

/// SQLite counts milliseconds in 32 bits.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);

enum Failure {
    Closed,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed => Self::Unreachable("the store is closed".into()),
            Failure::Sqlite(error) => error.into(),
        }
    }
}

/// As for the errors of sqlx.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(sqlite) if is_full(sqlite.extended_code) => Self::Full(Limit::Disk),
            _ => Self::Unreachable(error.into()),
        }
    }
}

impl Inner {
    /// A connection that fails is not used again.
    fn read<T>(
        &self,
        busy_timeout: Duration,
        work: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        // Held to the end, so that closing waits for it.
        let idle = self.idle.read().unwrap_or_else(PoisonError::into_inner);
        let idle = idle.as_ref().ok_or(Failure::Closed)?;
        let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.connect()?,
        };
        connection.busy_timeout(busy_timeout.min(LONGEST_TIMEOUT))?;
        let read = work(&connection)?;
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(read)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        // To read a log takes writing into the index of it. One thread at a time has the connection.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tempfile::TempDir;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(20);

    /// A file without a log, in which a writer and a reader do lock each other out.
    async fn readers(busy_timeout: Duration) -> (TempDir, Connection, Readers) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file.sqlite3");
        let writer = Connection::open(&file).unwrap();
        writer.execute_batch("CREATE TABLE numbers (number); INSERT INTO numbers VALUES (7)").unwrap();
        let readers = Readers::open(file, busy_timeout).await.unwrap();
        (folder, writer, readers)
    }

    fn number(reader: &Connection) -> rusqlite::Result<i64> {
        reader.query_row("SELECT number FROM numbers", (), |row| row.get(0))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_need_not_wait_is_there_at_once_and_on_one_connection() {
        let (_folder, _writer, readers) = readers(LONG).await;
        for _ in 0..3 {
            assert!(poll!(Box::pin(readers.find(number))).is_ready());
        }
        let idle = readers.0.idle.read().unwrap();
        assert_eq!(idle.as_ref().unwrap().lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_has_to_wait_holds_nobody_up() {
        let (_folder, writer, readers) = readers(LONG).await;
        writer.execute_batch("BEGIN EXCLUSIVE; UPDATE numbers SET number = 8").unwrap();
        let mut found = Box::pin(readers.find(number));
        assert!(poll!(&mut found).is_pending());
        writer.execute_batch("COMMIT").unwrap();
        assert_eq!(found.await.unwrap(), 8);
    }

    /// As on a disk that stalls: a health check has to be answered meanwhile.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn reads_that_take_long_leave_a_thread_free() {
        let (_folder, _writer, readers) = readers(LONG).await;
        let readers = Arc::new(readers);
        let (stall, stalled) = std::sync::mpsc::channel::<()>();
        let stalled = Arc::new(Mutex::new(stalled));
        let reading: Vec<_> = (0..4)
            .map(|_| {
                let (readers, stalled) = (Arc::clone(&readers), Arc::clone(&stalled));
                tokio::spawn(async move {
                    let wait = move |reader: &Connection| {
                        // Until the other end is dropped.
                        let _ = stalled.lock().unwrap().recv();
                        number(reader)
                    };
                    readers.find(wait).await
                })
            })
            .collect();
        // A thread for this one, and for the tasks of the runtime.
        for _ in 0..10 {
            let timer = tokio::spawn(tokio::time::timeout(SHORT, std::future::pending::<()>()));
            assert!(tokio::time::timeout(LONG, timer).await.unwrap().unwrap().is_err());
        }
        assert!(reading.iter().all(|reading| !reading.is_finished()));
        drop(stall);
        for reading in reading {
            assert_eq!(reading.await.unwrap().unwrap(), 7);
        }
        // For a while, no read is done in place.
        assert!(readers.0.in_place.enter().is_none());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_settings_say() {
        let (_folder, writer, readers) = readers(SHORT).await;
        writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let told = readers.find(number).await.unwrap_err().detail();
        assert!(told.contains("locked"), "{told}");
        writer.execute_batch("COMMIT").unwrap();
        assert_eq!(readers.find(number).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_reader_writes_nothing() {
        let (_folder, _writer, readers) = readers(SHORT).await;
        let written = readers.find(|reader| reader.execute("DELETE FROM numbers", ())).await;
        assert!(matches!(written, Err(StoreError::Unreachable(_))), "{written:?}");
        assert_eq!(readers.find(number).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn closing_waits_for_those_that_read_and_none_reads_after_it() {
        let (_folder, writer, readers) = readers(LONG).await;
        writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut found = Box::pin(readers.find(number));
        assert!(poll!(&mut found).is_pending());
        // Until it reads, in its thread.
        while readers.0.idle.try_write().is_ok() {
            tokio::task::yield_now().await;
        }
        let mut closed = Box::pin(readers.close());
        assert!(tokio::time::timeout(SHORT, &mut closed).await.is_err());
        writer.execute_batch("COMMIT").unwrap();
        assert_eq!(found.await.unwrap(), 7);
        closed.await;
        let told = readers.find(number).await.unwrap_err().detail();
        assert_eq!(told, "the store cannot be used: the store is closed");
        readers.close().await;
    }
}
