//! Registering, changing and deleting people.

use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    CoreApi,
    email::Email,
    error::ApiError,
    families,
    mail_jobs::{self, MailKind},
    password::Password,
    users::{self, Roles, User},
};

/// The changes to a person; a field that is `None` stays.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) email: Option<Email>,
    pub(crate) password: Option<Password>,
    pub(crate) roles: Option<Roles>,
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
        if users::is_taken(self.database().read(), email.as_str(), None).await? {
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
        };
        let mut transaction = self.database().write().await?;
        if !users::insert(&mut transaction, &user, password_hash.as_deref()).await? {
            return Err(ApiError::EmailTaken);
        }
        let job = self.promise_verification(&mut transaction, &user, email.as_str()).await?;
        transaction.commit().await?;
        self.send_in_background(job);
        Ok(user)
    }

    /// Changes a person. A new password ends every family except `asking_family`.
    pub(crate) async fn change(
        &self,
        id: Uuid,
        changes: Changes,
        asking_family: Uuid,
    ) -> Result<User, ApiError> {
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
        if let Some(email) = &changes.email {
            if users::is_taken(&mut *transaction, email.as_str(), Some(id)).await? {
                return Err(ApiError::EmailTaken);
            }
            user.unverified_email = Some(email.to_string());
        }
        user.roles = changes.roles.unwrap_or(user.roles);
        user.updated_at = self.now();
        users::update(&mut transaction, &user).await?;

        let mut revoked = 0;
        if let Some(hash) = &password_hash {
            users::set_password_hash(&mut transaction, id, hash).await?;
            revoked =
                families::revoke_all_of(&mut transaction, id, Some(asking_family), user.updated_at).await?;
        }
        let job = match &changes.email {
            Some(email) => Some(self.promise_verification(&mut transaction, &user, email.as_str()).await?),
            None => None,
        };
        transaction.commit().await?;

        self.counters().families_revoked.add(revoked);
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(user)
    }

    pub(crate) async fn delete(&self, id: Uuid) -> Result<(), ApiError> {
        let mut transaction = self.database().write().await?;
        let revoked = families::revoke_all_of(&mut transaction, id, None, self.now()).await?;
        if !users::delete(&mut transaction, id).await? {
            return Err(ApiError::NotFound);
        }
        transaction.commit().await?;
        self.counters().families_revoked.add(revoked);
        Ok(())
    }

    async fn promise_verification(
        &self,
        connection: &mut SqliteConnection,
        user: &User,
        email: &str,
    ) -> sqlx::Result<Uuid> {
        mail_jobs::promise(self, connection, MailKind::EmailVerification, email, Some(user.id)).await
    }
}
