//! SQLite: one connection writes, and several read beside it.

mod lookups;

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use self::lookups::Lookups;
use crate::users::{self, User};

pub(crate) const FILE_NAME: &str = "core-api.sqlite3";

/// Far longer than any of our transactions, so that another process with the same file gets its turn.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

pub(crate) struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
    /// None in memory, which no second connection sees.
    lookups: Option<Lookups>,
}

impl Database {
    pub(crate) async fn open(data_dir: &Path, readers: u32) -> Result<Self, MigrateError> {
        let file = data_dir.join(FILE_NAME);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .disable_statement_logging();
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Not NORMAL: acknowledged changes must survive a power cut.
            .synchronous(SqliteSynchronous::Full);
        let writer = pool(1)
            .before_acquire(|writer, _| Box::pin(async { ends_its_transactions(writer).await }))
            .connect_with(writing)
            .await?;
        MIGRATIONS.run(&writer).await?;
        let readers = pool(readers).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self { writer, readers, lookups: Some(Lookups::new(file)) })
    }

    /// One connection for everything: a second one would see another, empty database.
    pub(crate) async fn in_memory() -> Result<Self, MigrateError> {
        let options =
            SqliteConnectOptions::new().in_memory(true).foreign_keys(true).disable_statement_logging();
        let writer = pool(1).connect_with(options).await?;
        MIGRATIONS.run(&writer).await?;
        Ok(Self { readers: writer.clone(), writer, lookups: None })
    }

    /// For a single statement that changes nothing. Never use it while a [`write`](Self::write) is open: in memory both
    /// are the same connection.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.readers
    }

    /// One person. Never while a [`write`](Self::write) is open, as with [`read`](Self::read).
    pub(crate) async fn user(&self, id: Uuid) -> sqlx::Result<Option<User>> {
        match self.lookups.as_ref().and_then(|lookups| lookups.user(id)) {
            Some(Ok(found)) => Ok(found),
            // It may have to wait, or knows better what is wrong.
            Some(Err(_)) | None => users::by_id(self.read(), id).await,
        }
    }

    /// A transaction that holds the write lock from its first statement, so that what it reads stays true until it commits.
    pub(crate) async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    pub(crate) async fn close(&self) {
        if let Some(lookups) = &self.lookups {
            lookups.close();
        }
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether sqlx and SQLite agree that no transaction is open. They disagree after SQLite itself has rolled one back,
/// such as on a full disk, and then sqlx begins no transaction any more. Such a connection is closed and replaced.
async fn ends_its_transactions(writer: &mut SqliteConnection) -> sqlx::Result<bool> {
    // The rollback of a dropped transaction may still be in progress.
    writer.ping().await?;
    Ok(!writer.is_in_transaction())
}

/// Connections are local and never go stale, so none is tested, retired or closed for being idle.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
}

#[cfg(test)]
mod tests {
    use sqlx::error::DatabaseError;

    use super::*;
    use crate::timestamp::Timestamp;

    async fn note(database: &Database, bytes: u32) -> sqlx::Result<()> {
        let mut transaction = database.write().await?;
        sqlx::query("INSERT INTO notes VALUES (zeroblob(?))").bind(bytes).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Whatever is asked on the thread of its caller is what a connection of sqlx finds.
    #[tokio::test]
    async fn a_person_is_found_as_they_are_now_and_not_once_they_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), 1).await.unwrap();
        let mut user = User {
            id: Uuid::from_u128(7),
            email: "ada@example.com".to_owned(),
            roles: users::Roles { admin: true, verified: false },
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
            unverified_email: None,
            tokens_after: None,
        };
        assert!(database.user(user.id).await.unwrap().is_none());
        let mut transaction = database.write().await.unwrap();
        users::insert(&mut transaction, &user, Some("hash")).await.unwrap();
        assert!(database.user(user.id).await.unwrap().is_none(), "it is not committed");
        transaction.commit().await.unwrap();
        for unverified in [None, Some("new@example.com")] {
            user.unverified_email = unverified.map(str::to_owned);
            let mut transaction = database.write().await.unwrap();
            users::update(&mut transaction, &user).await.unwrap();
            if unverified.is_some() {
                user.tokens_after = Some(Timestamp::from_millis(3));
                users::shut_out(&mut transaction, user.id, Timestamp::from_millis(3)).await.unwrap();
            }
            transaction.commit().await.unwrap();
            let found = database.user(user.id).await.unwrap().unwrap();
            let told = users::by_id(database.read(), user.id).await.unwrap().unwrap();
            assert_eq!(format!("{found:?}"), format!("{user:?}"));
            assert_eq!(format!("{found:?}"), format!("{told:?}"));
        }
        let mut transaction = database.write().await.unwrap();
        assert!(users::delete(&mut transaction, user.id).await.unwrap());
        transaction.commit().await.unwrap();
        assert!(database.user(user.id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_closed_database_finds_nobody_and_leaves_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), 1).await.unwrap();
        assert!(database.user(Uuid::nil()).await.unwrap().is_none());
        database.close().await;
        assert!(matches!(database.user(Uuid::nil()).await, Err(sqlx::Error::PoolClosed)));
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), [FILE_NAME]);
    }

    #[tokio::test]
    async fn what_found_the_disk_full_leaves_a_database_that_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), 1).await.unwrap();
        sqlx::query("CREATE TABLE notes (bytes)").execute(&database.writer).await.unwrap();
        for _ in 0..3 {
            // No more than the database already has.
            sqlx::query("PRAGMA max_page_count = 1").execute(&database.writer).await.unwrap();
            let full = note(&database, 64 << 10).await.unwrap_err();
            assert_eq!(
                full.as_database_error().and_then(DatabaseError::code).as_deref(),
                Some("13"),
                "{full}"
            );
            note(&database, 64 << 10).await.unwrap();
        }
    }
}
