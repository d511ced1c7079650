//! The way back to an address that was replaced.
//!
//! # The attack
//!
//! Somebody who can use an account changes its address, then its password, then perhaps the address again. Every address
//! that was replaced gets a link which is good for seven days. Using it
//!
//! - gives the account this address again, whatever address it has by then,
//! - makes the links to all later addresses useless, which are the attacker's,
//! - ends every session, refuses the access tokens that are still about, and forgets the password, which only a link in an
//!   e-mail to the restored address sets again,
//! - takes back a change of address that waits for its verification,
//! - disables an authenticator app, unless it was enabled seven days before the change, when the person was told and let it
//!   be. Otherwise it may be the attacker's, and would keep its owner out,
//! - removes passkeys that were added since then, likewise.
//!
//! Until then, nobody else can register the replaced address or change to it. A link that the attacker gets, to one of the
//! later addresses, restores that one, but leaves the links to all earlier ones.
//!
//! Somebody who has the password of an account without a second step sets up an authenticator app of their own instead.
//! Or they add a passkey. So the e-mails about both have such a link, too. It does the same, whether or not the address was changed since.
//! Nobody is kept from registering an address by it.
//!
//! An address that was never verified gets no link: it may be a stranger's.
//!
//! # The same answer again
//!
//! A client that lost the answer may ask again with the same token, for ten minutes. Nothing is done twice. A token whose
//! address the account no longer has gets no answer.
//!
//! # A deleted account
//!
//! It cannot be taken back. Its replaced addresses are told, and stay reserved until their seven days are
//! over.

use std::time::Duration;

use serde::Serialize;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    config::ADDRESS_RESTORABLE_FOR,
    devices,
    error::ApiError,
    families,
    mail::Topic,
    mail_jobs::{self, MailKind, Notice, OneTimeLink, Promise},
    passkeys::stored,
    second_factor::{authenticator, challenges},
    timestamp::Timestamp,
    tokens::RefreshToken,
    users::{self, User},
};

/// How long after its use the same token gets the same answer.
const REPEATABLE_FOR: Duration = Duration::from_mins(10);

/// An address whose link still counts.
struct Replaced {
    number: i64,
    user: Uuid,
    email: String,
    changed_at: Timestamp,
    /// Whether the account was given back to it already.
    is_restored: bool,
}

/// What somebody may want to be undone.
#[derive(Clone, Copy)]
enum Deed {
    /// The address was replaced.
    ChangeOfAddress,
    /// An authenticator app was set up.
    NewApp,
    /// A passkey was added.
    NewPasskey,
}

impl Deed {
    const fn topic(self) -> Topic {
        match self {
            Self::ChangeOfAddress => Topic::AddressChanged,
            Self::NewApp => Topic::SecondFactorEnabled,
            Self::NewPasskey => Topic::PasskeyAdded,
        }
    }
}

/// What a restoration has done, for those who are told.
struct Done<'a> {
    user: &'a User,
    /// The address that the account had until now. It may be the same.
    replaced: &'a str,
    is_app_removed: bool,
    are_passkeys_removed: bool,
}

/// An account that has its address again.
#[derive(Debug, Serialize)]
pub(crate) struct Restored {
    /// The identifier of the account.
    pub(crate) id: Uuid,
    email: String,
}

impl CoreApi {
    /// Notes that an address was replaced, and records the e-mail with the way back to it.
    pub(crate) async fn offer_restoration(
        &self,
        connection: &mut SqliteConnection,
        user: Uuid,
        old_email: &str,
        client: &Client,
    ) -> sqlx::Result<Uuid> {
        self.offer(connection, Deed::ChangeOfAddress, user, old_email, client).await
    }

    /// Records the e-mail about a new authenticator app, with the way back for whoever has not set it up.
    pub(crate) async fn tell_of_app(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        client: &Client,
    ) -> sqlx::Result<Option<Uuid>> {
        self.offer_unless_unverified(connection, Deed::NewApp, user, client).await
    }

    /// The same about a new passkey.
    pub(crate) async fn tell_of_passkey(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        client: &Client,
    ) -> sqlx::Result<Option<Uuid>> {
        self.offer_unless_unverified(connection, Deed::NewPasskey, user, client).await
    }

