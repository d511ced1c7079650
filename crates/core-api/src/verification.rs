//! Action requests: accepted now, done shortly after. The only action is verifying an e-mail address.

use serde::Serialize;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    error::{ApiError, InternalError},
    timestamp::Timestamp,
    tokens::{self, EmailVerificationClaims},
    users,
};

const PROCESSING: &str = "PROCESSING";

/// A request that is older than this, in milliseconds, and still being processed was left by a failure or a stop.
const TAKES_LESS_THAN: i64 = 500;

#[derive(Serialize)]
pub(crate) struct ActionRequest {
    pub(crate) id: Uuid,
    action: String,
    status: String,
    #[serde(skip)]
    created_at: i64,
}

impl FromRow<'_, SqliteRow> for ActionRequest {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: users::uuid(row, "id")?,
            action: row.try_get("action")?,
            status: row.try_get("status")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// The content of a verification link's token, once its signature and expiry are checked.
struct Proof {
    user: Uuid,
    email: String,
}

/// What a proof has done.
enum Applied {
    /// The address is verified, now or before.
    Verified {
        /// The e-mail about it, to be sent after the commit.
        job: Option<Uuid>,
    },
    No,
}

impl CoreApi {
    /// Accepts a valid token of ours. The status shows whether it still has an effect.
    ///
    /// Every other token is refused at once. The original answers 500, which a client takes for a temporary failure; a
    /// 400 says that trying again is useless.
    pub(crate) async fn request_email_verification(
        &self,
        token: &str,
        client: &Client,
    ) -> Result<ActionRequest, ApiError> {
        let (id, now) = (self.new_id(), self.now());
        let proof = self.proof(token, now).ok_or(ApiError::InvalidToken)?;
        let mut transaction = self.database().write().await?;
        let request = sqlx::query_as(
            "INSERT INTO action_requests (id, action, status, user_id, email, created_at, client)
             VALUES (?, ?, 'PROCESSING', ?, ?, ?, ?) RETURNING *",
        )
        .bind(id.to_string())
        .bind("EMAIL_VERIFICATION")
        .bind(proof.user.to_string())
        .bind(proof.email)
        .bind(now.millis())
        .bind(serde_json::to_string(client).unwrap_or_default())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.verify_in_background(id);
        Ok(request)
    }

    /// Where a request stands. One whose processing has failed is processed now, so that a full disk is a failure of this
    /// call, and not a request about which nothing is ever decided.
    pub(crate) async fn action_request(&self, id: Uuid) -> Result<ActionRequest, ApiError> {
        let request = self.stored_action_request(id).await?;
        let is_left =
            request.status == PROCESSING && request.created_at + TAKES_LESS_THAN < self.now().millis();
        if !is_left {
            return Ok(request);
        }
        self.verify(id).await?;
        self.stored_action_request(id).await
    }

    async fn stored_action_request(&self, id: Uuid) -> Result<ActionRequest, ApiError> {
        sqlx::query_as("SELECT * FROM action_requests WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(self.database().read())
            .await?
            .ok_or(ApiError::NotFound)
    }

    /// Processes what was requested before the last stop.
    pub(crate) async fn process_unprocessed(&self) -> sqlx::Result<()> {
        let waiting = sqlx::query("SELECT id FROM action_requests WHERE status = 'PROCESSING'");
        for row in waiting.fetch_all(self.database().read()).await? {
            self.verify_in_background(users::uuid(&row, "id")?);
        }
        Ok(())
    }

    fn proof(&self, token: &str, now: Timestamp) -> Option<Proof> {
        let claims: EmailVerificationClaims = self.keys().verify(tokens::EMAIL_VERIFICATION, token)?;
        (!tokens::is_over(claims.exp, now)).then_some(Proof { user: claims.sub, email: claims.email })
    }

    fn verify_in_background(&self, request: Uuid) {
        let api = self.clone();
        self.background().spawn(async move {
            if let Err(error) = api.verify(request).await {
                tracing::error!(%error, %request, "an action request was not processed; the next start tries again");
            }
        });
    }

    async fn verify(&self, request: Uuid) -> Result<(), InternalError> {
        let mut transaction = self.database().write().await?;
        let waiting =
            sqlx::query("SELECT user_id, email, client FROM action_requests WHERE id = ? AND status = ?")
                .bind(request.to_string())
                .bind(PROCESSING)
                .fetch_optional(&mut *transaction);
        // Somebody who asked where it stands has processed it meanwhile.
        let Some(row) = waiting.await? else { return Ok(()) };
        let client: Option<String> = row.try_get("client")?;
        // A request from before it was noted has none.
        let client = client.and_then(|client| serde_json::from_str(&client).ok()).unwrap_or_default();
        let applied = match row.try_get::<Option<String>, _>("email")? {
            Some(email) => {
                let proof = Proof { user: users::uuid(&row, "user_id")?, email };
                self.apply(&mut transaction, &proof, &client).await?
            }
            None => Applied::No,
        };
        sqlx::query("UPDATE action_requests SET status = ? WHERE id = ?")
            .bind(if matches!(applied, Applied::Verified { .. }) { "COMPLETED" } else { "FAILED" })
            .bind(request.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        if let Applied::Verified { job: Some(job) } = applied {
            self.send_in_background(job);
        }
        Ok(())
    }

    /// Makes the address the person's verified one. A link that is opened twice succeeds twice. The address that is
    /// replaced gets an e-mail with the way back.
    async fn apply(
        &self,
        connection: &mut SqliteConnection,
        proof: &Proof,
        client: &Client,
    ) -> sqlx::Result<Applied> {
        let Some(mut user) = users::by_id(&mut *connection, proof.user).await? else {
            return Ok(Applied::No);
        };
        if user.unverified_email.as_ref() != Some(&proof.email) {
            let is_verified = user.roles.verified && user.email == proof.email;
            return Ok(if is_verified { Applied::Verified { job: None } } else { Applied::No });
        }
        let now = self.now();
        // Somebody else has registered it since this link was sent.
        if users::is_taken(&mut *connection, &proof.email, Some(user.id), now).await? {
            return Ok(Applied::No);
        }
        let replaced = std::mem::replace(&mut user.email, proof.email.clone());
        // SECURITY: an address that was never verified may be a stranger's, who must not get the account.
        let is_theirs = std::mem::replace(&mut user.roles.verified, true);
        user.unverified_email = None;
        user.note_change(now);
        users::update(connection, &user).await?;
        let is_changed = replaced != user.email;
        let kind = if is_changed { EventKind::EmailChanged } else { EventKind::EmailVerified };
        activity::record(connection, user.id, kind, client, now).await?;
        let job = if is_changed && is_theirs {
            Some(self.offer_restoration(connection, user.id, &replaced, client).await?)
        } else {
            None
        };
        if is_changed {
            // After the way back was noted, which keeps the former time.
            users::note_move(connection, user.id, now).await?;
        }
        Ok(Applied::Verified { job })
    }
}

/// Deletes old requests that nobody reads any more.
pub(crate) async fn forget_before(connection: &mut SqliteConnection, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM action_requests WHERE status != 'PROCESSING' AND created_at < ?")
        .bind(before.millis())
        .execute(connection)
        .await?;
    Ok(())
}
