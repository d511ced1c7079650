//! Signing in with a passkey. The authenticator says whose it is, so no address is typed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential, WebauthnError};

use super::{
    RelyingParty,
    ceremony::{Begun, Ceremony, Purpose},
    stored::{self, Stored},
};
use crate::{
    CoreApi,
    activity::{self, EventKind},
    client::Client,
    error::ApiError,
    families::Origin,
    mail::Topic,
    sign_in::Start,
    timestamp::Timestamp,
    tokens::TokenPair,
    users::{self, Role},
};

pub(crate) struct PasskeySignIn {
    pub(crate) state: String,
    pub(crate) credential: serde_json::Value,
    /// Only a person with this role may sign in.
    pub(crate) role: Option<Role>,
    /// Ends every other family of this person.
    pub(crate) end_others: bool,
    pub(crate) client: Client,
}

/// The state of a sign-in, for anybody.
#[derive(Serialize, Deserialize)]
struct Begin {
    /// In milliseconds since 1970.
    begun_at: i64,
    authentication: DiscoverableAuthentication,
}

/// What a presented passkey is worth.
enum Verdict {
    Right(Box<Passkey>),
    Wrong,
    /// Its counter has not grown, but it was used since this sign-in began: the answers have overtaken each other.
    Overtaken,
    /// Its counter has not grown: there may be a copy.
    Copied,
}

impl CoreApi {
    /// Asks for any passkey of this application. It tells nobody whether there is one.
    pub(crate) fn begin_passkey_sign_in(&self) -> Result<Begun, ApiError> {
        let party = self.relying_party().ok_or(ApiError::NotFound)?;
        let (challenge, authentication) = party.webauthn().start_discoverable_authentication()?;
        let begin = Begin { begun_at: self.now().millis(), authentication };
        self.seal_ceremony(Purpose::SignIn, serde_json::to_value(challenge.public_key)?, &begin)
    }

    /// Signs in whoever the passkey belongs to. It counts as both steps, because the authenticator has verified the
    /// person.
    pub(crate) async fn sign_in_with_passkey(&self, attempt: PasskeySignIn) -> Result<TokenPair, ApiError> {
        let party = self.relying_party().ok_or(ApiError::InvalidToken)?;
        let ceremony = self.unseal_ceremony::<Begin>(Purpose::SignIn, &attempt.state)?;
        let PasskeySignIn { credential, role, end_others, client, .. } = attempt;
        let answer: PublicKeyCredential =
            serde_json::from_value(credential).map_err(|_| ApiError::InvalidCredentials)?;
        let (id, credential_id) = party
            .webauthn()
            .identify_discoverable_authentication(&answer)
            .map_err(|_| ApiError::InvalidCredentials)?;
        let known = stored::presented(self.database().read(), id, credential_id).await?;
        let known = known.ok_or(ApiError::InvalidCredentials)?;
        let after = match judge(party, &answer, &ceremony.state, &known) {
            Verdict::Right(after) => after,
            refused => return Err(self.refuse_passkey((id, &known), &refused, &ceremony, &client).await?),
        };

        let mut transaction = self.database().write().await?;
        let now = self.now();
        ceremony.complete(&mut transaction, now).await?;
        let user = users::by_id(&mut *transaction, id).await?.ok_or(ApiError::InvalidCredentials)?;
        if role.is_some_and(|role| !user.roles.contains(role)) {
            return Err(ApiError::InvalidCredentials);
        }
        if !stored::note_use(&mut transaction, &known, &after, now).await? {
            return Err(ApiError::InvalidCredentials);
        }
        self.start_family(transaction, Start { user, origin: Origin::Password, end_others, client: &client })
            .await
    }

    /// Records a refusal for the person of this passkey, and blocks one that was perhaps copied.
    async fn refuse_passkey(
        &self,
        (user, passkey): (Uuid, &Stored),
        verdict: &Verdict,
        ceremony: &Ceremony<Begin>,
        client: &Client,
    ) -> Result<ApiError, ApiError> {
        let mut transaction = self.database().write().await?;
        let now = self.now();
        if matches!(verdict, Verdict::Copied | Verdict::Overtaken) {
            // The signature is right. The same answer once more, such as by a proxy, shows no copy.
            ceremony.complete(&mut transaction, now).await?;
        }
        let Some(user) = users::by_id(&mut *transaction, user).await? else {
            return Ok(ApiError::InvalidCredentials);
        };
        activity::record(&mut transaction, user.id, EventKind::SignInFailed, client, now).await?;
        let mut job = None;
        if matches!(verdict, Verdict::Copied) && stored::block(&mut transaction, passkey.id, now).await? {
            activity::record(&mut transaction, user.id, EventKind::PasskeyBlocked, client, now).await?;
            job = self.tell(&mut transaction, Topic::PasskeyBlocked, &user, client).await?;
        }
        transaction.commit().await?;
        if let Some(job) = job {
            self.send_in_background(job);
        }
        Ok(match verdict {
            Verdict::Overtaken => ApiError::InvalidToken,
            _ => ApiError::InvalidCredentials,
        })
    }
}

fn judge(party: &RelyingParty, answer: &PublicKeyCredential, begin: &Begin, known: &Stored) -> Verdict {
    let authentication = begin.authentication.clone();
    match party.webauthn().finish_discoverable_authentication_v2(answer, authentication, &known.passkey) {
        Ok(result) if result.user_verified() && !known.is_blocked => {
            let mut after = known.passkey.clone();
            after.update_credential(&result);
            Verdict::Right(Box::new(after))
        }
        Ok(_) => Verdict::Wrong,
        Err(WebauthnError::CredentialPossibleCompromise) => {
            let begun_at = Timestamp::from_millis(begin.begun_at);
            let is_overtaken = known.last_used_at.is_some_and(|used_at| begun_at < used_at);
            if is_overtaken { Verdict::Overtaken } else { Verdict::Copied }
        }
        Err(error) => {
            tracing::info!(%error, "a passkey was refused");
            Verdict::Wrong
        }
    }
}
