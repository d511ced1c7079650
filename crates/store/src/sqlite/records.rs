//! Records in SQL.

use std::{borrow::Cow, sync::LazyLock};

use rusqlite::Connection;
use sqlx::SqliteConnection;

use super::{
    Answer,
    sweep::{SWEEP_STEP, sweep},
    used::{RECORD_BYTES, used, used_by_entries},
};
use crate::{
    Draft, Eviction, Expected, Key, Record, StoreError, Version, Written,
    ambient::Moment,
    bound::{Admission, UsedBytes},
};

/// The usual numbers of keys. Their statements are written once.
const USUAL: usize = 4;

/// How `SELECT` finds the records of this number of keys. It is one statement, so they are of one moment.
fn selection(keys: usize) -> Cow<'static, str> {
    static KNOWN: LazyLock<[String; USUAL + 1]> = LazyLock::new(|| std::array::from_fn(statement));
    KNOWN.get(keys).map_or_else(|| statement(keys).into(), |known| known.as_str().into())
}

/// The keys are a table that is never stored. For `key IN (..)`, SQLite would build an index of them each time, which
/// costs more than all the rest.
fn statement(keys: usize) -> String {
    const OF_ONE: &str = "SELECT 0, version, mark, CASE WHEN body_ends > ?1 THEN body END, ends, body_ends
                          FROM records WHERE key = ?2 AND ends > ?1";
    if keys == 1 {
        return OF_ONE.into();
    }
    let places: Vec<_> = (0..keys).map(|place| format!("({place}, ?{})", place + 2)).collect();
    let places = places.join(", ");
    format!(
        "SELECT column1, version, mark, CASE WHEN body_ends > ?1 THEN body END, ends, body_ends
         FROM (VALUES {places}) CROSS JOIN records ON key = column2 WHERE ends > ?1"
    )
}

pub(super) fn read(reader: &Connection, keys: &[Key], now: Moment) -> rusqlite::Result<Answer> {
    let mut statement = reader.prepare_cached(&selection(keys.len()))?;
    statement.raw_bind_parameter(1, now.unix_millis())?;
    for (place, key) in keys.iter().enumerate() {
        statement.raw_bind_parameter(place + 2, key.as_bytes())?;
    }
    let mut records = vec![None; keys.len()];
    let mut until = i64::MAX;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let place = usize::try_from(row.get::<_, i64>(0)?).ok();
        if let Some(record) = place.and_then(|place| records.get_mut(place)) {
            let version = version_of(row.get(1)?);
            *record = Some(Record { version, mark: row.get(2)?, body: row.get(3)? });
            let body_ends = row.get::<_, Option<i64>>(5)?.filter(|ends| *ends > now.unix_millis());
            until = until.min(row.get(4)?).min(body_ends.unwrap_or(i64::MAX));
        }
    }
    Ok(Answer { records, from: now, until: Moment::from_unix_millis(until) })
}

pub(super) async fn write(
    connection: &mut SqliteConnection,
    key: &Key,
    expected: Expected,
    draft: Draft,
    now: Moment,
    capacity_bytes: usize,
) -> Result<Written, StoreError> {
    let present = present(connection, key).await?;
    let living = present.as_ref().filter(|present| now < present.ends);
    let met = match (expected, living) {
        (Expected::Anything, _) | (Expected::Absent, None) => true,
        (Expected::Version(version), Some(living)) => living.version == version,
        (Expected::Absent, Some(_)) | (Expected::Version(_), None) => false,
    };
    if !met {
        return Ok(Written::Conflict);
    }
    sweep(connection, now, SWEEP_STEP).await?;
    sqlx::query("DELETE FROM records WHERE key = ?")
        .bind(&key.as_bytes()[..])
        .execute(&mut *connection)
        .await?;
    let draft = admit(connection, draft, now, capacity_bytes).await?;
    let version = insert(connection, key, draft, now).await?;
    evict(connection, capacity_bytes).await?;
    Ok(Written::Done(version))
}

