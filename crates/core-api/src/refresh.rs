//! A refresh: one token in, its successor out, in one transaction.
//!
//! # The same answer again
//!
//! A client that lost the answer may ask again with the same token and the same `Idempotency-Key`. Refresh tokens are
//! stored as hashes, so the successor cannot be looked up. It is computed: HKDF-SHA256 under a key that never leaves
//! the key file, over the hash of the old token and the idempotency key. The database keeps a hash of the key and the
//! content of the access token (its times and its e-mail). Ed25519 signatures are deterministic, so the second pair
//! equals the first one, byte for byte; only `ttlSeconds`, the remaining time, differs. Reading the database alone
//! reveals no token, and presenting the old token alone ends the family. A refresh without a key gets a random
//! successor.

use std::time::Duration;

use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    email::Email,
    error::{ApiError, Challenge},
    families,
    second_factor::{authenticator, waiting::Waiting},
    sign_in::Issue,
    timestamp::Timestamp,
    tokens::{IdempotencyKey, RefreshToken, TokenPair},
    users::{self, Role, User},
};

/// How long after its use a spent token that comes with `Sign-Out` ends its family on the person's behalf. Later, or
/// without that header, it was stolen.
const SIGN_OUT_FOR: Duration = Duration::from_mins(1);

/// How long the same token and key get the same answer.
const REPEATABLE_FOR: Duration = Duration::from_mins(10);

pub(crate) struct Refresh {
    pub(crate) email: Email,
    pub(crate) token: RefreshToken,
    pub(crate) key: Option<IdempotencyKey>,
    /// Only a person with this role may refresh.
    pub(crate) role: Option<Role>,
    /// Ends every other family of this person.
    pub(crate) end_others: bool,
    /// Whether the client presents a spent token to end its family. The contract has no other way to sign out.
    pub(crate) signs_out: bool,
    pub(crate) client: Client,
}

/// The verdict on a presented token.
enum Verdict {
    /// Consumed now, or before with the same key. The fields are the content of the answer.
    Granted(Issue, RefreshToken),
    /// The token of a link was right, and its person has to present a code as well.
    Challenged(Challenge),
    Refused,
}

/// What the database knows about a presented token.
struct Known {
    user: User,
    family: Uuid,
    revoked: bool,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

impl CoreApi {
    /// Completes even if the client disconnects: a revocation that a closed connection could stop would be worthless.
    pub(crate) async fn refresh(&self, refresh: Refresh) -> Result<TokenPair, ApiError> {
        let api = self.clone();
        let verdict = tokio::spawn(async move { api.judge(&refresh).await }).await??;
        match verdict {
            Verdict::Granted(issue, token) => self.pair(&issue, token),
            Verdict::Challenged(challenge) => Err(ApiError::SecondFactor(challenge)),
            Verdict::Refused => Err(ApiError::InvalidCredentials),
        }
    }

    async fn judge(&self, refresh: &Refresh) -> Result<Verdict, ApiError> {
        let mut transaction = self.database().write().await?;
        let now = self.now();
        let mut job = None;
        let (verdict, revoked) = match find(&mut transaction, refresh).await? {
            Some(known) if known.used_at.is_some() => {
                self.used(&mut transaction, refresh, &known, now).await?
            }
            Some(known) if known.expires_at > now => {
                let is_link = families::is_first_use_of_link(&mut transaction, known.family).await?;
                if is_link && authenticator::is_enabled(&mut *transaction, known.user.id).await? {
                    self.challenge_reader(&mut transaction, refresh, &known, now).await?
                } else {
                    if is_link {
                        job = self.note_sign_in(&mut transaction, &known.user, &refresh.client, now).await?;
                    }
                    self.rotate(&mut transaction, refresh, known, now).await?
                }
            }
            _ => (Verdict::Refused, 0),
        };
        // SECURITY: a refusal commits, too. If it were rolled back, the successor of a stolen token would stay valid.
        transaction.commit().await?;
        if let Some(job) = job {
            self.send_in_background(job);
        }
        let counters = self.counters();
        counters.families_revoked.add(revoked);
        match verdict {
            Verdict::Granted(..) => counters.refreshes_accepted.add(1),
            Verdict::Challenged(_) => {}
            Verdict::Refused => counters.refreshes_refused.add(1),
        }
        Ok(verdict)
    }

    /// Whoever reads the e-mails of a person does not get in without a code. The link is used up.
    async fn challenge_reader(
        &self,
        connection: &mut SqliteConnection,
        refresh: &Refresh,
        known: &Known,
        now: Timestamp,
    ) -> Result<(Verdict, u64), ApiError> {
        families::mark_used(connection, &refresh.token.hash(), now).await?;
        // A second use of the link finds its family ended, and nothing was stolen.
        families::revoke(connection, known.family, now).await?;
        let challenge = Waiting { user: known.user.id, end_others: refresh.end_others, of_link: true };
        let challenge = self.challenge(connection, &challenge, now).await?;
        Ok((Verdict::Challenged(challenge), 0))
    }

