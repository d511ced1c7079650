//! Records in SQL.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    sweep::{SWEEP_STEP, sweep},
    used::{RECORD_BYTES, used},
};
use crate::{
    Draft, Eviction, Expected, Key, Record, StoreError, Version, Written,
    ambient::Moment,
    bound::{Admission, UsedBytes},
};

type Row = (i64, i64, Vec<u8>, Option<Vec<u8>>);

/// One statement, so all records are from one moment. The keys are a table that is never stored: for `key IN (..)`
/// SQLite would build an index of them each time, which costs more than everything else.
pub(super) async fn read(
    reader: &mut SqliteConnection,
    keys: &[Key],
    now: Moment,
) -> sqlx::Result<Vec<Option<Record>>> {
    let now = now.unix_millis();
    let mut query = QueryBuilder::<Sqlite>::new("SELECT column1, version, mark, CASE WHEN body_ends > ");
    query.push_bind(now).push(" THEN body END FROM (");
    query.push_values(keys.iter().enumerate(), |mut row, (place, key)| {
        row.push(place).push_bind(&key.as_bytes()[..]);
    });
    query.push(") CROSS JOIN records ON key = column2 WHERE ends > ").push_bind(now);
    let rows: Vec<Row> = query.build_query_as().fetch_all(reader).await?;
    let mut records = vec![None; keys.len()];
    for (place, version, mark, body) in rows {
        if let Some(record) = usize::try_from(place).ok().and_then(|place| records.get_mut(place)) {
            *record = Some(Record { version: version_of(version), mark, body });
        }
    }
    Ok(records)
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
    if taken.total() + entry.total() <= capacity_bytes {
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

/// Drops bodies, one by one, until the rest fits. [`UsedBytes::admit`] has checked that this is enough.
pub(super) async fn evict(connection: &mut SqliteConnection, capacity_bytes: usize) -> sqlx::Result<()> {
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

/// Row numbers are positive and never reused.
fn version_of(row: i64) -> Version {
    Version::from_bytes(i128::from(row).to_be_bytes())
}