struct Present {
    version: Version,
    ends: Moment,
}

async fn present(connection: &mut SqliteConnection, key: &Key) -> sqlx::Result<Option<Present>> {
    let row: Option<(i64, i64)> = sqlx::query_as("SELECT version, ends FROM records WHERE key = ?")
        .bind(&key.as_bytes()[..])
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(version, ends)| Present {
        version: version_of(version),
        ends: Moment::from_unix_millis(ends),
    }))
}

/// Writes the draft, or as much of it as there is room for. The record that it replaces is already deleted; if this
/// fails, the transaction restores it.
async fn admit(
    connection: &mut SqliteConnection,
    draft: Draft,
    now: Moment,
    capacity_bytes: usize,
) -> Result<Draft, StoreError> {
    let body = draft.body.as_ref().map(|body| UsedBytes::body(body.eviction, body.bytes.len()));
    let entry = UsedBytes { fixed: RECORD_BYTES + draft.mark.len(), ..body.unwrap_or_default() };
    let others = make_room(connection, &entry, now, capacity_bytes).await?;
    Ok(match others.admit(&entry, capacity_bytes)? {
        Admission::Whole => draft,
        Admission::WithoutBody => Draft { body: None, ..draft },
    })
}

/// Returns the used bytes, after removing all expired entries if that was needed.
pub(super) async fn make_room(
    connection: &mut SqliteConnection,
    entry: &UsedBytes,
    now: Moment,
    capacity_bytes: usize,
) -> sqlx::Result<UsedBytes> {
    let taken = used(connection).await?;
    if taken.total() + used_by_entries(connection).await? + entry.total() <= capacity_bytes {
        return Ok(taken);
    }
    sweep(connection, now, -1).await?;
    used(connection).await
}

async fn insert(
    connection: &mut SqliteConnection,
    key: &Key,
    draft: Draft,
    now: Moment,
) -> sqlx::Result<Version> {
    let ends = now.after(draft.mark_ttl);
    let body_ends = draft.body.as_ref().map(|body| now.after(body.ttl).min(ends).unix_millis());
    let eviction = draft.body.as_ref().map(|body| match body.eviction {
        Eviction::First => 0,
        Eviction::Last => 1,
    });
    let version = sqlx::query_scalar(
        "INSERT INTO records (key, mark, ends, eviction, body_ends, body) VALUES (?, ?, ?, ?, ?, ?)
         RETURNING version",
    )
    .bind(&key.as_bytes()[..])
    .bind(draft.mark)
    .bind(ends.unix_millis())
    .bind(eviction)
    .bind(body_ends)
    .bind(draft.body.map(|body| body.bytes))
    .fetch_one(connection)
    .await?;
    Ok(version_of(version))
}

/// Drops entries, then bodies, one by one, until the rest fits. [`UsedBytes::admit`] has checked that this is enough.
pub(super) async fn evict(connection: &mut SqliteConnection, capacity_bytes: usize) -> sqlx::Result<()> {
    while used(connection).await?.total() + used_by_entries(connection).await? > capacity_bytes {
        if !drop_first_entry(connection).await? {
            break;
        }
    }
    while used(connection).await?.total() > capacity_bytes {
        let gone = sqlx::query(
            "UPDATE records SET body = NULL, body_ends = NULL, eviction = NULL WHERE version =
             (SELECT version FROM records WHERE eviction IS NOT NULL ORDER BY eviction, version LIMIT 1)",
        );
        if gone.execute(&mut *connection).await?.rows_affected() == 0 {
            break;
        }
    }
    Ok(())
}

/// Drops the entry that was written first, of all indexes. Returns whether there was one.
async fn drop_first_entry(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    let gone = sqlx::query("DELETE FROM entries WHERE write = (SELECT min(write) FROM entries)");
    Ok(gone.execute(connection).await?.rows_affected() > 0)
}

/// Row numbers are positive and never reused.
fn version_of(row: i64) -> Version {
    Version::from_bytes(i128::from(row).to_be_bytes())
}
