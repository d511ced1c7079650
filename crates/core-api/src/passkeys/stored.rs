//! Passkeys in the database.

use std::time::Duration;

use serde::Serialize;
use sqlx::{Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use uuid::Uuid;
use webauthn_rs::prelude::{Credential, Passkey};

use crate::{error::InternalError, timestamp::Timestamp, users};

/// How many passkeys one person has at most.
pub(super) const MAX_PASSKEYS: usize = 20;

/// A passkey as its person sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: Uuid,
    name: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    /// Whether a password manager keeps a copy of it, so that it outlives the device.
    backed_up: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_at: Option<Timestamp>,
}

/// A passkey with what checks its signatures.
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) passkey: Passkey,
    pub(super) is_blocked: bool,
    pub(super) last_used_at: Option<Timestamp>,
    /// The credential as it was read: a change in the meantime shows by it.
    text: String,
}

fn moment(row: &SqliteRow, column: &str) -> sqlx::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

fn shown(row: &SqliteRow) -> Result<Shown, InternalError> {
    let passkey: Passkey = serde_json::from_str(row.try_get("credential")?)?;
    Ok(Shown {
        id: users::uuid(row, "id")?,
        name: row.try_get("name")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        last_used_at: moment(row, "last_used_at")?,
        backed_up: Credential::from(passkey).backup_state,
        blocked_at: moment(row, "blocked_at")?,
    })
}

fn stored(row: &SqliteRow) -> Result<Stored, InternalError> {
    let text: String = row.try_get("credential")?;
    Ok(Stored {
        id: users::uuid(row, "id")?,
        passkey: serde_json::from_str(&text)?,
        is_blocked: moment(row, "blocked_at")?.is_some(),
        last_used_at: moment(row, "last_used_at")?,
        text,
    })
}

/// Those of a person, the oldest first.
pub(super) async fn all_of(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
) -> Result<Vec<Shown>, InternalError> {
    let rows = sqlx::query("SELECT * FROM passkeys WHERE user_id = ? ORDER BY created_at, id")
        .bind(user.to_string())
        .fetch_all(executor)
        .await?;
    rows.iter().map(shown).collect()
}

/// Whether the account with this address has any.
pub(crate) async fn are_any_at(executor: impl SqliteExecutor<'_>, email: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM passkeys JOIN users ON users.id = passkeys.user_id WHERE users.email = ?)",
    )
    .bind(email)
    .fetch_one(executor)
    .await
}

/// The credentials of a person, in the words of authenticators.
pub(super) async fn credential_ids(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar("SELECT credential_id FROM passkeys WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_all(executor)
        .await
}

pub(super) async fn one_of(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
    id: Uuid,
) -> Result<Option<Shown>, InternalError> {
    let row = sqlx::query("SELECT * FROM passkeys WHERE id = ? AND user_id = ?")
        .bind(id.to_string())
        .bind(user.to_string())
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(shown).transpose()
}

/// The passkey that an authenticator has answered with, if it belongs to the person that it names.
pub(super) async fn presented(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
    credential_id: &[u8],
) -> Result<Option<Stored>, InternalError> {
    let row = sqlx::query("SELECT * FROM passkeys WHERE credential_id = ? AND user_id = ?")
        .bind(credential_id)
        .bind(user.to_string())
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(stored).transpose()
}

/// Stores a new one. Returns whether its credential was unknown until now.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    user: Uuid,
    id: Uuid,
    (name, passkey): (&str, &Passkey),
    now: Timestamp,
) -> Result<bool, InternalError> {
    let credential_id: &[u8] = passkey.cred_id();
    let inserted = sqlx::query(
        "INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (credential_id) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(user.to_string())
    .bind(credential_id)
    .bind(serde_json::to_string(passkey)?)
    .bind(name)
    .bind(now.millis())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Notes a use. `false` if the passkey was removed, blocked or used otherwise since it was read.
pub(super) async fn note_use(
    connection: &mut SqliteConnection,
    before: &Stored,
    after: &Passkey,
    now: Timestamp,
) -> Result<bool, InternalError> {
    let noted = sqlx::query(
        "UPDATE passkeys SET credential = ?, last_used_at = ?
         WHERE id = ? AND credential = ? AND blocked_at IS NULL",
    )
    .bind(serde_json::to_string(after)?)
    .bind(now.millis())
    .bind(before.id.to_string())
    .bind(&before.text)
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Returns whether it was not blocked before.
pub(super) async fn block(connection: &mut SqliteConnection, id: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    let blocked = sqlx::query("UPDATE passkeys SET blocked_at = ? WHERE id = ? AND blocked_at IS NULL")
        .bind(now.millis())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(blocked.rows_affected() == 1)
}

pub(super) async fn rename(
    connection: &mut SqliteConnection,
    user: Uuid,
    id: Uuid,
    name: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE passkeys SET name = ? WHERE id = ? AND user_id = ?")
        .bind(name)
        .bind(id.to_string())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns whether the person had it.
pub(super) async fn remove(connection: &mut SqliteConnection, user: Uuid, id: Uuid) -> sqlx::Result<bool> {
    let removed = sqlx::query("DELETE FROM passkeys WHERE id = ? AND user_id = ?")
        .bind(id.to_string())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() == 1)
}

/// Removes the passkeys that a person had before the account got its present address from another one. Returns how
/// many there were.
///
/// SECURITY: whoever had the account at that address may have left one behind for its next owner.
pub(crate) async fn forget_from_former_address(
    connection: &mut SqliteConnection,
    user: Uuid,
) -> sqlx::Result<u64> {
    let forgotten = sqlx::query(
        "DELETE FROM passkeys WHERE user_id = ?
         AND created_at <= (SELECT moved_at FROM users WHERE users.id = passkeys.user_id)",
    )
    .bind(user.to_string())
    .execute(connection)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Removes the passkeys of a person, except those that were added so long before this moment. Returns how many there
/// were.
///
/// SECURITY: whoever takes an account over adds a passkey of their own. One that the person was told about so long
/// ago, and that they left alone, is theirs.
pub(crate) async fn forget_unless_settled(
    connection: &mut SqliteConnection,
    user: Uuid,
    before: Timestamp,
    settled_after: Duration,
) -> sqlx::Result<u64> {
    let forgotten = sqlx::query("DELETE FROM passkeys WHERE user_id = ? AND created_at > ?")
        .bind(user.to_string())
        .bind(before.minus(settled_after).millis())
        .execute(connection)
        .await?;
    Ok(forgotten.rows_affected())
}
