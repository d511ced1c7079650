//! An e-mail is recorded in the transaction that it belongs to and sent after it. So a crash loses none, and a slow
//! mail server delays nobody. An e-mail that is not accepted is tried again, after increasing waits and at the next
//! start.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::{
    CoreApi,
    email::Email,
    error::InternalError,
    families,
    mail::{MailError, Message},
    timestamp::Timestamp,
    tokens::{self, EmailVerificationClaims},
    users,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailKind {
    EmailVerification,
    PasswordReset,
}

impl MailKind {
    fn name(self) -> &'static str {
        match self {
            Self::EmailVerification => "EMAIL_VERIFICATION",
            Self::PasswordReset => "PASSWORD_RESET",
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Internal(#[from] InternalError),
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl JobError {
    fn is_final(&self) -> bool {
        matches!(self, Self::Mail(error) if error.is_final())
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Records that this e-mail is to be sent. [`CoreApi::send_in_background`] sends it after the commit.
pub(crate) async fn promise(
    api: &CoreApi,
    connection: &mut SqliteConnection,
    kind: MailKind,
    email: &str,
    user: Option<Uuid>,
) -> sqlx::Result<Uuid> {
    let job = api.new_id();
    sqlx::query("INSERT INTO mail_jobs (id, kind, email, user_id, created_at) VALUES (?, ?, ?, ?, ?)")
        .bind(job.to_string())
        .bind(kind.name())
        .bind(email)
        .bind(user.map(|user| user.to_string()))
        .bind(api.now().millis())
        .execute(connection)
        .await?;
    Ok(job)
}

impl CoreApi {
    pub(crate) fn send_in_background(&self, job: Uuid) {
        self.try_in_background(job, 0);
    }

    fn try_in_background(&self, job: Uuid, failures_before: u32) {
        let api = self.clone();
        self.background().spawn(async move {
            if let Err(error) = api.send(job).await {
                api.after_failure(job, failures_before + 1, &error).await;
            }
        });
    }

    async fn after_failure(&self, job: Uuid, failures: u32, error: &JobError) {
        let retries = self.config().mail_retries;
        match self.give_up_before(job, self.now().minus(retries.give_up_after)).await {
            Ok(true) => {
                return tracing::error!(%error, %job, "an e-mail was not sent in time and is given up");
            }
            Ok(false) => {}
            Err(cause) => tracing::error!(%cause, %job, "an e-mail that was not sent cannot be looked up"),
        }
        if error.is_final() {
            return tracing::error!(%error, %job, "an e-mail was refused; the next start tries again");
        }
        let wait = retries.wait(failures);
        tracing::warn!(%error, %job, failures, ?wait, "an e-mail was not sent; the core API tries again");
        self.later(wait, move |api| api.try_in_background(job, failures));
    }

    /// Deletes this e-mail if it was recorded before then, and returns whether it did.
    async fn give_up_before(&self, job: Uuid, then: Timestamp) -> sqlx::Result<bool> {
        let mut transaction = self.database().write().await?;
        let given_up = sqlx::query("DELETE FROM mail_jobs WHERE id = ? AND created_at <= ?")
            .bind(job.to_string())
            .bind(then.millis())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(given_up.rows_affected() > 0)
    }

    /// Sends the e-mails that were recorded before the last stop.
    pub(crate) async fn send_unsent(&self) -> sqlx::Result<()> {
        let jobs = sqlx::query("SELECT id FROM mail_jobs ORDER BY created_at")
            .fetch_all(self.database().read())
            .await?;
        for row in jobs {
            self.send_in_background(users::uuid(&row, "id")?);
        }
        Ok(())
    }

    async fn send(&self, job: Uuid) -> Result<(), JobError> {
        let row = sqlx::query("SELECT kind, email, user_id FROM mail_jobs WHERE id = ?")
            .bind(job.to_string())
            .fetch_optional(self.database().read())
            .await?;
        // Deleted together with its user.
        let Some(row) = row else { return Ok(()) };
        let email: String = row.try_get("email")?;
        let message = if row.try_get::<&str, _>("kind")? == MailKind::PasswordReset.name() {
            self.password_reset(&email).await?
        } else {
            Some(self.email_verification(users::uuid(&row, "user_id")?, &email)?)
        };
        if let Some(message) = message {
            self.mailer().send(message).await?;
        }
        let mut transaction = self.database().write().await?;
        sqlx::query("DELETE FROM mail_jobs WHERE id = ?")
            .bind(job.to_string())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    fn email_verification(&self, user: Uuid, email: &str) -> Result<Message, InternalError> {
        let now = self.now();
        let claims = EmailVerificationClaims {
            sub: user,
            email: email.to_owned(),
            iat: now.whole_secs(),
            exp: now.plus(self.config().verification_link_ttl).whole_secs(),
            mark: self.config().token_mark.clone(),
        };
        let token = self.keys().sign(tokens::EMAIL_VERIFICATION, &claims)?;
        Ok(Message::email_verification(self.config(), email, &token))
    }

    /// Starts a family with a one-time token. Does nothing for an unknown address.
    async fn password_reset(&self, email: &str) -> Result<Option<Message>, JobError> {
        let Some(email) = Email::parse(email) else {
            return Ok(None);
        };
        let (now, family, token) = (self.now(), self.new_id(), self.new_refresh_token());
        let mut transaction = self.database().write().await?;
        let Some(known) = users::credentials(&mut *transaction, &email).await? else {
            return Ok(None);
        };
        let expires_at = now.plus(self.config().reset_link_ttl);
        // A link that is sent repeatedly must not accumulate families.
        families::forget_dead_of(&mut transaction, known.user.id, now).await?;
        families::start(&mut transaction, family, known.user.id, now).await?;
        families::add_token(&mut transaction, family, &token.hash(), expires_at).await?;
        transaction.commit().await?;
        Ok(Some(Message::password_reset(self.config(), &known.user.email, &token)))
    }
}
