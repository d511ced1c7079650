//! Connections that read.

use std::{
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

/// Connections for one statement at a time each.
///
/// Not a pool of sqlx: that asks a connection how it is after each use, which wakes its thread once more for every request. Ours are
/// local, and one whose statement failed or was not waited for is closed instead.
pub(super) struct Readers {
    options: SqliteConnectOptions,
    count: u32,
    turns: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
    patience: Duration,
}

impl Readers {
    /// At most so many, of which the first is opened now: what cannot be opened is known from the start. Who finds all in use waits
    /// for `patience`.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        count: u32,
        patience: Duration,
    ) -> sqlx::Result<Self> {
        let first = options.connect().await?;
        let turns = Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS));
        Ok(Self { options, count, turns, idle: Mutex::new(vec![first]), patience })
    }

    /// # Errors
    ///
    /// [`sqlx::Error::PoolTimedOut`] where none becomes free, [`sqlx::Error::PoolClosed`], or what keeps one from being opened.
    pub(super) async fn get(&self) -> sqlx::Result<Reader<'_>> {
        let turn = timeout(self.patience, self.turns.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.with_idle(Vec::pop);
        let connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Reader { connection, readers: self, turn })
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

/// A connection, for as long as it is somebody's.
pub(super) struct Reader<'a> {
    connection: SqliteConnection,
    readers: &'a Readers,
    turn: SemaphorePermit<'a>,
}

impl Reader<'_> {
    /// Its statement has been answered in full: the next one may have it.
    pub(super) fn done(self) {
        let Self { connection, readers, turn } = self;
        readers.with_idle(|idle| idle.push(connection));
        drop(turn);
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn readers(count: u32) -> Readers {
        let options = SqliteConnectOptions::new().in_memory(true);
        Readers::open(options, count, Duration::from_millis(20)).await.unwrap()
    }

    async fn mark(reader: &mut Reader<'_>) {
        sqlx::query("CREATE TEMP TABLE marked (x)").execute(&mut **reader).await.unwrap();
    }

    async fn is_marked(reader: &mut Reader<'_>) -> bool {
        sqlx::query("SELECT x FROM marked").execute(&mut **reader).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_that_was_answered_is_used_again() {
        let readers = readers(1).await;
        let mut first = readers.get().await.unwrap();
        mark(&mut first).await;
        first.done();
        assert!(is_marked(&mut readers.get().await.unwrap()).await);
    }

    #[tokio::test]
    async fn one_that_was_given_up_is_replaced() {
        let readers = readers(1).await;
        let mut first = readers.get().await.unwrap();
        mark(&mut first).await;
        drop(first);
        assert!(!is_marked(&mut readers.get().await.unwrap()).await);
    }

    #[tokio::test]
    async fn no_more_are_in_use_than_there_may_be() {
        let readers = readers(2).await;
        let first = readers.get().await.unwrap();
        let second = readers.get().await.unwrap();
        assert!(matches!(readers.get().await.err(), Some(sqlx::Error::PoolTimedOut)));
        drop(first);
        assert!(readers.get().await.is_ok());
        second.done();
    }

    #[tokio::test]
    async fn closing_waits_for_those_in_use() {
        let readers = readers(2).await;
        let first = readers.get().await.unwrap();
        assert!(timeout(Duration::from_millis(20), readers.close()).await.is_err());
        first.done();
        readers.close().await;
        readers.close().await;
        assert!(matches!(readers.get().await.err(), Some(sqlx::Error::PoolClosed)));
    }
}
