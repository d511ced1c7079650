//! Registering, changing and deleting people.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    email::Email,
    error::ApiError,
    families,
    mail::Topic,
    mail_jobs::{self, MailKind, Notice, Promise},
    passkeys::stored,
    password::Password,
    second_factor::challenges,
    users::{self, Roles, User},
};

/// The changes to a person; a field that is `None` stays.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) email: Option<Email>,
    pub(crate) password: Option<Password>,
    pub(crate) roles: Option<Roles>,
}

/// Who changes an account: its own person, or an administrator.
pub(crate) struct Changer {
    pub(crate) user: Uuid,
    /// The family of the access token, which a new password keeps.
    pub(crate) family: Uuid,
    /// When the access token was issued, in seconds since 1970.
    pub(crate) issued_at: i64,
    pub(crate) client: Client,
    /// The version of the account that they have seen, if they say so. Another one is not changed.
    pub(crate) has_seen: Option<String>,
}

impl Changer {
    /// As the owner of the account sees it.
    fn seen_by(&self, owner: Uuid) -> Client {
        if self.user == owner { self.client.clone() } else { Client::administrator() }
    }

    fn must_have_seen(&self, user: &User) -> Result<(), ApiError> {
        let is_current = self.has_seen.as_ref().is_none_or(|seen| *seen == user.updated_at.to_string());
        if is_current { Ok(()) } else { Err(ApiError::Outdated) }
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.email.is_none() && self.password.is_none() && self.roles.is_none()
    }
}

impl CoreApi {
    /// Stores a person whose address is not verified yet, and records the e-mail that verifies it.
    pub(crate) async fn register(&self, email: Email, password: Option<Password>) -> Result<User, ApiError> {
        // A quick check before the expensive hash; the insert below decides.
        if users::is_taken(self.database().read(), email.as_str(), None, self.now()).await? {
            return Err(ApiError::EmailTaken);
        }
        let password_hash = match password {
            Some(password) => Some(self.passwords().hash(password).await?),
            None => None,
        };
        let now = self.now();
        let user = User {
            id: self.new_id(),
            email: email.to_string(),
            roles: Roles::default(),
            created_at: now,
            updated_at: now,
            unverified_email: Some(email.to_string()),
            tokens_after: None,
        };
        let mut transaction = self.database().write().await?;
        if users::is_taken(&mut *transaction, email.as_str(), None, now).await? {
            return Err(ApiError::EmailTaken);
        }
        if !users::insert(&mut transaction, &user, password_hash.as_deref()).await? {
            return Err(ApiError::EmailTaken);
        }
        let job = self.promise_verification(&mut transaction, &user, email.as_str()).await?;
        transaction.commit().await?;
        self.send_in_background(job);
        Ok(user)
    }

    /// Changes a person. A new password ends every family except that of whoever changes it.
    pub(crate) async fn change(&self, id: Uuid, changes: Changes, by: &Changer) -> Result<User, ApiError> {
        let nothing_to_do = changes.is_empty();
        let password_hash = match changes.password {
            Some(password) => Some(self.passwords().hash(password).await?),
            None => None,
        };
        let mut transaction = self.database().write().await?;
        let mut user = users::by_id(&mut *transaction, id).await?.ok_or(ApiError::NotFound)?;
        if nothing_to_do {
            return Ok(user);
        }
        must_still_be_let_in(&mut transaction, &user, by).await?;
        by.must_have_seen(&user)?;
        let now = self.now();
        let client = by.seen_by(id);
        if let Some(email) = &changes.email {
            if users::is_taken(&mut *transaction, email.as_str(), Some(id), now).await? {
                return Err(ApiError::EmailTaken);
            }
            if *email.as_str() != user.email && user.unverified_email.as_deref() != Some(email.as_str()) {
                let asked = EventKind::EmailChangeRequested;
                activity::record(&mut transaction, id, asked, &client, now).await?;
            }
            user.unverified_email = Some(email.to_string());
        }
        user.roles = changes.roles.unwrap_or(user.roles);
        user.note_change(now);
        users::update(&mut transaction, &user).await?;

        let (mut revoked, mut jobs) = (0, Vec::new());
        if let Some(hash) = &password_hash {
            users::set_password_hash(&mut transaction, id, hash).await?;
            challenges::forget_all_of(&mut transaction, id).await?;
            revoked = families::revoke_all_of(&mut transaction, id, Some(by.family), now).await?;
            activity::record(&mut transaction, id, EventKind::PasswordChanged, &client, now).await?;
            let told = self.tell(&mut transaction, Topic::PasswordChanged, &user, &client);
            jobs.extend(told.await?);
            if by.user == id {
                jobs.extend(self.forget_former_passkeys(&mut transaction, &user, by).await?);
            }
        }
        if let Some(email) = &changes.email {
            jobs.push(self.promise_verification(&mut transaction, &user, email.as_str()).await?);
        }
        transaction.commit().await?;

        self.counters().families_revoked.add(revoked);
        for job in jobs {
            self.send_in_background(job);
        }
        Ok(user)
    }