    async fn offer_unless_unverified(
        &self,
        connection: &mut SqliteConnection,
        deed: Deed,
        user: &User,
        client: &Client,
    ) -> sqlx::Result<Option<Uuid>> {
        // SECURITY: an address that was never verified may be a stranger's, who must not get the account.
        if !user.roles.verified {
            return Ok(None);
        }
        self.offer(connection, deed, user.id, &user.email, client).await.map(Some)
    }

    async fn offer(
        &self,
        connection: &mut SqliteConnection,
        deed: Deed,
        user: Uuid,
        email: &str,
        client: &Client,
    ) -> sqlx::Result<Uuid> {
        let (change, now) = (self.new_id(), self.now());
        forget_old(connection, now).await?;
        sqlx::query(
            "INSERT INTO address_changes (id, user_id, old_email, token_hash, changed_at, is_change, moved_before_at)
             VALUES (?, ?, ?, ?, ?, ?, (SELECT moved_at FROM users WHERE id = ?))",
        )
        .bind(change.to_string())
        .bind(user.to_string())
        .bind(email)
        .bind(&self.restoration_token(change).hash()[..])
        .bind(now.millis())
        .bind(matches!(deed, Deed::ChangeOfAddress))
        .bind(user.to_string())
        .execute(&mut *connection)
        .await?;
        let notice = Some(Notice { change: Some(change), ..Notice::of(client.clone()) });
        let promise = Promise { kind: MailKind::About(deed.topic()), email, user: None, notice };
        mail_jobs::promise(self, connection, promise).await
    }

    /// Records the e-mails that tell the addresses which an account had lately that it is deleted now. They have no way
    /// back.
    pub(crate) async fn tell_replaced_addresses(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        client: &Client,
    ) -> sqlx::Result<Vec<Uuid>> {
        let emails: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT old_email FROM address_changes
             WHERE user_id = ? AND old_email != ? AND changed_at > ? AND restored_at IS NULL AND is_change",
        )
        .bind(user.id.to_string())
        .bind(&user.email)
        .bind(self.now().minus(ADDRESS_RESTORABLE_FOR).millis())
        .fetch_all(&mut *connection)
        .await?;
        let mut jobs = Vec::new();
        for email in emails {
            let kind = MailKind::About(Topic::FormerAccountDeleted);
            let notice = Some(Notice::of(client.clone()));
            let promise = Promise { kind, email: &email, user: None, notice };
            jobs.push(mail_jobs::promise(self, connection, promise).await?);
        }
        Ok(jobs)
    }

    /// The token in the link. It is derived, so each try to send the e-mail has the same one, and reading the database
    /// reveals none.
    pub(crate) fn restoration_token(&self, change: Uuid) -> RefreshToken {
        let bytes = self.keys().restoration(change.as_bytes());
        RefreshToken::from_bytes(bytes, self.config().token_mark.as_deref())
    }

    /// Gives an account back to the address whose link this is, once. For a while after that, it has the same answer.
    pub(crate) async fn restore_address(&self, token: &str, client: &Client) -> Result<Restored, ApiError> {
        let now = self.now();
        let mut transaction = self.database().write().await?;
        let found = find(&mut transaction, token, now).await?.ok_or(ApiError::InvalidToken)?;
        let Replaced { number, user: id, email: old_email, changed_at, is_restored } = found;
        let mut user = users::by_id(&mut *transaction, id).await?.ok_or(ApiError::InvalidToken)?;
        if is_restored {
            let is_still_true = user.email == old_email;
            return if is_still_true {
                Ok(Restored { id, email: old_email })
            } else {
                Err(ApiError::InvalidToken)
            };
        }
        // Nobody could take it since, but somebody may have had it waiting for verification before.
        if users::is_taken(&mut *transaction, &old_email, Some(id), now).await? {
            return Err(ApiError::InvalidToken);
        }
        let replaced = std::mem::replace(&mut user.email, old_email);
        user.unverified_email = None;
        user.roles.verified = true;
        user.note_change(now);
        users::update(&mut transaction, &user).await?;
        users::shut_out(&mut transaction, id, now).await?;
        let revoked = families::revoke_all_of(&mut transaction, id, None, now).await?;
        devices::forget_all_of(&mut transaction, id).await?;
        challenges::forget_all_of(&mut transaction, id).await?;
        let settled_after = ADDRESS_RESTORABLE_FOR;
        let is_app_removed =
            authenticator::forget_unless_settled(&mut transaction, id, changed_at, settled_after).await?;
        let passkeys = stored::forget_unless_settled(&mut transaction, id, changed_at, settled_after).await?;
        mark_restored(&mut transaction, id, number, now).await?;
        activity::record(&mut transaction, id, EventKind::EmailRestored, client, now).await?;
        if is_app_removed {
            activity::record(&mut transaction, id, EventKind::SecondFactorDisabled, client, now).await?;
        }
        let are_passkeys_removed = passkeys > 0;
        if are_passkeys_removed {
            activity::record(&mut transaction, id, EventKind::PasskeyRemoved, client, now).await?;
        }
        let done = Done { user: &user, replaced: &replaced, is_app_removed, are_passkeys_removed };
        let jobs = self.tell_of_restoration(&mut transaction, &done, client).await?;
        transaction.commit().await?;
        self.counters().families_revoked.add(revoked);
        for job in jobs {
            self.send_in_background(job);
        }
        Ok(Restored { id, email: user.email })
    }

    /// Records the e-mails about a restoration, and the one with the link to set a password.
    async fn tell_of_restoration(
        &self,
        connection: &mut SqliteConnection,
        done: &Done<'_>,
        client: &Client,
    ) -> sqlx::Result<Vec<Uuid>> {
        let Done { user, replaced, is_app_removed, are_passkeys_removed } = *done;
        let mut jobs = Vec::new();
        if is_app_removed {
            jobs.extend(self.tell(connection, Topic::SecondFactorDisabled, user, client).await?);
        }
        if are_passkeys_removed {
            jobs.extend(self.tell(connection, Topic::PasskeyRemoved, user, client).await?);
        }
        let kind = MailKind::OneTimeLink(OneTimeLink::PasswordReset);
        let reset = Promise { kind, email: &user.email, user: None, notice: None };
        jobs.push(mail_jobs::promise(self, connection, reset).await?);
        if replaced != user.email {
            let topic =
                if is_app_removed { Topic::AddressRestoredAppRemoved } else { Topic::AddressRestored };
            // Without a way back: it may be the attacker's.
            let notice = Some(Notice::of(client.clone()));
            let told = Promise { kind: MailKind::About(topic), email: replaced, user: None, notice };
            jobs.push(mail_jobs::promise(self, connection, told).await?);
        }
        Ok(jobs)
    }
}

