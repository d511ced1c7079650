//! Enabling, renewing and disabling the second step of one's own account.

use serde::Serialize;
use sqlx::{Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    authenticator::{self, AppSecret, SECRET_BYTES},
    challenges,
    code::Code,
    recovery_codes,
    verdict::Verdict,
};
use crate::{
    CoreApi,
    accounts::{self, Changer},
    activity::{self, EventKind},
    error::{ApiError, InternalError, Issue},
    families,
    mail::Topic,
    timestamp::Timestamp,
    users::{self, User},
};

/// How a person signs in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecondFactorState {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled_at: Option<Timestamp>,
    recovery_codes_left: u32,
}

/// What a person enters in their app.
pub(crate) struct Enrolment {
    /// In base 32 (RFC 4648, section 6).
    pub(crate) secret: Zeroizing<String>,
    /// The same for a QR code, with the names of the application and of the account.
    pub(crate) uri: Zeroizing<String>,
}

/// What a person may change once they have proved a code.
struct Proved {
    transaction: Transaction<'static, Sqlite>,
    user: User,
    /// E-mails to be sent after the commit.
    jobs: Vec<Uuid>,
}

pub(crate) type RecoveryCodes = Vec<Zeroizing<String>>;

impl CoreApi {
    pub(crate) async fn second_factor(&self, user: &User) -> Result<SecondFactorState, ApiError> {
        let enabled_at = authenticator::enabled_at(self.database().read(), user.id).await?;
        let recovery_codes_left = recovery_codes::left(self.database().read(), user.id).await?;
        Ok(SecondFactorState { enabled: enabled_at.is_some(), enabled_at, recovery_codes_left })
    }

    /// Makes a secret for an app. It changes nothing until [`enable_authenticator`](Self::enable_authenticator).
    pub(crate) async fn begin_enrolment(&self, by: &Changer) -> Result<Enrolment, ApiError> {
        let mut transaction = self.database().write().await?;
        let user = self.asker(&mut transaction, by).await?;
        if authenticator::is_enabled(&mut *transaction, user.id).await? {
            return Err(ApiError::AuthenticatorEnabled);
        }
        let mut secret = AppSecret(Zeroizing::new([0; SECRET_BYTES]));
        (self.config().random)(&mut secret.0[..]);
        let sealed = self.keys().seal_authenticator(user.id, &secret.0, &self.config().random);
        authenticator::replace(&mut transaction, user.id, &sealed).await?;
        let totp = secret.totp(&self.config().app_name, &user.email)?;
        let uri = Zeroizing::new(totp.to_url().map_err(InternalError::from)?);
        transaction.commit().await?;
        Ok(Enrolment { secret: Zeroizing::new(totp.secret().to_base32()), uri })
    }

    /// Enables the app whose code this is. Every other family ends, because none of them has proved a second step.
    pub(crate) async fn enable_authenticator(
        &self,
        by: &Changer,
        code: &Code,
    ) -> Result<RecoveryCodes, ApiError> {
        let mut transaction = self.database().write().await?;
        let (user, now) = (self.asker(&mut transaction, by).await?, self.now());
        let known = authenticator::find(&mut *transaction, self.keys(), user.id).await?;
        let known = known.ok_or(ApiError::NotFound)?;
        if known.enabled_at.is_some() {
            return Err(ApiError::AuthenticatorEnabled);
        }
        // Whoever enables an app was shown its secret, so there is nothing to guess.
        let step = match code {
            Code::OfApp(code) => known.accepted_step(code, now)?,
            Code::OfRecovery(_) => None,
        };
        authenticator::accept(&mut transaction, user.id, step.ok_or_else(wrong_code)?).await?;
        authenticator::enable(&mut transaction, user.id, now).await?;
        let codes = recovery_codes::replace(&mut transaction, user.id, &self.config().random).await?;
        let revoked = families::revoke_all_of(&mut transaction, user.id, Some(by.family), now).await?;
        let enabled = EventKind::SecondFactorEnabled;
        activity::record(&mut transaction, user.id, enabled, &by.client, now).await?;
        let job = self.tell_of_app(&mut transaction, &user, &by.client).await?;
        transaction.commit().await?;
        self.counters().families_revoked.add(revoked);
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(codes)
    }

    /// Replaces the recovery codes. A code proves that it is the person.
    pub(crate) async fn replace_recovery_codes(
        &self,
        by: &Changer,
        code: &Code,
    ) -> Result<RecoveryCodes, ApiError> {
        let Proved { mut transaction, user, mut jobs } = self.with_code(by, code).await?;
        let codes = recovery_codes::replace(&mut transaction, user.id, &self.config().random).await?;
        let replaced = EventKind::RecoveryCodesReplaced;
        activity::record(&mut transaction, user.id, replaced, &by.client, self.now()).await?;
        jobs.extend(self.tell(&mut transaction, Topic::RecoveryCodesReplaced, &user, &by.client).await?);
        transaction.commit().await?;
        for job in jobs {
            self.send_in_background(job);
        }
        Ok(codes)
    }

    /// Disables the second step. A code proves that it is the person: whoever finds an open session must not.
    pub(crate) async fn disable_authenticator(&self, by: &Changer, code: &Code) -> Result<(), ApiError> {
        let Proved { mut transaction, user, mut jobs } = self.with_code(by, code).await?;
        authenticator::forget(&mut transaction, user.id).await?;
        recovery_codes::forget(&mut transaction, user.id).await?;
        challenges::forget_all_of(&mut transaction, user.id).await?;
        let disabled = EventKind::SecondFactorDisabled;
        activity::record(&mut transaction, user.id, disabled, &by.client, self.now()).await?;
        jobs.extend(self.tell(&mut transaction, Topic::SecondFactorDisabled, &user, &by.client).await?);
        transaction.commit().await?;
        for job in jobs {
            self.send_in_background(job);
        }
        Ok(())
    }

    /// A transaction in which the person has proved a code. A wrong one is counted.
    async fn with_code(&self, by: &Changer, code: &Code) -> Result<Proved, ApiError> {
        let (mut transaction, now) = (self.database().write().await?, self.now());
        let user = self.asker(&mut transaction, by).await?;
        if !authenticator::is_enabled(&mut *transaction, user.id).await? {
            return Err(ApiError::NotFound);
        }
        match self.judge_code(&mut transaction, user.id, code, now).await? {
            Verdict::Right(kind) => {
                let job = self.note_code(&mut transaction, kind, &user, &by.client, now).await?;
                Ok(Proved { transaction, user, jobs: job.into_iter().collect() })
            }
            Verdict::Wait(wait) => Err(ApiError::TooManyTries(wait)),
            Verdict::Wrong => {
                transaction.commit().await?;
                Err(wrong_code())
            }
        }
    }

    /// Who asks, as they are now.
    pub(crate) async fn asker(
        &self,
        connection: &mut SqliteConnection,
        by: &Changer,
    ) -> Result<User, ApiError> {
        let user = users::by_id(&mut *connection, by.user).await?.ok_or(ApiError::Unauthorized)?;
        accounts::must_still_be_let_in(connection, &user, by).await?;
        Ok(user)
    }
}

fn wrong_code() -> ApiError {
    ApiError::Validation(vec![Issue {
        path: Some("code"),
        message: "Invalid code".into(),
        code: "invalid_value",
    }])
}
