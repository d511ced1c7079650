//! A transaction, and how it ends.

use std::ops::{Deref, DerefMut};

use sqlx::SqliteConnection;

use super::connections::Lent;
use crate::{Durability, Limit, StoreError};

/// A transaction holds the write lock from its first statement, so what it reads stays true until it ends.
///
/// If it is dropped without [`end`](Self::end), it changes nothing and its connection is closed.
pub(super) struct Transaction<'a>(Lent<'a>);

impl<'a> Transaction<'a> {
    pub(super) async fn begin(mut lent: Lent<'a>, durability: Durability) -> sqlx::Result<Self> {
        lent.sync_as(durability).await?;
        // Not sqlx's own transaction: sqlx counts a transaction as open until a ROLLBACK succeeds, and SQLite has none
        // left to roll back if it did so itself.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *lent).await?;
        Ok(Self(lent))
    }

    /// Commits the work, or rolls it back if it failed.
    ///
    /// A connection is reused only if its transaction has certainly ended.
    pub(super) async fn end<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let end = match &outcome {
            Ok(_) => "COMMIT",
            // This error is ours, not SQLite's: nothing is wrong with the connection.
            Err(StoreError::Full(Limit::Size)) => "ROLLBACK",
            Err(_) => return outcome,
        };
        #[cfg(test)]
        if outcome.is_ok() {
            self.0.count_a_synced_commit().await;
        }
        sqlx::query(end).execute(&mut *self.0).await?;
        self.0.done();
        outcome
    }
}

impl Deref for Transaction<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}
