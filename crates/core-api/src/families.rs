//! Families of refresh tokens: how they start, continue and end in the database.

use sqlx::{SqliteConnection, SqliteExecutor};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// What a family starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Password,
    /// An e-mailed link, which nobody has used yet.
    Link,
    /// An e-mailed link, and the code that it asked for.
    LinkAndCode,
}

/// Starts a family. Its first token is added to it.
pub(crate) async fn start(
    connection: &mut SqliteConnection,
    family: Uuid,
    user: Uuid,
    origin: Origin,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO families (id, user_id, created_at, by_link, of_link) VALUES (?, ?, ?, ?, ?)")
        .bind(family.to_string())
        .bind(user.to_string())
        .bind(now.millis())
        .bind(origin == Origin::Link)
        .bind(origin != Origin::Password)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn add_token(
    connection: &mut SqliteConnection,
    family: Uuid,
    token_hash: &[u8; 32],
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, family_id, expires_at) VALUES (?, ?, ?)")
        .bind(&token_hash[..])
        .bind(family.to_string())
        .bind(expires_at.millis())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn mark_used(
    connection: &mut SqliteConnection,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?")
        .bind(now.millis())
        .bind(&token_hash[..])
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether this is the first use of a link's family. Then it is not the next time.
pub(crate) async fn is_first_use_of_link(
    connection: &mut SqliteConnection,
    family: Uuid,
) -> sqlx::Result<bool> {
    let first = sqlx::query("UPDATE families SET by_link = 0 WHERE id = ? AND by_link")
        .bind(family.to_string())
        .execute(connection)
        .await?;
    Ok(first.rows_affected() > 0)
}

/// Whether the family has begun with an e-mailed link.
pub(crate) async fn is_of_link(executor: impl SqliteExecutor<'_>, family: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM families WHERE id = ? AND of_link)")
        .bind(family.to_string())
        .fetch_one(executor)
        .await
}

/// Whether there is such a family, which was not ended by then.
pub(crate) async fn is_active_after(
    executor: impl SqliteExecutor<'_>,
    family: Uuid,
    then: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM families WHERE id = ? AND (revoked_at IS NULL OR revoked_at > ?))",
    )
    .bind(family.to_string())
    .bind(then.millis())
    .fetch_one(executor)
    .await
}

/// Ends one family, and returns how many active ones that were: one or none.
pub(crate) async fn revoke(
    connection: &mut SqliteConnection,
    family: Uuid,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let revoked = sqlx::query("UPDATE families SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(now.millis())
        .bind(family.to_string())
        .execute(connection)
        .await?;
    Ok(revoked.rows_affected())
}

/// Ends every family of a person except one, and returns how many were still active.
pub(crate) async fn revoke_all_of(
    connection: &mut SqliteConnection,
    user: Uuid,
    except: Option<Uuid>,
    now: Timestamp,
) -> sqlx::Result<u64> {
    forget_dead_of(connection, user, now).await?;
    let revoked = sqlx::query(
        "UPDATE families SET revoked_at = ? WHERE user_id = ? AND id IS NOT ? AND revoked_at IS NULL",
    )
    .bind(now.millis())
    .bind(user.to_string())
    .bind(except.map(|family| family.to_string()))
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected())
}

/// Deletes the families of a person in which every token has expired. No answer depends on them.
pub(crate) async fn forget_dead_of(
    connection: &mut SqliteConnection,
    user: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM families WHERE user_id = ? AND NOT EXISTS
         (SELECT 1 FROM refresh_tokens WHERE family_id = families.id AND expires_at > ?)",
    )
    .bind(user.to_string())
    .bind(now.millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// The same for everybody. It checks all families.
pub(crate) async fn forget_all_dead(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM families WHERE NOT EXISTS
         (SELECT 1 FROM refresh_tokens WHERE family_id = families.id AND expires_at > ?)",
    )
    .bind(now.millis())
    .execute(connection)
    .await?;
    Ok(())
}
