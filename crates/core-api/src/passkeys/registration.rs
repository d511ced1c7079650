//! Adding a passkey to one's own account.

use std::fmt::Display;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

use super::{
    RelyingParty,
    ceremony::{Begun, Purpose},
    stored::{self, MAX_PASSKEYS, Shown},
};
use crate::{
    CoreApi,
    accounts::Changer,
    activity::{self, EventKind},
    error::{ApiError, Issue},
    users::User,
};

/// What a browser has answered, and what it was asked.
pub(crate) struct NewPasskey {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) credential: Value,
}

/// The state of a registration, for one person.
#[derive(Serialize, Deserialize)]
struct Begin {
    user: Uuid,
    registration: PasskeyRegistration,
}

impl CoreApi {
    /// Asks for a passkey which the authenticator offers by itself, without an address typed before. It changes
    /// nothing.
    pub(crate) async fn begin_passkey(&self, user: &User) -> Result<Begun, ApiError> {
        let party = self.relying_party().ok_or(ApiError::NotFound)?;
        may_have_passkeys(user)?;
        let known = stored::credential_ids(self.database().read(), user.id).await?;
        if known.len() >= MAX_PASSKEYS {
            return Err(ApiError::TooManyPasskeys);
        }
        // The list of those that are not wanted again is for the browser. One of them is told by the table:
        // webauthn-rs would answer it with the error of another mistake.
        let (challenge, registration) =
            party.webauthn().start_passkey_registration(user.id, &user.email, &user.email, None)?;
        let mut options = serde_json::to_value(challenge.public_key)?;
        options["excludeCredentials"] = known.iter().map(|id| excluded(id)).collect();
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        self.seal_ceremony(Purpose::Registration, options, &Begin { user: user.id, registration })
    }

    /// Adds what the authenticator has made.
    pub(crate) async fn add_passkey(&self, by: &Changer, new: NewPasskey) -> Result<Shown, ApiError> {
        let party = self.relying_party().ok_or(ApiError::NotFound)?;
        let ceremony = self.unseal_ceremony::<Begin>(Purpose::Registration, &new.state)?;
        if ceremony.state.user != by.user {
            return Err(ApiError::InvalidToken);
        }
        let passkey = verified(party, new.credential, &ceremony.state.registration)?;

        let mut transaction = self.database().write().await?;
        let (user, now, id) = (self.asker(&mut transaction, by).await?, self.now(), self.new_id());
        may_have_passkeys(&user)?;
        ceremony.complete(&mut transaction, now).await?;
        if stored::credential_ids(&mut *transaction, user.id).await?.len() >= MAX_PASSKEYS {
            return Err(ApiError::TooManyPasskeys);
        }
        if !stored::insert(&mut transaction, user.id, id, (&new.name, &passkey), now).await? {
            return Err(ApiError::PasskeyKnown);
        }
        activity::record(&mut transaction, user.id, EventKind::PasskeyAdded, &by.client, now).await?;
        let job = self.tell_of_passkey(&mut transaction, &user, &by.client).await?;
        let shown = stored::one_of(&mut *transaction, user.id, id).await?.ok_or(ApiError::NotFound)?;
        transaction.commit().await?;
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(shown)
    }
}

/// SECURITY: the address may be somebody else's, who must not find a stranger's passkey in the account later.
fn may_have_passkeys(user: &User) -> Result<(), ApiError> {
    if user.roles.verified { Ok(()) } else { Err(ApiError::Unverified) }
}

/// `PublicKeyCredentialDescriptorJSON`.
fn excluded(credential_id: &[u8]) -> Value {
    json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(credential_id) })
}

fn verified(
    party: &RelyingParty,
    credential: Value,
    begun: &PasskeyRegistration,
) -> Result<Passkey, ApiError> {
    let credential: RegisterPublicKeyCredential =
        serde_json::from_value(credential).map_err(|error| refused(&error))?;
    party.webauthn().finish_passkey_registration(&credential, begun).map_err(|error| refused(&error))
}

fn refused(error: &dyn Display) -> ApiError {
    tracing::info!(%error, "a new passkey was refused");
    ApiError::Validation(vec![Issue {
        path: Some("credential"),
        message: "Invalid credential".into(),
        code: "invalid_value",
    }])
}
