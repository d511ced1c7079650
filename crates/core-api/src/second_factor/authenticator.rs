//! The authenticator app of a person: its secret, and which of its codes were used.

use std::time::Duration;

use sqlx::{Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};
use totp_rs::{Builder, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::tries::Tries;
use crate::{error::InternalError, keys::Keys, timestamp::Timestamp};

/// RFC 4226, section 4: 160 bits are recommended.
pub(super) const SECRET_BYTES: usize = 20;

/// The secret that a person enters in their app.
pub(super) struct AppSecret(pub(super) Zeroizing<[u8; SECRET_BYTES]>);

impl AppSecret {
    /// The parameters that every app knows (RFC 6238: SHA-1, six digits, 30 seconds). `issuer` and `account` name the entry
    /// in the app.
    pub(super) fn totp(&self, issuer: &str, account: &str) -> Result<Totp, InternalError> {
        // A colon separates the two.
        let plain = |text: &str| text.replace(':', " ");
        let builder = Builder::new().with_secret(self.0.to_vec()).with_account_name(plain(account));
        Ok(builder.with_issuer(Some(plain(issuer))).build()?)
    }
}

/// An app as it is stored.
pub(super) struct Authenticator {
    pub(super) secret: AppSecret,
    pub(super) enabled_at: Option<Timestamp>,
    pub(super) tries: Tries,
    last_step: Option<i64>,
}

impl Authenticator {
    /// The step of this code, if it is right and was not used before.
    pub(super) fn accepted_step(&self, code: &str, now: Timestamp) -> Result<Option<i64>, InternalError> {
        let secs = u64::try_from(now.whole_secs()).unwrap_or_default();
        let step =
            self.secret.totp("", "nobody")?.check(code, secs).and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| self.last_step.is_none_or(|last| *step > last)))
    }
}

pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    keys: &Keys,
    user: Uuid,
) -> Result<Option<Authenticator>, InternalError> {
    let row = sqlx::query("SELECT * FROM authenticators WHERE user_id = ?").bind(user.to_string());
    let row = row.fetch_optional(executor).await?;
    row.map(|row| read(&row, keys, user)).transpose()
}

fn read(row: &SqliteRow, keys: &Keys, user: Uuid) -> Result<Authenticator, InternalError> {
    let moment =
        |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis));
    let secret = keys.unseal_authenticator(user, row.try_get("secret")?).ok_or(InternalError::Unsealable)?;
    Ok(Authenticator {
        secret: AppSecret(secret),
        enabled_at: moment("enabled_at")?,
        last_step: row.try_get("last_step")?,
        tries: Tries { failures: row.try_get("failures")?, failed_at: moment("failed_at")? },
    })
}

/// Whether the person signs in with a second step.
pub(crate) async fn is_enabled(executor: impl SqliteExecutor<'_>, user: Uuid) -> sqlx::Result<bool> {
    Ok(enabled_at(executor, user).await?.is_some())
}

/// Since when the person signs in with a second step, if they do. It takes no key.
pub(super) async fn enabled_at(
    executor: impl SqliteExecutor<'_>,
    user: Uuid,
) -> sqlx::Result<Option<Timestamp>> {
    let millis: Option<Option<i64>> =
        sqlx::query_scalar("SELECT enabled_at FROM authenticators WHERE user_id = ?")
            .bind(user.to_string())
            .fetch_optional(executor)
            .await?;
    Ok(millis.flatten().map(Timestamp::from_millis))
}

/// Stores an app whose first code is awaited, in place of another such one.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    user: Uuid,
    sealed: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("INSERT OR REPLACE INTO authenticators (user_id, secret) VALUES (?, ?)")
        .bind(user.to_string())
        .bind(sealed)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn enable(
    connection: &mut SqliteConnection,
    user: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE authenticators SET enabled_at = ? WHERE user_id = ?")
        .bind(now.millis())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes the step of an accepted code. Earlier wrong ones are forgotten.
pub(super) async fn accept(connection: &mut SqliteConnection, user: Uuid, step: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE authenticators SET last_step = ?, failures = 0, failed_at = NULL WHERE user_id = ?")
        .bind(step)
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn count_failure(
    connection: &mut SqliteConnection,
    user: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE authenticators SET failures = failures + 1, failed_at = ? WHERE user_id = ?")
        .bind(now.millis())
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn forget(connection: &mut SqliteConnection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM authenticators WHERE user_id = ?")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets an app, unless it was enabled so long before this moment. Returns whether the person had an enabled one that
/// is forgotten now.
///
/// SECURITY: whoever takes an account over enables an app of their own, before or after they change the address. An app that
/// the person was told about so long ago, and that they left alone, is theirs.
pub(crate) async fn forget_unless_settled(
    connection: &mut SqliteConnection,
    user: Uuid,
    before: Timestamp,
    settled_after: Duration,
) -> sqlx::Result<bool> {
    let was_enabled: Option<bool> = sqlx::query_scalar(
        "DELETE FROM authenticators WHERE user_id = ? AND (enabled_at IS NULL OR enabled_at > ?)
         RETURNING enabled_at IS NOT NULL",
    )
    .bind(user.to_string())
    .bind(before.minus(settled_after).millis())
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM recovery_codes WHERE user_id = ?1
         AND NOT EXISTS (SELECT 1 FROM authenticators WHERE user_id = ?1)",
    )
    .bind(user.to_string())
    .execute(connection)
    .await?;
    Ok(was_enabled.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_codes_are_those_of_rfc_6238() {
        // Appendix B, for SHA-1: the last six of the eight digits.
        let secret = AppSecret(Zeroizing::new(*b"12345678901234567890"));
        let totp = secret.totp("An: app", "a:b@test.com").unwrap();
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(totp.generate(secs).to_string(), code, "{secs}");
        }
        let expected = "otpauth://totp/An%20%20app:a%20b%40test.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=An%20%20app";
        assert_eq!(totp.to_url().unwrap(), expected);
    }
}
