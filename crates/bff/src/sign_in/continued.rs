use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{EmailAddress, EndReason, Head, HeadState, Heads as _, HeadsError, Identity, Keep};
use ironleaf_records::{Principal, session_key};
use ironleaf_session::{Beginning, Record};

use crate::Bff;
use crate::account::LATE_SIGN_IN;
use crate::ending::Ending;
use crate::limits::Subject;
use crate::use_case::UseCase;

impl UseCase {
    /// Continues the session of the request under a new identifier (ASVS 7.2.4), with the grant that it has, as the only
    /// session of the person. For a change after which the provider signs nobody in without a second step.
    ///
    /// The time at which the person proved who they are stays as it was: nobody has presented a code.
    ///
    /// If the session cannot continue like this, it stays as it is, and the others end all the same. The error is for
    /// the log.
    pub(crate) async fn continue_alone(&self, reason: EndReason) -> Result<(), String> {
        let previous = self.session.current().ok_or_else(|| "nobody is signed in".to_owned())?;
        let continued = self.continue_anew(&previous, reason).await;
        if continued.is_err() {
            let (bff, caller, owner) = (self.bff.clone(), self.caller.clone(), previous.owner);
            let ending = Ending { bff, caller, owner, reason };
            let others = ending.known_but(&previous).await;
            self.bff.bury_others(&previous, ending.after_all(&others), reason).await;
        }
        continued
    }

    async fn continue_anew(
        &self,
        previous: &Arc<Record<Principal>>,
        reason: EndReason,
    ) -> Result<(), String> {
        let Self { bff, session, .. } = self;
        let account = account_of(previous.payload.identity());
        let _spent =
            self.spend(Subject::SignIn(&account)).await.map_err(|_| "too many sign-ins".to_owned())?;
        let (owner, provider_sid) = (previous.owner, previous.provider_sid.clone());
        let newest_end = self.newest_end(&owner, provider_sid.as_deref()).await;
        // SECURITY: a session that was ended meanwhile must not come back by this.
        if !is_newest(bff, previous).await.map_err(|error| error.to_string())? {
            return Err("the session has ended or has another grant by now".to_owned());
        }
        let beginning = Beginning {
            owner,
            not_before: newest_end.map(|end| end + Duration::from_millis(1)).max(self.after_previous(&owner)),
            authenticated_at: Some(previous.authenticated_at),
            provider_sid,
        };
        let begun = session.insert(previous.payload.clone(), beginning).zip(session.current());
        let (leaving, begun) = begun.ok_or_else(|| "the answer has left already".to_owned())?;
        self.follow(leaving, Arc::clone(&begun), Some(Arc::clone(previous)));
        bff.bury_owner(owner, begun.created_at, reason).await;
        Ok(())
    }
}

/// Whether the session lives, and nobody has renewed its grant or is about to.
async fn is_newest(bff: &Bff, record: &Record<Principal>) -> Result<bool, HeadsError> {
    let (records, key) = (bff.records(), session_key(record));
    let is_newest = records
        .read(&key)
        .await?
        .is_none_or(|kept| kept.head.state == HeadState::Idle && kept.head.rotation <= record.rotation);
    Ok(is_newest && records.ended(&key, record.payload.grant()).await?.is_none())
}

/// Writes down that nobody has to be told of the end of this session, because another one has its grant.
///
/// SECURITY: otherwise whoever has a copy of its cookie could have that grant revoked.
pub(super) async fn hand_on(bff: &Bff, over: &Record<Principal>) {
    let (records, key) = (bff.records(), session_key(over));
    let life = bff.session_settings().absolute_timeout + LATE_SIGN_IN;
    let keep = Keep { mark: life, grant: life, only_with_grant: false };
    let state = HeadState::Dead(EndReason::Replaced);
    let head = Head { rotation: over.rotation, state, not_before: None, grant: None, shown: true };
    let written = async {
        let version = records.read(&key).await?.map(|kept| kept.version);
        records.write(&key, version, &head, keep).await
    };
    match written.await {
        Ok(Some(_)) => {}
        Ok(None) => tracing::warn!("a session that handed on its grant has changed meanwhile"),
        Err(error) => tracing::warn!(%error, "it is not stored that a session has handed on its grant"),
    }
}

/// What the sign-ins of a person are counted by.
pub(super) fn account_of(identity: &Identity) -> String {
    let address = identity.email.as_deref().and_then(EmailAddress::parse);
    address.map_or_else(|| identity.id.clone(), |address| address.as_str().to_owned())
}
