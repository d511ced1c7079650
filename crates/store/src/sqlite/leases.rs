//! Leases in SQL.

use sqlx::SqliteConnection;

use super::{
    records::{evict, make_room},
    sweep::{SWEEP_STEP, sweep},
};
use crate::{Holder, Key, StoreError, ambient::Moment, bound::UsedBytes};

pub(super) async fn acquire(
    connection: &mut SqliteConnection,
    lease: &Key,
    holder: &Holder,
    now: Moment,
    ends: Moment,
    capacity_bytes: usize,
) -> Result<bool, StoreError> {
    sweep(connection, now, SWEEP_STEP).await?;
    let taken = sqlx::query(
        "INSERT INTO leases (key, holder, ends, began) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET holder = ?2, ends = ?3, began = ?4
         WHERE holder = ?2 OR ends <= ?4 OR began > ?5",
    )
    .bind(&lease.as_bytes()[..])
    .bind(&holder.as_bytes()[..])
    .bind(ends.unix_millis())
    .bind(now.unix_millis())
    .bind(now.latest().unix_millis())
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    // The triggers have already counted the lease, so nothing is added to it.
    make_room(connection, &UsedBytes::default(), now, capacity_bytes)
        .await?
        .admit(&UsedBytes::default(), capacity_bytes)?;
    evict(connection, capacity_bytes).await?;
    Ok(true)
}

pub(super) async fn renew(
    connection: &mut SqliteConnection,
    lease: &Key,
    holder: &Holder,
    now: Moment,
    ends: Moment,
) -> sqlx::Result<bool> {
    let renewed =
        sqlx::query("UPDATE leases SET ends = ?, began = ? WHERE key = ? AND holder = ? AND ends > ?")
            .bind(ends.unix_millis())
            .bind(now.unix_millis())
            .bind(&lease.as_bytes()[..])
            .bind(&holder.as_bytes()[..])
            .bind(now.unix_millis())
            .execute(connection)
            .await?;
    Ok(renewed.rows_affected() == 1)
}

pub(super) async fn release(
    connection: &mut SqliteConnection,
    lease: &Key,
    holder: &Holder,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM leases WHERE key = ? AND holder = ?")
        .bind(&lease.as_bytes()[..])
        .bind(&holder.as_bytes()[..])
        .execute(connection)
        .await?;
    Ok(())
}
