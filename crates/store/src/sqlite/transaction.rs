//! A transaction, and how it ends.

use std::ops::{Deref, DerefMut};

use sqlx::SqliteConnection;

use super::connections::Lent;
use crate::{Durability, Limit, StoreError};

/// It holds the write lock from its first statement, so that what it reads stays true until it ends.
///
/// Dropped without [`end`](Self::end) it changes nothing, and its connection is closed.
pub(super) struct Transaction<'a>(Lent<'a>);

impl<'a> Transaction<'a> {
    pub(super) async fn begin(mut lent: Lent<'a>, durability: Durability) -> sqlx::Result<Self> {
        lent.sync_as(durability).await?;
        // Not sqlx's own: that counts on an open transaction until a ROLLBACK succeeds, and SQLite has none left to roll back where
        // it did so by itself.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *lent).await?;
        Ok(Self(lent))
    }

    /// Commits what was done, or undoes it where it failed.
    ///
    /// A connection is used again only where its transaction has ended for certain.
    pub(super) async fn end<T>(mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let end = match &outcome {
            Ok(_) => "COMMIT",
            // Ours, not SQLite's: nothing is wrong with the connection.
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
