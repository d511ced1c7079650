//! Judges a code.

use std::time::Duration;

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{authenticator, code::Code, recovery_codes};
use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    error::InternalError,
    mail::Topic,
    timestamp::Timestamp,
    users::User,
};

/// What a presented code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right(Kind),
    Wrong,
    /// After too many wrong ones, it was not looked at.
    Wait(Duration),
}

/// Which kind of code was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    OfApp,
    OfRecovery,
}

impl CoreApi {
    /// Uses up a code, or counts a wrong one. Commit in either case.
    pub(super) async fn judge_code(
        &self,
        connection: &mut SqliteConnection,
        user: Uuid,
        code: &Code,
        now: Timestamp,
    ) -> Result<Verdict, InternalError> {
        match code {
            Code::OfRecovery(code) => {
                // Without a look at the secret of the app: with another key file, only these codes are left.
                let is_right = authenticator::is_enabled(&mut *connection, user).await?
                    && recovery_codes::use_up(connection, user, code).await?;
                Ok(if is_right { Verdict::Right(Kind::OfRecovery) } else { Verdict::Wrong })
            }
            Code::OfApp(code) => self.judge_code_of_app(connection, user, code, now).await,
        }
    }

    async fn judge_code_of_app(
        &self,
        connection: &mut SqliteConnection,
        user: Uuid,
        code: &str,
        now: Timestamp,
    ) -> Result<Verdict, InternalError> {
        let Some(known) = authenticator::find(&mut *connection, self.keys(), user).await? else {
            return Ok(Verdict::Wrong);
        };
        if let Some(wait) = known.tries.wait(now) {
            return Ok(Verdict::Wait(wait));
        }
        let Some(step) = known.accepted_step(code, now)? else {
            authenticator::count_failure(connection, user, now).await?;
            return Ok(Verdict::Wrong);
        };
        authenticator::accept(connection, user, step).await?;
        Ok(Verdict::Right(Kind::OfApp))
    }

    /// Records a right code that its person must hear of, as somebody else may have found it. Returns the e-mail about it.
    pub(super) async fn note_code(
        &self,
        connection: &mut SqliteConnection,
        kind: Kind,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> sqlx::Result<Option<Uuid>> {
        match kind {
            Kind::OfApp => Ok(None),
            Kind::OfRecovery => {
                let event = EventKind::RecoveryCodeUsed;
                activity::record(&mut *connection, user.id, event, client, now).await?;
                self.tell(connection, Topic::RecoveryCodeUsed, user, client).await
            }
        }
    }
}