async fn find(
    connection: &mut SqliteConnection,
    token: &str,
    now: Timestamp,
) -> sqlx::Result<Option<Replaced>> {
    let row = sqlx::query(
        "SELECT number, user_id, old_email, changed_at, restored_at FROM address_changes
         WHERE token_hash = ? AND CASE WHEN restored_at IS NULL THEN changed_at > ? ELSE restored_at > ? END",
    )
    .bind(&RefreshToken::presented(token).hash()[..])
    .bind(now.minus(ADDRESS_RESTORABLE_FOR).millis())
    .bind(now.minus(REPEATABLE_FOR).millis())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Replaced {
            number: row.try_get("number")?,
            user: users::uuid(&row, "user_id")?,
            email: row.try_get("old_email")?,
            changed_at: Timestamp::from_millis(row.try_get("changed_at")?),
            is_restored: row.try_get::<Option<i64>, _>("restored_at")?.is_some(),
        })
    })
    .transpose()
}

/// Notes that an address was taken back, with the time at which the account had got it, and makes the links to all later ones useless.
async fn mark_restored(
    connection: &mut SqliteConnection,
    user: Uuid,
    number: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM address_changes WHERE user_id = ? AND number > ?")
        .bind(user.to_string())
        .bind(number)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE users SET moved_at = (SELECT moved_before_at FROM address_changes WHERE number = ?) WHERE id = ?",
    )
    .bind(number)
    .bind(user.to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE address_changes SET restored_at = ? WHERE number = ?")
        .bind(now.millis())
        .bind(number)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the replaced addresses that can no longer be taken back.
pub(crate) async fn forget_old(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM address_changes
         WHERE CASE WHEN restored_at IS NULL THEN changed_at <= ? ELSE restored_at <= ? END",
    )
    .bind(now.minus(ADDRESS_RESTORABLE_FOR).millis())
    .bind(now.minus(REPEATABLE_FOR).millis())
    .execute(connection)
    .await?;
    Ok(())
}