    /// Removes the passkeys from before the last change of address, if the password was set by an e-mailed link, which
    /// says that its person comes by the present address. Returns the e-mail about it.
    async fn forget_former_passkeys(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        by: &Changer,
    ) -> sqlx::Result<Option<Uuid>> {
        if !families::is_of_link(&mut *connection, by.family).await?
            || stored::forget_from_former_address(connection, user.id).await? == 0
        {
            return Ok(None);
        }
        activity::record(connection, user.id, EventKind::PasskeyRemoved, &by.client, self.now()).await?;
        self.tell(connection, Topic::PasskeyRemoved, user, &by.client).await
    }

    /// Deletes a person with all their data, and tells every address that the account had lately.
    ///
    /// # Security
    ///
    /// Whoever has changed the address of an account must not silence its owner by deleting it. So the replaced
    /// addresses are told, too, and stay reserved until their time is over.
    pub(crate) async fn delete(&self, id: Uuid, by: &Changer) -> Result<(), ApiError> {
        let mut transaction = self.database().write().await?;
        let user = users::by_id(&mut *transaction, id).await?.ok_or(ApiError::NotFound)?;
        must_still_be_let_in(&mut transaction, &user, by).await?;
        by.must_have_seen(&user)?;
        let (client, now) = (by.seen_by(id), self.now());
        let mut jobs = Vec::new();
        jobs.extend(self.tell(&mut transaction, Topic::AccountDeleted, &user, &client).await?);
        jobs.extend(self.tell_replaced_addresses(&mut transaction, &user, &client).await?);
        let revoked = families::revoke_all_of(&mut transaction, id, None, now).await?;
        if !users::delete(&mut transaction, id).await? {
            return Err(ApiError::NotFound);
        }
        transaction.commit().await?;
        self.counters().families_revoked.add(revoked);
        for job in jobs {
            self.send_in_background(job);
        }
        Ok(())
    }

    /// Records an e-mail that tells a person about their account. An address that was never verified may be somebody
    /// else's, and gets none.
    pub(crate) async fn tell(
        &self,
        connection: &mut SqliteConnection,
        topic: Topic,
        user: &User,
        client: &Client,
    ) -> sqlx::Result<Option<Uuid>> {
        if !user.roles.verified {
            return Ok(None);
        }
        let notice = Some(Notice::of(client.clone()));
        let promise = Promise { kind: MailKind::About(topic), email: &user.email, user: None, notice };
        mail_jobs::promise(self, connection, promise).await.map(Some)
    }

    async fn promise_verification(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        email: &str,
    ) -> sqlx::Result<Uuid> {
        let promise = Promise { kind: MailKind::EmailVerification, email, user: Some(user.id), notice: None };
        mail_jobs::promise(self, connection, promise).await
    }
}

/// SECURITY: the account may have been taken back since the request was let in. Hashing a password takes long enough.
pub(crate) async fn must_still_be_let_in(
    connection: &mut SqliteConnection,
    user: &User,
    by: &Changer,
) -> Result<(), ApiError> {
    let is_let_in = by.user != user.id || user.accepts_token(connection, by.family, by.issued_at).await?;
    if is_let_in { Ok(()) } else { Err(ApiError::Unauthorized) }
}
