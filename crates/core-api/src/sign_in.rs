//! Signing in with a password, and requesting a link instead.

use sqlx::{Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    email::Email,
    error::{ApiError, InternalError},
    families::{self, Origin},
    mail_jobs::{self, MailKind, Notice, OneTimeLink, Promise},
    password::Claim,
    second_factor::{authenticator, waiting::Waiting},
    timestamp::Timestamp,
    tokens::{self, AccessClaims, RefreshToken, TokenPair},
    users::{self, Role, User},
    verified_tokens::Bearer,
};

pub(crate) struct SignIn {
    pub(crate) email: Email,
    pub(crate) password: Claim,
    /// Only a person with this role may sign in.
    pub(crate) role: Option<Role>,
    /// Ends every other family of this person.
    pub(crate) end_others: bool,
    /// Whoever sent the access token of this bearer along. It is not known yet whether it still counts.
    pub(crate) signed_in_as: Option<Bearer>,
    pub(crate) client: Client,
}

/// Somebody who has proved who they are.
pub(crate) struct Start<'a> {
    pub(crate) user: User,
    pub(crate) origin: Origin,
    pub(crate) end_others: bool,
    pub(crate) client: &'a Client,
}

/// For whom the access token is issued, and when.
pub(crate) struct Issue {
    pub(crate) user: Uuid,
    pub(crate) email: String,
    pub(crate) family: Uuid,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl CoreApi {
    pub(crate) async fn sign_in(&self, attempt: SignIn) -> Result<TokenPair, ApiError> {
        let (email, client) = (attempt.email.clone(), attempt.client.clone());
        let outcome = self.try_sign_in(attempt).await;
        if matches!(outcome, Err(ApiError::InvalidCredentials)) {
            self.note_refusal(email, client);
        }
        outcome
    }

    async fn try_sign_in(&self, attempt: SignIn) -> Result<TokenPair, ApiError> {
        let known = users::credentials(self.database().read(), &attempt.email).await?;
        let checked_hash = known.and_then(|known| known.password_hash);
        if !self.passwords().verify(attempt.password, checked_hash.as_deref()).await? {
            return Err(ApiError::InvalidCredentials);
        }

        let mut transaction = self.database().write().await?;
        // SECURITY: checking a password takes a while. If it was changed in the meantime, the old one starts no
        // session.
        let user = match users::credentials(&mut *transaction, &attempt.email).await? {
            Some(current) if current.password_hash == checked_hash => current.user,
            _ => return Err(ApiError::InvalidCredentials),
        };
        if attempt.role.is_some_and(|role| !user.roles.contains(role)) {
            return Err(ApiError::InvalidCredentials);
        }
        let SignIn { end_others, signed_in_as, client, .. } = attempt;
        if authenticator::is_enabled(&mut *transaction, user.id).await?
            && !self.has_proved_both(&mut transaction, &user, signed_in_as).await?
        {
            let challenge = Waiting { user: user.id, end_others, of_link: false };
            let challenge = self.challenge(&mut transaction, &challenge, self.now()).await?;
            transaction.commit().await?;
            return Err(ApiError::SecondFactor(challenge));
        }
        self.start_family(transaction, Start { user, origin: Origin::Password, end_others, client: &client })
            .await
    }

    /// Whether the bearer of an access token is this person, in a family that has not ended. Each family of a person with
    /// two steps has begun with both of them: the others ended when the second one was enabled.
    ///
    /// SECURITY: so somebody who is signed in proves again who they are with one step. A stolen access token gets nobody in
    /// without the password.
    async fn has_proved_both(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        signed_in_as: Option<Bearer>,
    ) -> sqlx::Result<bool> {
        let now = self.now();
        let Some(bearer) = signed_in_as.filter(|bearer| bearer.user == user.id) else {
            return Ok(false);
        };
        Ok(!tokens::is_over(bearer.exp, now)
            && user.accepts_token(&mut *connection, bearer.family, bearer.iat).await?
            && families::is_active_after(connection, bearer.family, now).await?)
    }

    /// Starts a family, and commits.
    pub(crate) async fn start_family(
        &self,
        mut transaction: Transaction<'static, Sqlite>,
        start: Start<'_>,
    ) -> Result<TokenPair, ApiError> {
        let Start { user, origin, end_others, client } = start;
        let (now, family, token) = (self.now(), self.new_id(), self.new_refresh_token());
        families::forget_dead_of(&mut transaction, user.id, now).await?;
        let mut revoked = 0;
        if end_others {
            revoked = families::revoke_all_of(&mut transaction, user.id, None, now).await?;
        }
        families::start(&mut transaction, family, user.id, origin, now).await?;
        families::add_token(&mut transaction, family, &token.hash(), self.refresh_token_end(now)).await?;
        let job = self.note_sign_in(&mut transaction, &user, client, now).await?;
        if revoked > 0 {
            let ended = EventKind::OtherSessionsEnded;
            activity::record(&mut transaction, user.id, ended, client, now).await?;
        }
        // SECURITY: before the commit, as a token that is issued later would count although its family has ended since.
        let issue = self.issue_now(user.id, user.email, family);
        transaction.commit().await?;

        self.counters().sign_ins.add(1);
        self.counters().families_revoked.add(revoked);
        if let Some(job) = job {
            self.send_in_background(job);
        }
        self.pair(&issue, token)
    }

    /// Records a refused sign-in for the person with this address, if there is one.
    ///
    /// # Security
    ///
    /// After the answer, which would otherwise take longer for a known address. The same is written for an unknown one,
    /// as the next request waits for it.
    fn note_refusal(&self, email: Email, client: Client) {
        let (api, at) = (self.clone(), self.now());
        self.background().spawn(async move {
            let noting = async {
                let mut transaction = api.database().write().await?;
                let known = users::credentials(&mut *transaction, &email).await?;
                let user = known.map(|known| known.user.id);
                activity::record_refusal(&mut transaction, user, &client, at).await?;
                Ok::<_, InternalError>(transaction.commit().await?)
            };
            if let Err(error) = noting.await {
                tracing::error!(%error, "a refused sign-in is missing in the activity of its account");
            }
        });
    }

    /// Records an e-mail with a one-time link, if the address is known.
    ///
    /// # Security
    ///
    /// An unknown address takes the same path and the same time. Only after the answer is it checked whether the
    /// address is known.
    pub(crate) async fn request_link(
        &self,
        link: OneTimeLink,
        email: &Email,
        client: Client,
    ) -> Result<(), ApiError> {
        let mut transaction = self.database().write().await?;
        let notice = Some(Notice::of(client));
        let promise =
            Promise { kind: MailKind::OneTimeLink(link), email: email.as_str(), user: None, notice };
        let job = mail_jobs::promise(self, &mut transaction, promise).await?;
        transaction.commit().await?;
        self.send_in_background(job);
        Ok(())
    }

    pub(crate) fn issue_now(&self, user: Uuid, email: String, family: Uuid) -> Issue {
        let issued_at = self.now().floor_to_second();
        Issue { user, email, family, issued_at, expires_at: issued_at.plus(self.config().access_token_ttl) }
    }

    pub(crate) fn pair(&self, issue: &Issue, refresh: RefreshToken) -> Result<TokenPair, ApiError> {
        let claims = AccessClaims {
            sub: issue.user,
            email: issue.email.clone(),
            iat: issue.issued_at.whole_secs(),
            exp: issue.expires_at.whole_secs(),
            fam: issue.family,
            mark: self.config().token_mark.clone(),
        };
        Ok(TokenPair {
            access: self.keys().sign(tokens::ACCESS, &claims)?.into(),
            // Not the configured lifetime: a repeated answer is later than its token.
            access_ttl_secs: (issue.expires_at.whole_secs() - self.now().whole_secs()).max(0),
            access_expires_at: issue.expires_at,
            refresh,
        })
    }

    pub(crate) fn refresh_token_end(&self, now: Timestamp) -> Timestamp {
        now.plus(self.config().refresh_token_ttl)
    }

    pub(crate) fn new_refresh_token(&self) -> RefreshToken {
        RefreshToken::from_bytes(self.random_bytes(), self.config().token_mark.as_deref())
    }
}
