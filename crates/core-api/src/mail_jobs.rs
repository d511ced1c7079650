//! An e-mail is recorded in the transaction that it belongs to and sent after it. So a crash loses none, and a slow
//! mail server delays nobody. An e-mail that is not accepted is tried again, after increasing waits and at the next
//! start.

use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    email::Email,
    error::InternalError,
    families::{self, Origin},
    mail::{Happening, MailError, Message, Topic},
    passkeys::stored,
    timestamp::Timestamp,
    tokens::{self, EmailVerificationClaims},
    users,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailKind {
    EmailVerification,
    OneTimeLink(OneTimeLink),
    /// Something has happened to the account.
    About(Topic),
}

/// A link with a one-time token that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OneTimeLink {
    /// To set a new password after that.
    PasswordReset,
    /// For nothing else.
    SignIn,
}

impl OneTimeLink {
    const fn event(self) -> EventKind {
        match self {
            Self::PasswordReset => EventKind::PasswordResetRequested,
            Self::SignIn => EventKind::SignInLinkRequested,
        }
    }
}

impl MailKind {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "EMAIL_VERIFICATION" => Some(Self::EmailVerification),
            "PASSWORD_RESET" => Some(Self::OneTimeLink(OneTimeLink::PasswordReset)),
            "SIGN_IN_LINK" => Some(Self::OneTimeLink(OneTimeLink::SignIn)),
            other => Topic::parse(other).map(Self::About),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::EmailVerification => "EMAIL_VERIFICATION",
            Self::OneTimeLink(OneTimeLink::PasswordReset) => "PASSWORD_RESET",
            Self::OneTimeLink(OneTimeLink::SignIn) => "SIGN_IN_LINK",
            Self::About(topic) => topic.name(),
        }
    }
}

/// Who caused an e-mail. It is stored as JSON until the e-mail is sent.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) client: Client,
    /// The change of address that the e-mail leads back from.
    pub(crate) change: Option<Uuid>,
}

impl Notice {
    pub(crate) const fn of(client: Client) -> Self {
        Self { client, change: None }
    }
}

/// An e-mail to be sent after the transaction that it belongs to.
pub(crate) struct Promise<'a> {
    pub(crate) kind: MailKind,
    pub(crate) email: &'a str,
    /// The e-mail is deleted together with this person. What tells them about their account has none here: whoever
    /// deletes the account must not take it back.
    pub(crate) user: Option<Uuid>,
    pub(crate) notice: Option<Notice>,
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
    promise: Promise<'_>,
) -> sqlx::Result<Uuid> {
    let Promise { kind, email, user, notice } = promise;
    let job = api.new_id();
    let notice = notice.and_then(|notice| serde_json::to_string(&notice).ok());
    sqlx::query(
        "INSERT INTO mail_jobs (id, kind, email, user_id, created_at, notice) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(job.to_string())
    .bind(kind.name())
    .bind(email)
    .bind(user.map(|user| user.to_string()))
    .bind(api.now().millis())
    .bind(notice)
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
        let row = sqlx::query("SELECT kind, email, user_id, created_at, notice FROM mail_jobs WHERE id = ?")
            .bind(job.to_string())
            .fetch_optional(self.database().read())
            .await?;
        // Deleted together with its user.
        let Some(row) = row else { return Ok(()) };
        if let Some(message) = self.message(&row).await? {
            self.mailer().send(message).await?;
        }
        let mut transaction = self.database().write().await?;
        sqlx::query("DELETE FROM mail_jobs WHERE id = ?")
            .bind(job.to_string())
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// `None` if there is nobody to tell.
    async fn message(&self, row: &SqliteRow) -> Result<Option<Message>, JobError> {
        let (name, email): (String, String) = (row.try_get("kind")?, row.try_get("email")?);
        let at = Timestamp::from_millis(row.try_get("created_at")?);
        let notice: Option<String> = row.try_get("notice")?;
        let notice: Option<Notice> = notice.and_then(|notice| serde_json::from_str(&notice).ok());
        match MailKind::parse(&name) {
            Some(MailKind::OneTimeLink(link)) => self.one_time_link(link, &email, notice, at).await,
            Some(MailKind::EmailVerification) => {
                Ok(Some(self.email_verification(users::uuid(row, "user_id")?, &email)?))
            }
            Some(MailKind::About(topic)) => {
                let Notice { client, change } = notice.unwrap_or_default();
                let token = change.map(|change| self.restoration_token(change));
                let has_passkeys = stored::are_any_at(self.database().read(), &email).await?;
                let happening = Happening { at, client: &client, token: token.as_ref(), has_passkeys };
                Ok(Some(Message::about(topic, self.config(), &email, &happening)))
            }
            None => {
                tracing::error!(kind = name, "an e-mail of an unknown kind is dropped");
                Ok(None)
            }
        }
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
    async fn one_time_link(
        &self,
        link: OneTimeLink,
        email: &str,
        asked: Option<Notice>,
        asked_at: Timestamp,
    ) -> Result<Option<Message>, JobError> {
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
        families::start(&mut transaction, family, known.user.id, Origin::Link, now).await?;
        families::add_token(&mut transaction, family, &token.hash(), expires_at).await?;
        if let Some(Notice { client, .. }) = asked {
            let kind = link.event();
            activity::record_once(&mut transaction, known.user.id, kind, &client, asked_at).await?;
        }
        transaction.commit().await?;
        let (config, to) = (self.config(), &known.user.email);
        Ok(Some(match link {
            OneTimeLink::PasswordReset => Message::password_reset(config, to, &token),
            OneTimeLink::SignIn => Message::sign_in_link(config, to, &token),
        }))
    }
}
