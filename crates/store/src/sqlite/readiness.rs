//! The write by which readiness is checked.

use super::{database::Database, records::make_room, used::RECORD_BYTES};
use crate::{Durability, StoreError, ambient::Moment, bound::UsedBytes};

/// Not synced: whether the disk keeps the write over a power cut does not matter here.
pub(super) async fn write(database: &Database, capacity_bytes: usize, now: Moment) -> Result<(), StoreError> {
    let mut transaction = database.begin(Durability::Relaxed).await?;
    let outcome = async {
        sqlx::query("UPDATE checks SET count = count + 1").execute(&mut *transaction).await?;
        let mark = UsedBytes::largest_mark(RECORD_BYTES);
        make_room(&mut transaction, &mark, now, capacity_bytes).await?.admit(&mark, capacity_bytes)
    };
    let outcome = outcome.await;
    transaction.end(outcome.map(drop)).await
}
