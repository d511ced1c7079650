//! A person's passkeys: the list, their names, and their removal.

use uuid::Uuid;

use super::stored::{self, Shown};
use crate::{
    CoreApi,
    accounts::Changer,
    activity::{self, EventKind},
    error::ApiError,
    mail::Topic,
    users::User,
};

impl CoreApi {
    pub(crate) async fn passkeys(&self, user: &User) -> Result<Vec<Shown>, ApiError> {
        Ok(stored::all_of(self.database().read(), user.id).await?)
    }

    pub(crate) async fn rename_passkey(&self, by: &Changer, id: Uuid, name: &str) -> Result<Shown, ApiError> {
        let mut transaction = self.database().write().await?;
        let user = self.asker(&mut transaction, by).await?;
        stored::rename(&mut transaction, user.id, id, name).await?;
        let shown = stored::one_of(&mut *transaction, user.id, id).await?.ok_or(ApiError::NotFound)?;
        transaction.commit().await?;
        Ok(shown)
    }

    /// Nobody signs in with it any more. Sessions that began with it go on.
    pub(crate) async fn remove_passkey(&self, by: &Changer, id: Uuid) -> Result<(), ApiError> {
        let mut transaction = self.database().write().await?;
        let (user, now) = (self.asker(&mut transaction, by).await?, self.now());
        if !stored::remove(&mut transaction, user.id, id).await? {
            return Err(ApiError::NotFound);
        }
        activity::record(&mut transaction, user.id, EventKind::PasskeyRemoved, &by.client, now).await?;
        let job = self.tell(&mut transaction, Topic::PasskeyRemoved, &user, &by.client).await?;
        transaction.commit().await?;
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(())
    }
}
