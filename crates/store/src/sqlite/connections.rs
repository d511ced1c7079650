//! Connections, how many there are, and what happens to one whose work was not completed.

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

use crate::Durability;

/// Connections that each serve one statement or one transaction at a time.
///
/// Not a pool of sqlx, for two reasons. It asks a connection how it is after each use, which wakes its thread once more for every
/// write. And it keeps one whose transaction SQLite rolled back by itself, as it does on a full disk: that one refuses every
/// transaction from then on. Ours are local, and one whose work failed or was not waited for is closed.
pub(super) struct Connections {
    options: SqliteConnectOptions,
    count: u32,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Open>>,
    patience: Duration,
    /// The number of commits that SQLite was asked to sync.
    #[cfg(test)]
    pub(super) synced_commits: std::sync::atomic::AtomicU32,
}

/// A connection, and its last sync setting: `None` for a new one.
struct Open {
    connection: SqliteConnection,
    durability: Option<Durability>,
}

impl Connections {
    /// At most this many connections. The first one is opened now, so that a file that cannot be opened is noticed at
    /// start. A caller that finds all in use waits at most `patience`, which is also the time limit for opening another
    /// one.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        count: u32,
        patience: Duration,
    ) -> sqlx::Result<Self> {
        let first = Open { connection: options.connect().await?, durability: None };
        let turns = Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS));
        Ok(Self {
            options,
            count,
            turns: Arc::new(turns),
            idle: Mutex::new(vec![first]),
            patience,
            #[cfg(test)]
            synced_commits: std::sync::atomic::AtomicU32::default(),
        })
    }

    /// # Errors
    ///
    /// [`sqlx::Error::PoolTimedOut`] if no connection is free in time, [`sqlx::Error::PoolClosed`], or the error of
    /// opening one.
    pub(super) async fn lend(&self) -> sqlx::Result<Lent<'_>> {
        let held = timeout(self.patience, self.hold()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Lent { held: Some(held), connections: self })
    }

    async fn hold(&self) -> sqlx::Result<Held> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.with_idle(Vec::pop);
        let open = match idle {
            Some(open) => open,
            None => Open { connection: self.options.connect().await?, durability: None },
        };
        Ok(Held { open, turn })
    }

    /// Waits for those in use, and closes all.
    pub(super) async fn close(&self) {
        // An error means that they are closed.
        let Ok(_all) = self.turns.acquire_many(self.count).await else { return };
        self.turns.close();
        for open in self.with_idle(std::mem::take) {
            // A connection that does not close properly is tidied up by the next start.
            let _ = open.connection.close().await;
        }
    }

    fn with_idle<T>(&self, work: impl FnOnce(&mut Vec<Open>) -> T) -> T {
        work(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Held {
    open: Open,
    turn: OwnedSemaphorePermit,
}

/// A borrowed connection.
pub(super) struct Lent<'a> {
    /// The connection, until it goes back or is closed.
    held: Option<Held>,
    connections: &'a Connections,
}

impl Lent<'_> {
    /// Its work has been answered completely and no transaction is open, so it can be used again.
    pub(super) fn done(mut self) {
        if let Some(Held { open, turn }) = self.held.take() {
            self.connections.with_idle(|idle| idle.push(open));
            drop(turn);
        }
    }

    /// Sets the durability of the next transaction. SQLite accepts this only outside of a transaction.
    pub(super) async fn sync_as(&mut self, durability: Durability) -> sqlx::Result<()> {
        let held = self.held.as_mut().expect(HELD);
        if held.open.durability == Some(durability) {
            return Ok(());
        }
        let pragma = match durability {
            Durability::Synced => "PRAGMA synchronous = FULL",
            Durability::Relaxed => "PRAGMA synchronous = NORMAL",
        };
        // Prepared each time, because SQLite applies this while it prepares the statement, and not when it runs it
        // again.
        sqlx::query(pragma).persistent(false).execute(&mut held.open.connection).await?;
        held.open.durability = Some(durability);
        Ok(())
    }

    /// According to SQLite itself.
    #[cfg(test)]
    pub(super) async fn count_a_synced_commit(&mut self) {
        const FULL: i64 = 2;
        let mode: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **self).await.unwrap();
        let counted = &self.connections.synced_commits;
        counted.fetch_add(u32::from(mode == FULL), std::sync::atomic::Ordering::SeqCst);
    }
}

/// Its work may have been given up halfway. Its turn ends when its thread does, which rolls back what was not
/// committed.
impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let (Some(Held { open, turn }), Ok(runtime)) = (self.held.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            // It is not used again, whatever the result.
            let _ = open.connection.close().await;
            drop(turn);
        });
    }
}

impl Deref for Lent<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.held.as_ref().expect(HELD).open.connection
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.held.as_mut().expect(HELD).open.connection
    }
}

const HELD: &str = "only `done` and `drop` take it, and both end the loan";

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(20);

    async fn connections(count: u32, patience: Duration) -> Connections {
        let options = SqliteConnectOptions::new().in_memory(true);
        Connections::open(options, count, patience).await.unwrap()
    }

    async fn mark(lent: &mut Lent<'_>) {
        sqlx::query("CREATE TEMP TABLE marked (x)").execute(&mut **lent).await.unwrap();
    }

    async fn is_marked(lent: &mut Lent<'_>) -> bool {
        sqlx::query("SELECT x FROM marked").execute(&mut **lent).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_that_was_answered_is_used_again() {
        let connections = connections(1, LONG).await;
        let mut first = connections.lend().await.unwrap();
        mark(&mut first).await;
        first.done();
        assert!(is_marked(&mut connections.lend().await.unwrap()).await);
    }

    #[tokio::test]
    async fn one_that_was_given_up_is_replaced() {
        let connections = connections(1, LONG).await;
        let mut first = connections.lend().await.unwrap();
        mark(&mut first).await;
        drop(first);
        assert!(!is_marked(&mut connections.lend().await.unwrap()).await);
    }

    #[tokio::test]
    async fn one_that_is_given_up_in_the_midst_of_a_statement_counts_until_that_has_ended() {
        // Takes some tenths of a second.
        const SLOW: &str = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000)
                            SELECT count(*) FROM c";
        let connections = connections(1, LONG).await;
        let mut first = connections.lend().await.unwrap();
        assert!(timeout(SHORT, sqlx::query(SLOW).execute(&mut *first)).await.is_err());
        drop(first);
        assert!(timeout(SHORT, connections.lend()).await.is_err());
        let mut next = connections.lend().await.unwrap();
        sqlx::query("SELECT 1").execute(&mut *next).await.unwrap();
    }

    #[tokio::test]
    async fn no_more_are_in_use_than_there_may_be() {
        let connections = connections(2, SHORT).await;
        let first = connections.lend().await.unwrap();
        let second = connections.lend().await.unwrap();
        assert!(matches!(connections.lend().await.err(), Some(sqlx::Error::PoolTimedOut)));
        first.done();
        assert!(connections.lend().await.is_ok());
        second.done();
    }

    #[tokio::test]
    async fn closing_waits_for_those_in_use() {
        let connections = connections(2, LONG).await;
        let first = connections.lend().await.unwrap();
        assert!(timeout(SHORT, connections.close()).await.is_err());
        first.done();
        connections.close().await;
        connections.close().await;
        assert!(matches!(connections.lend().await.err(), Some(sqlx::Error::PoolClosed)));
    }
}