    async fn rotate(
        &self,
        connection: &mut SqliteConnection,
        refresh: &Refresh,
        known: Known,
        now: Timestamp,
    ) -> Result<(Verdict, u64), ApiError> {
        let spent = refresh.token.hash();
        let successor = match &refresh.key {
            Some(key) => self.successor(&spent, key),
            None => self.new_refresh_token(),
        };
        let issue = self.issue_now(known.user.id, known.user.email, known.family);
        families::mark_used(connection, &spent, now).await?;
        families::add_token(connection, known.family, &successor.hash(), self.refresh_token_end(now)).await?;
        if let Some(key) = &refresh.key {
            remember(connection, &spent, key, &issue, now).await?;
        }
        let mut revoked = 0;
        if refresh.end_others {
            revoked = families::revoke_all_of(connection, known.user.id, Some(known.family), now).await?;
        }
        if revoked > 0 {
            let ended = EventKind::OtherSessionsEnded;
            activity::record(connection, known.user.id, ended, &refresh.client, now).await?;
        }
        Ok((Verdict::Granted(issue, successor), revoked))
    }

    /// A token that was used before: either the same request again, or the end of its family.
    async fn used(
        &self,
        connection: &mut SqliteConnection,
        refresh: &Refresh,
        known: &Known,
        now: Timestamp,
    ) -> Result<(Verdict, u64), ApiError> {
        let spent = refresh.token.hash();
        if let Some(key) = &refresh.key
            && !known.revoked
            && let Some(issue) = recall(connection, &spent, key, known, now).await?
        {
            return Ok((Verdict::Granted(issue, self.successor(&spent, key)), 0));
        }
        let revoked = families::revoke(connection, known.family, now).await?;
        if revoked > 0 {
            let is_recent = known.used_at.is_some_and(|used_at| used_at.plus(SIGN_OUT_FOR) > now);
            let signed_out = refresh.signs_out && is_recent;
            let kind = if signed_out { EventKind::SignedOut } else { EventKind::TokenReused };
            activity::record(connection, known.user.id, kind, &refresh.client, now).await?;
        }
        Ok((Verdict::Refused, revoked))
    }

    fn successor(&self, spent: &[u8; 32], key: &IdempotencyKey) -> RefreshToken {
        let bytes = self.keys().successor(spent, key.as_bytes());
        RefreshToken::from_bytes(bytes, self.config().token_mark.as_deref())
    }
}

/// The presented token, if it belongs to this person and they may use it. All other tokens stay untouched.
async fn find(connection: &mut SqliteConnection, refresh: &Refresh) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query(
        "SELECT users.*, families.id AS family_id, families.revoked_at, refresh_tokens.expires_at, refresh_tokens.used_at
         FROM refresh_tokens
         JOIN families ON families.id = refresh_tokens.family_id
         JOIN users ON users.id = families.user_id
         WHERE refresh_tokens.hash = ?",
    )
    .bind(&refresh.token.hash()[..])
    .fetch_optional(connection)
    .await?;
    let Some(known) = row.as_ref().map(known).transpose()? else {
        return Ok(None);
    };
    let permitted = known.user.email == refresh.email.as_str()
        && refresh.role.is_none_or(|role| known.user.roles.contains(role));
    Ok(Some(known).filter(|known| permitted && (known.used_at.is_some() || !known.revoked)))
}

fn known(row: &SqliteRow) -> sqlx::Result<Known> {
    Ok(Known {
        user: sqlx::FromRow::from_row(row)?,
        family: users::uuid(row, "family_id")?,
        revoked: row.try_get::<Option<i64>, _>("revoked_at")?.is_some(),
        expires_at: Timestamp::from_millis(row.try_get("expires_at")?),
        used_at: row.try_get::<Option<i64>, _>("used_at")?.map(Timestamp::from_millis),
    })
}

async fn remember(
    connection: &mut SqliteConnection,
    spent: &[u8; 32],
    key: &IdempotencyKey,
    issue: &Issue,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM refresh_answers WHERE issued_at <= ?")
        .bind(now.minus(REPEATABLE_FOR).millis())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO refresh_answers (token_hash, key_hash, email, issued_at, access_expires_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(&spent[..])
    .bind(&key.hash()[..])
    .bind(&issue.email)
    .bind(issue.issued_at.millis())
    .bind(issue.expires_at.millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn recall(
    connection: &mut SqliteConnection,
    spent: &[u8; 32],
    key: &IdempotencyKey,
    known: &Known,
    now: Timestamp,
) -> sqlx::Result<Option<Issue>> {
    let row = sqlx::query(
        "SELECT email, issued_at, access_expires_at FROM refresh_answers
         WHERE token_hash = ? AND key_hash = ? AND issued_at > ?",
    )
    .bind(&spent[..])
    .bind(&key.hash()[..])
    .bind(now.minus(REPEATABLE_FOR).millis())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Issue {
            user: known.user.id,
            email: row.try_get("email")?,
            family: known.family,
            issued_at: Timestamp::from_millis(row.try_get("issued_at")?),
            expires_at: Timestamp::from_millis(row.try_get("access_expires_at")?),
        })
    })
    .transpose()
}
