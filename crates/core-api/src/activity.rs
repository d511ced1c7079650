//! What happened to an account, kept for its own person.

use std::time::Duration;

use serde::Serialize;
use sqlx::{FromRow, Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{client::Client, timestamp::Timestamp};

/// How long an event is kept.
const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// How many events of one person are kept.
const MAX_EVENTS: u32 = 200;

/// How many of a kind that strangers can cause are kept. They must not push out the others.
const MAX_OF_STRANGERS: u32 = 20;

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
    /// A spent refresh token was presented again, so its family ended.
    TokenReused,
    /// Every other session was ended on request.
    OtherSessionsEnded,
}

impl EventKind {
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
            Self::TokenReused => "TOKEN_REUSED",
            Self::OtherSessionsEnded => "OTHER_SESSIONS_ENDED",
        }
    }

    const fn is_by_strangers(self) -> bool {
        matches!(self, Self::SignInFailed | Self::PasswordResetRequested)
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
    if kind.is_by_strangers() {
        keep_newest(&mut *connection, user, Some(kind), MAX_OF_STRANGERS).await?;
    }
    keep_newest(connection, user, None, MAX_EVENTS).await
}

async fn keep_newest(
    connection: &mut SqliteConnection,
    user: Uuid,
    kind: Option<EventKind>,
    most: u32,
) -> sqlx::Result<()> {
    let user = user.to_string();
    let kind = kind.map(EventKind::name);
    sqlx::query(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE user_id = ?1 AND (?2 IS NULL OR kind = ?2)
         ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?3)",
    )
    .bind(user)
    .bind(kind)
    .bind(most)
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

/// The newest events of a person, newest first.
pub(crate) async fn newest(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
    now: Timestamp,
    limit: u32,
) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as("SELECT * FROM events WHERE user_id = ? AND at > ? ORDER BY at DESC, id DESC LIMIT ?")
        .bind(user.to_string())
        .bind(now.minus(KEPT_FOR).millis())
        .bind(limit)
        .fetch_all(executor)
        .await
}
