//! Sign-ins that wait for their second step.

use std::time::Duration;

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{code::Code, verdict::Verdict, waiting::Waiting};
use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    error::{ApiError, Challenge},
    families::Origin,
    sign_in::Start,
    timestamp::Timestamp,
    tokens::{RefreshToken, TokenPair},
    users,
};

/// How long a person has for the second step.
const LIFE: Duration = Duration::from_mins(10);

/// How many challenges of one person are kept. Only whoever has the password gets any.
const MAX_CHALLENGES: u32 = 50;

/// The second step of a sign-in.
pub(crate) struct SecondStep {
    pub(crate) challenge: RefreshToken,
    pub(crate) code: Code,
    /// Ends every other family of this person, as may have been asked with the first step.
    pub(crate) end_others: bool,
    pub(crate) client: Client,
}

impl CoreApi {
    /// Has a person whose first step was right prove the second one.
    pub(crate) async fn challenge(
        &self,
        connection: &mut SqliteConnection,
        waiting: &Waiting,
        now: Timestamp,
    ) -> sqlx::Result<Challenge> {
        let Waiting { user, end_others, of_link } = *waiting;
        let (token, expires_at) = (self.new_refresh_token(), now.plus(LIFE));
        sqlx::query("DELETE FROM challenges WHERE expires_at <= ?")
            .bind(now.millis())
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "INSERT INTO challenges (hash, user_id, expires_at, end_others, of_link) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&token.hash()[..])
        .bind(user.to_string())
        .bind(expires_at.millis())
        .bind(end_others)
        .bind(of_link)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "DELETE FROM challenges WHERE hash IN (SELECT hash FROM challenges WHERE user_id = ?
             ORDER BY expires_at DESC, hash LIMIT -1 OFFSET ?)",
        )
        .bind(user.to_string())
        .bind(MAX_CHALLENGES)
        .execute(connection)
        .await?;
        Ok(Challenge { token, expires_at })
    }

    /// Completes a sign-in. A wrong code leaves its challenge, and is recorded for the person.
    pub(crate) async fn complete_sign_in(&self, step: SecondStep) -> Result<TokenPair, ApiError> {
        let SecondStep { challenge, code, end_others, client } = step;
        let mut transaction = self.database().write().await?;
        let now = self.now();
        let waiting = find(&mut transaction, &challenge, now).await?.ok_or(ApiError::InvalidToken)?;
        let user = users::by_id(&mut *transaction, waiting.user).await?.ok_or(ApiError::InvalidToken)?;
        let kind = match self.judge_code(&mut transaction, user.id, &code, now).await? {
            Verdict::Right(kind) => kind,
            Verdict::Wait(wait) => return Err(ApiError::TooManyTries(wait)),
            Verdict::Wrong => {
                activity::record(&mut transaction, user.id, EventKind::SignInFailed, &client, now).await?;
                // SECURITY: a wrong code commits, too. If it were rolled back, nobody would count it.
                transaction.commit().await?;
                return Err(ApiError::InvalidCredentials);
            }
        };
        sqlx::query("DELETE FROM challenges WHERE hash = ?")
            .bind(&challenge.hash()[..])
            .execute(&mut *transaction)
            .await?;
        let job = self.note_code(&mut transaction, kind, &user, &client, now).await?;
        let end_others = end_others || waiting.end_others;
        let origin = if waiting.of_link { Origin::LinkAndCode } else { Origin::Password };
        let start = Start { user, origin, end_others, client: &client };
        let pair = self.start_family(transaction, start).await?;
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(pair)
    }
}

async fn find(
    connection: &mut SqliteConnection,
    token: &RefreshToken,
    now: Timestamp,
) -> sqlx::Result<Option<Waiting>> {
    let row = sqlx::query("SELECT * FROM challenges WHERE hash = ? AND expires_at > ?")
        .bind(&token.hash()[..])
        .bind(now.millis())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let (end_others, of_link) = (row.try_get("end_others")?, row.try_get("of_link")?);
        Ok(Waiting { user: users::uuid(&row, "user_id")?, end_others, of_link })
    })
    .transpose()
}

/// Forgets the sign-ins of a person that wait, because their first step no longer counts.
pub(crate) async fn forget_all_of(connection: &mut SqliteConnection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM challenges WHERE user_id = ?")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
