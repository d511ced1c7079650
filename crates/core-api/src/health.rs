//! Whether the database can be written, which is found out by an occasional write.

use sqlx::error::DatabaseError;
use tokio::sync::Mutex;

use crate::{database::Database, timestamp::Timestamp};

/// How long a result is valid, in milliseconds. However often health is checked, it writes once in this time.
const GOOD_FOR_MILLIS: i64 = 1000;

/// More than a sign-in, a registration or a refresh writes.
const ROOM_BYTES: i64 = 8 * 1024;

/// Why nothing can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwritable {
    /// There is no space left. This ends by itself when there is some.
    Full,
    /// Anything else; the log has the cause.
    Broken,
}

/// The result of the last try. Concurrent callers wait for it.
#[derive(Default)]
pub(crate) struct Health(Mutex<Option<Found>>);

struct Found {
    at: Timestamp,
    outcome: Result<(), Unwritable>,
}

impl Health {
    pub(crate) async fn check(&self, database: &Database, now: Timestamp) -> Result<(), Unwritable> {
        let mut last = self.0.lock().await;
        if let Some(found) = last.as_ref().filter(|found| found.is_good(now)) {
            return found.outcome;
        }
        let outcome = write(database).await;
        let was_well = last.as_ref().is_none_or(|found| found.outcome.is_ok());
        // Logged once, not for every check.
        match &outcome {
            Ok(()) if !was_well => tracing::info!("the core API can write again"),
            Err(error) if was_well => tracing::error!(%error, "the core API cannot write"),
            _ => {}
        }
        let outcome = outcome.map_err(|error| Unwritable::of(&error));
        *last = Some(Found { at: now, outcome });
        outcome
    }
}

impl Found {
    /// A result is not valid if the clock went back behind it.
    fn is_good(&self, now: Timestamp) -> bool {
        (0..GOOD_FOR_MILLIS).contains(&now.millis().saturating_sub(self.at.millis()))
    }
}

impl Unwritable {
    fn of(error: &sqlx::Error) -> Self {
        /// `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE`: no space for the log, or for the index of the log.
        const FULL: [&str; 2] = ["13", "4874"];
        match error.as_database_error().and_then(DatabaseError::code) {
            Some(code) if FULL.contains(&&*code) => Self::Full,
            _ => Self::Broken,
        }
    }
}

/// Allocates the space that a call may need, and frees it again.
async fn write(database: &Database) -> sqlx::Result<()> {
    let mut transaction = database.write().await?;
    sqlx::query("INSERT INTO checks (filler) VALUES (zeroblob(?))")
        .bind(ROOM_BYTES)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM checks").execute(&mut *transaction).await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MILLIS: i64 = 1_795_258_132_360;

    fn after(millis: i64) -> Timestamp {
        Timestamp::from_millis(START_MILLIS + millis)
    }

    async fn written(database: &Database) -> i64 {
        let changes = sqlx::query_scalar("SELECT total_changes()");
        let mut transaction = database.write().await.unwrap();
        changes.fetch_one(&mut *transaction).await.unwrap()
    }

    #[tokio::test]
    async fn it_writes_once_a_second_however_often_it_is_asked() {
        let database = Database::in_memory().await.unwrap();
        let health = Health::default();
        let before = written(&database).await;
        for millis in 0..GOOD_FOR_MILLIS {
            assert_eq!(health.check(&database, after(millis)).await, Ok(()));
        }
        let once = written(&database).await - before;
        assert!(once > 0, "it writes");
        assert_eq!(health.check(&database, after(GOOD_FOR_MILLIS)).await, Ok(()));
        assert_eq!(written(&database).await - before, 2 * once);
    }

    #[tokio::test]
    async fn full_is_not_broken_and_both_pass() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), 1).await.unwrap();
        let health = Health::default();
        let set = |pragma: &'static str| {
            let database = &database;
            async move {
                let mut transaction = database.write().await.unwrap();
                sqlx::query(pragma).execute(&mut *transaction).await.unwrap();
                transaction.commit().await.unwrap();
            }
        };
        for (round, pragma, undo, found) in [
            // No more than the database already has.
            (0, "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 4294967294", Unwritable::Full),
            (1, "ALTER TABLE checks RENAME TO lost", "ALTER TABLE lost RENAME TO checks", Unwritable::Broken),
        ] {
            set(pragma).await;
            assert_eq!(health.check(&database, after(round * 10_000)).await, Err(found));
            assert_eq!(health.check(&database, after(round * 10_000 + 1)).await, Err(found), "remembered");
            set(undo).await;
            assert_eq!(health.check(&database, after(round * 10_000 + 2000)).await, Ok(()));
        }
    }
}
