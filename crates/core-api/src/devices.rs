//! The browsers in which a person has signed in, and the e-mail about a new one.

use std::time::Duration;

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    mail::Topic,
    mail_jobs::{self, MailKind, Notice, Promise},
    timestamp::Timestamp,
    users::User,
};

/// After a longer absence, a browser is new again.
const KNOWN_FOR: Duration = Duration::from_hours(180 * 24);

/// How many browsers of one person are known. The one that was away longest is forgotten first.
const MAX_DEVICES: u32 = 50;

/// How many e-mails about new browsers one person gets in [`MAIL_WINDOW`]. Whoever has the password and many browsers
/// must not fill the mailbox.
const MAX_MAILS: i64 = 3;
const MAIL_WINDOW: Duration = Duration::from_hours(24);

impl CoreApi {
    /// Notes a sign-in: the event, the browser, and an e-mail if the browser is new. Returns the e-mail to send after
    /// the commit.
    ///
    /// The first sign-in of an account is expected, and an address that was never verified may be somebody else's. Both
    /// cause no e-mail.
    pub(crate) async fn note_sign_in(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> sqlx::Result<Option<Uuid>> {
        activity::record(connection, user.id, EventKind::SignedIn, client, now).await?;
        let is_known = remember(connection, user.id, client, now).await?;
        if is_first(connection, user.id, now).await? || is_known || !user.roles.verified {
            return Ok(None);
        }
        if !may_mail(connection, user.id, now).await? {
            return Ok(None);
        }
        let notice = Notice::of(client.clone());
        let promise = Promise {
            kind: MailKind::About(Topic::NewSignIn),
            email: &user.email,
            user: None,
            notice: Some(notice),
        };
        Ok(Some(mail_jobs::promise(self, connection, promise).await?))
    }
}

/// Forgets every browser of a person, so that the next sign-in is from a new one.
pub(crate) async fn forget_all_of(connection: &mut SqliteConnection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM devices WHERE user_id = ?").bind(user.to_string()).execute(connection).await?;
    Ok(())
}

/// Returns whether the browser was known.
async fn remember(
    connection: &mut SqliteConnection,
    user: Uuid,
    client: &Client,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let (user, device) = (user.to_string(), client.device());
    sqlx::query("DELETE FROM devices WHERE user_id = ? AND seen_at <= ?")
        .bind(&user)
        .bind(now.minus(KNOWN_FOR).millis())
        .execute(&mut *connection)
        .await?;
    let known = sqlx::query("UPDATE devices SET seen_at = ? WHERE user_id = ? AND hash = ?")
        .bind(now.millis())
        .bind(&user)
        .bind(&device[..])
        .execute(&mut *connection)
        .await?;
    if known.rows_affected() > 0 {
        return Ok(true);
    }
    sqlx::query("INSERT INTO devices (user_id, hash, seen_at) VALUES (?, ?, ?)")
        .bind(&user)
        .bind(&device[..])
        .bind(now.millis())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "DELETE FROM devices WHERE user_id = ?1 AND hash IN (SELECT hash FROM devices WHERE user_id = ?1
         ORDER BY seen_at DESC, hash LIMIT -1 OFFSET ?2)",
    )
    .bind(&user)
    .bind(MAX_DEVICES)
    .execute(connection)
    .await?;
    Ok(false)
}

async fn is_first(connection: &mut SqliteConnection, user: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    let first =
        sqlx::query("INSERT INTO sign_ins (user_id, mailed_since) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(user.to_string())
            .bind(now.millis())
            .execute(connection)
            .await?;
    Ok(first.rows_affected() > 0)
}

/// Counts one more e-mail, if there is room for it. A clock that was set back begins a new window.
async fn may_mail(connection: &mut SqliteConnection, user: Uuid, now: Timestamp) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT mailed, mailed_since FROM sign_ins WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let (mailed, since): (i64, _) = (row.try_get(0)?, Timestamp::from_millis(row.try_get(1)?));
    let is_over = since > now || since.plus(MAIL_WINDOW) <= now;
    let (mailed, since) = if is_over { (0, now) } else { (mailed, since) };
    if mailed >= MAX_MAILS {
        return Ok(false);
    }
    sqlx::query("UPDATE sign_ins SET mailed = ?, mailed_since = ? WHERE user_id = ?")
        .bind(mailed + 1)
        .bind(since.millis())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(true)
}
