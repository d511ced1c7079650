//! The entries of indexes in SQL.

use rusqlite::Connection;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    records::evict,
    sweep::{SWEEP_STEP, sweep},
    used::used,
};
use crate::{Entry, EntryDraft, INDEX_MAX_ENTRIES, Key, StoreError, ambient::Moment};

/// What an entry costs beside its value. The triggers of `0004_entries.sql` count the same.
const ENTRY_BYTES: usize = 320;

/// How many names one statement removes. SQLite allows some thousand parameters.
const AT_ONCE: usize = 500;

pub(super) fn read(reader: &Connection, index: &Key, now: Moment) -> rusqlite::Result<Vec<Entry>> {
    let mut statement =
        reader.prepare_cached("SELECT name, value FROM entries WHERE owner = ?1 AND ends > ?2")?;
    let rows = statement.query_map((&index.as_bytes()[..], now.unix_millis()), |row| {
        Ok(Entry { name: Key::from_bytes(row.get(0)?), value: row.get(1)? })
    })?;
    rows.collect()
}

pub(super) async fn put(
    connection: &mut SqliteConnection,
    index: &Key,
    name: &Key,
    draft: EntryDraft,
    now: Moment,
    capacity_bytes: usize,
) -> Result<bool, StoreError> {
    if was_written_within(connection, index, name, &draft, now).await? {
        return Ok(false);
    }
    sweep(connection, now, SWEEP_STEP).await?;
    if draft.ttl.is_zero() {
        remove(connection, index, &[*name]).await?;
        return Ok(true);
    }
    if used(connection).await?.total() + ENTRY_BYTES + draft.value.len() > capacity_bytes {
        sweep(connection, now, -1).await?;
    }
    if used(connection).await?.total() + ENTRY_BYTES + draft.value.len() > capacity_bytes {
        return Ok(false);
    }
    remove(connection, index, &[*name]).await?;
    sqlx::query("INSERT INTO entries (owner, name, written, ends, value) VALUES (?, ?, ?, ?, ?)")
        .bind(&index.as_bytes()[..])
        .bind(&name.as_bytes()[..])
        .bind(now.unix_millis())
        .bind(now.after(draft.ttl).unix_millis())
        .bind(draft.value)
        .execute(&mut *connection)
        .await?;
    leave_out_the_first(connection, index).await?;
    evict(connection, capacity_bytes).await?;
    Ok(true)
}

pub(super) async fn remove(
    connection: &mut SqliteConnection,
    index: &Key,
    names: &[Key],
) -> sqlx::Result<()> {
    for names in names.chunks(AT_ONCE) {
        let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM entries WHERE owner = ");
        query.push_bind(&index.as_bytes()[..]).push(" AND name IN (");
        let mut places = query.separated(", ");
        for name in names {
            places.push_bind(&name.as_bytes()[..]);
        }
        query.push(")");
        query.build().persistent(names.len() == 1).execute(&mut *connection).await?;
    }
    Ok(())
}

/// An entry from the future was written while the clock was ahead.
async fn was_written_within(
    connection: &mut SqliteConnection,
    index: &Key,
    name: &Key,
    draft: &EntryDraft,
    now: Moment,
) -> sqlx::Result<bool> {
    if draft.unless_within.is_zero() {
        return Ok(false);
    }
    let written: Option<i64> = sqlx::query_scalar(
        "SELECT written FROM entries WHERE owner = ? AND name = ? AND ends > ? AND written <= ?",
    )
    .bind(&index.as_bytes()[..])
    .bind(&name.as_bytes()[..])
    .bind(now.unix_millis())
    .bind(now.latest().unix_millis())
    .fetch_optional(connection)
    .await?;
    Ok(written.is_some_and(|written| now < Moment::from_unix_millis(written).after(draft.unless_within)))
}

/// Leaves the index with as many entries as it may have.
async fn leave_out_the_first(connection: &mut SqliteConnection, index: &Key) -> sqlx::Result<()> {
    let too_many = sqlx::query(
        "DELETE FROM entries WHERE write IN
         (SELECT write FROM entries WHERE owner = ? ORDER BY write DESC LIMIT -1 OFFSET ?)",
    );
    let at_most = i64::try_from(INDEX_MAX_ENTRIES).unwrap_or(i64::MAX);
    too_many.bind(&index.as_bytes()[..]).bind(at_most).execute(connection).await?;
    Ok(())
}
