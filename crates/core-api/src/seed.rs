//! The two people of development.

use crate::{
    CoreApi,
    error::InternalError,
    password::Password,
    users::{self, Roles, User},
};

/// Addresses and whether they are administrators. Both have the password `password1`.
const PEOPLE: [(&str, bool); 2] = [("user@test.com", false), ("admin@test.com", true)];
const PASSWORD: &str = "password1";

impl CoreApi {
    /// Adds those who are missing. An existing person stays as they are, with their current password.
    pub(crate) async fn seed(&self) -> Result<(), InternalError> {
        for (email, admin) in PEOPLE {
            if users::is_taken(self.database().read(), email, None, self.now()).await? {
                continue;
            }
            let password = Password::new(PASSWORD).expect("a password of ours has no control characters");
            let password_hash = self.passwords().hash(password).await?;
            let now = self.now();
            let user = User {
                id: self.new_id(),
                email: email.to_owned(),
                roles: Roles { admin, verified: true },
                created_at: now,
                updated_at: now,
                unverified_email: None,
                tokens_after: None,
            };
            let mut transaction = self.database().write().await?;
            users::insert(&mut transaction, &user, Some(&password_hash)).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}
