//! Connections that read.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Connections for one statement at a time each.
///
/// Not a pool of sqlx: that asks a connection how it is after each use, which wakes its thread once more for every request. Ours are
/// local, and one whose statement failed or was not waited for is closed instead.
pub(super) struct Readers {
    options: SqliteConnectOptions,
    count: u32,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
    patience: Duration,
}

impl Readers {
    /// At most so many, of which the first is opened now: what cannot be opened is known from the start. Who finds all in use waits
    /// at most `patience`.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        count: u32,
        patience: Duration,
    ) -> sqlx::Result<Self> {
        let first = options.connect().await?;
        let turns = Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS));
        Ok(Self { options, count, turns: Arc::new(turns), idle: Mutex::new(vec![first]), patience })
    }

    /// # Errors
    ///
    /// [`sqlx::Error::PoolTimedOut`] where none is there in time, [`sqlx::Error::PoolClosed`], or what keeps one from being opened.
    pub(super) async fn get(&self) -> sqlx::Result<Reader<'_>> {
        let held = timeout(self.patience, self.hold()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Reader { held: Some(held), readers: self })
    }

    async fn hold(&self) -> sqlx::Result<Held> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.with_idle(Vec::pop);
        let connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Held { connection, turn })
    }

    /// Waits for those in use, and closes all.
    pub(super) async fn close(&self) {
        // An error means that they are closed.
        let Ok(_all) = self.turns.acquire_many(self.count).await else { return };
        self.turns.close();
        for connection in self.with_idle(std::mem::take) {
            // What does not close in order is tidied up by the next start.
            let _ = connection.close().await;
        }
    }

    fn with_idle<T>(&self, work: impl FnOnce(&mut Vec<SqliteConnection>) -> T) -> T {
        work(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Held {
    connection: SqliteConnection,
    turn: OwnedSemaphorePermit,
}

/// A connection, for as long as it is somebody's.
pub(super) struct Reader<'a> {
    /// Until it goes back or is closed.
    held: Option<Held>,
    readers: &'a Readers,
}

impl Reader<'_> {
    /// Its statement has been answered in full: the next one may have it.
    pub(super) fn done(mut self) {
        if let Some(Held { connection, turn }) = self.held.take() {
            self.readers.with_idle(|idle| idle.push(connection));
            drop(turn);
        }
    }
}

/// Given up in the midst of a statement, perhaps: its turn is over once its thread is.
impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let (Some(Held { connection, turn }), Ok(runtime)) = (self.held.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            // It is not used again, however it ends.
            let _ = connection.close().await;
            drop(turn);
        });
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.held.as_ref().expect(HELD).connection
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.held.as_mut().expect(HELD).connection
    }
}

const HELD: &str = "only `done` and `drop` take it, and both end the reader";

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(20);

    async fn readers(count: u32, patience: Duration) -> Readers {
        let options = SqliteConnectOptions::new().in_memory(true);
        Readers::open(options, count, patience).await.unwrap()
    }

    async fn mark(reader: &mut Reader<'_>) {
        sqlx::query("CREATE TEMP TABLE marked (x)").execute(&mut **reader).await.unwrap();
    }

    async fn is_marked(reader: &mut Reader<'_>) -> bool {
        sqlx::query("SELECT x FROM marked").execute(&mut **reader).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_that_was_answered_is_used_again() {
        let readers = readers(1, LONG).await;
        let mut first = readers.get().await.unwrap();
        mark(&mut first).await;
        first.done();
        assert!(is_marked(&mut readers.get().await.unwrap()).await);
    }

    #[tokio::test]
    async fn one_that_was_given_up_is_replaced() {
        let readers = readers(1, LONG).await;
        let mut first = readers.get().await.unwrap();
        mark(&mut first).await;
        drop(first);
        assert!(!is_marked(&mut readers.get().await.unwrap()).await);
    }

    #[tokio::test]
    async fn one_that_is_given_up_in_the_midst_of_a_statement_counts_until_that_has_ended() {
        // Some tenths of a second.
        const SLOW: &str = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000)
                            SELECT count(*) FROM c";
        let readers = readers(1, LONG).await;
        let mut first = readers.get().await.unwrap();
        assert!(timeout(SHORT, sqlx::query(SLOW).execute(&mut *first)).await.is_err());
        drop(first);
        assert!(timeout(SHORT, readers.get()).await.is_err());
        let mut next = readers.get().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *next).await.unwrap();
    }

    #[tokio::test]
    async fn no_more_are_in_use_than_there_may_be() {
        let readers = readers(2, SHORT).await;
        let first = readers.get().await.unwrap();
        let second = readers.get().await.unwrap();
        assert!(matches!(readers.get().await.err(), Some(sqlx::Error::PoolTimedOut)));
        first.done();
        assert!(readers.get().await.is_ok());
        second.done();
    }

    #[tokio::test]
    async fn closing_waits_for_those_in_use() {
        let readers = readers(2, LONG).await;
        let first = readers.get().await.unwrap();
        assert!(timeout(SHORT, readers.close()).await.is_err());
        first.done();
        readers.close().await;
        readers.close().await;
        assert!(matches!(readers.get().await.err(), Some(sqlx::Error::PoolClosed)));
    }
}
