//! What happened to an account, kept for its own person.
//!
//! # Security
//!
//! Nobody can make an event disappear by causing others. Each kind has its own bound, and the newest changes of each kind
//! are shown whatever came after them.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use sqlx::{FromRow, Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{client::Client, timestamp::Timestamp};

/// How long an event is kept.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// How many events of one kind of change one person has at most.
const MAX_CHANGES: u32 = 200;

/// The same for a kind that whoever has the password can cause at will.
const MAX_AT_WILL: u32 = 60;

/// The same for a kind that strangers can cause.
const MAX_OF_STRANGERS: u32 = 20;

/// Of each kind of change, one in so many places of a list is for the newest: 4 of 50.
const PLACES_PER_CHANGE: u32 = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    SignedIn,
    SignInFailed,
    SignedOut,
    PasswordChanged,
    EmailChangeRequested,
    EmailChanged,
    EmailRestored,
    EmailVerified,
    PasswordResetRequested,
    SignInLinkRequested,
    /// A spent refresh token was presented again, so its family ended.
    TokenReused,
    /// Every other session was ended on request.
    OtherSessionsEnded,
    SecondFactorEnabled,
    SecondFactorDisabled,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
    PasskeyAdded,
    PasskeyRemoved,
    /// A passkey was perhaps copied.
    PasskeyBlocked,
}

impl EventKind {
    /// What changes an account.
    const CHANGES: [Self; 12] = [
        Self::PasswordChanged,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::EmailRestored,
        Self::EmailVerified,
        Self::SecondFactorEnabled,
        Self::SecondFactorDisabled,
        Self::RecoveryCodesReplaced,
        Self::RecoveryCodeUsed,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::PasskeyBlocked,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "SIGNED_IN",
            Self::SignInFailed => "SIGN_IN_FAILED",
            Self::SignedOut => "SIGNED_OUT",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::EmailChangeRequested => "EMAIL_CHANGE_REQUESTED",
            Self::EmailChanged => "EMAIL_CHANGED",
            Self::EmailRestored => "EMAIL_RESTORED",
            Self::EmailVerified => "EMAIL_VERIFIED",
            Self::PasswordResetRequested => "PASSWORD_RESET_REQUESTED",
            Self::SignInLinkRequested => "SIGN_IN_LINK_REQUESTED",
            Self::TokenReused => "TOKEN_REUSED",
            Self::OtherSessionsEnded => "OTHER_SESSIONS_ENDED",
            Self::SecondFactorEnabled => "SECOND_FACTOR_ENABLED",
            Self::SecondFactorDisabled => "SECOND_FACTOR_DISABLED",
            Self::RecoveryCodesReplaced => "RECOVERY_CODES_REPLACED",
            Self::RecoveryCodeUsed => "RECOVERY_CODE_USED",
            Self::PasskeyAdded => "PASSKEY_ADDED",
            Self::PasskeyRemoved => "PASSKEY_REMOVED",
            Self::PasskeyBlocked => "PASSKEY_BLOCKED",
        }
    }

    /// How many events of this kind one person has at most.
    fn bound(self) -> u32 {
        match self {
            Self::SignInFailed | Self::PasswordResetRequested | Self::SignInLinkRequested => MAX_OF_STRANGERS,
            change if Self::CHANGES.contains(&change) => MAX_CHANGES,
            _ => MAX_AT_WILL,
        }
    }
}

/// An event as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    #[serde(rename = "type")]
    kind: String,
    created_at: Timestamp,
    browser: Option<String>,
    address: Option<String>,
    by_administrator: bool,
}

impl FromRow<'_, SqliteRow> for Event {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            kind: row.try_get("kind")?,
            created_at: Timestamp::from_millis(row.try_get("at")?),
            browser: row.try_get("browser")?,
            address: row.try_get("address")?,
            by_administrator: row.try_get("by_administrator")?,
        })
    }
}

/// Records an event that was perhaps recorded before, by an earlier try.
pub(crate) async fn record_once(
    connection: &mut SqliteConnection,
    user: Uuid,
    kind: EventKind,
    client: &Client,
    at: Timestamp,
) -> sqlx::Result<()> {
    let is_recorded: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM events WHERE user_id = ? AND kind = ? AND at = ?)")
            .bind(user.to_string())
            .bind(kind.name())
            .bind(at.millis())
            .fetch_one(&mut *connection)
            .await?;
    if is_recorded { Ok(()) } else { record(connection, user, kind, client, at).await }
}

/// Records an event, and forgets old ones.
pub(crate) async fn record(
    connection: &mut SqliteConnection,
    user: Uuid,
    kind: EventKind,
    client: &Client,
    at: Timestamp,
) -> sqlx::Result<()> {
    record_within(connection, user, kind, client, at, kind.bound()).await
}

/// Records a refused sign-in, if anybody has the address.
///
/// # Security
///
/// If nobody has, it writes the same, and leaves nothing. Otherwise, whoever writes next could tell from the time that
/// nothing was recorded.
pub(crate) async fn record_refusal(
    connection: &mut SqliteConnection,
    user: Option<Uuid>,
    client: &Client,
    at: Timestamp,
) -> sqlx::Result<()> {
    // Nobody has the nil identifier, and SQLite need not know before the commit, when no event has it either.
    sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut *connection).await?;
    let kind = EventKind::SignInFailed;
    let bound = if user.is_some() { kind.bound() } else { 0 };
    record_within(connection, user.unwrap_or_default(), kind, client, at, bound).await
}

/// Records an event, and keeps so many of its kind.
async fn record_within(
    connection: &mut SqliteConnection,
    user: Uuid,
    kind: EventKind,
    client: &Client,
    at: Timestamp,
    bound: u32,
) -> sqlx::Result<()> {
    forget_old(connection, at).await?;
    sqlx::query(
        "INSERT INTO events (user_id, kind, at, browser, address, by_administrator) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(user.to_string())
    .bind(kind.name())
    .bind(at.millis())
    .bind(client.browser.as_deref())
    .bind(client.address.map(|address| address.to_string()))
    .bind(client.is_administrator)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE user_id = ? AND kind = ?
         ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)",
    )
    .bind(user.to_string())
    .bind(kind.name())
    .bind(bound)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes everybody's events that are older than they are kept.
pub(crate) async fn forget_old(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM events WHERE at <= ?")
        .bind(now.minus(KEPT_FOR).millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest events of a person, newest first. If there is room for many, the newest changes of each kind are among
/// them, even if they are older than all others.
pub(crate) async fn newest(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as(
        "SELECT * FROM (
             SELECT *, row_number() OVER (PARTITION BY kind ORDER BY at DESC, id DESC) AS place
             FROM events WHERE user_id = ?1 AND at > ?2
             ORDER BY place <= ?4 AND kind IN (SELECT value FROM json_each(?5)) DESC, at DESC, id DESC LIMIT ?3
         ) ORDER BY at DESC, id DESC",
    )
    .bind(user.to_string())
    .bind(now.minus(KEPT_FOR).millis())
    .bind(limit)
    .bind(limit / PLACES_PER_CHANGE)
    .bind(json!(EventKind::CHANGES.map(EventKind::name)).to_string())
    .fetch_all(executor)
    .await
}
