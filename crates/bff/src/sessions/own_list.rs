//! The list of sessions that a provider keeps by itself, beside ours.

use std::collections::HashMap;
use std::time::SystemTime;

use ironleaf_auth::{AccountError, OwnSession};
use ironleaf_records::{KnownSession, Principal};
use ironleaf_session::Record;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::person_session::PersonSession;
use crate::account_use_case::AccountUseCase;
use crate::{AccountFailure, Bff, Device};

/// The start of an identifier that is not ours.
const AT_PROVIDER: &str = "at-provider:";

/// The other sessions on the provider's list.
pub(super) struct OwnList(Vec<OwnSession>);

/// The provider does not show its list right now.
pub(super) struct NotShown;

/// `None` if the provider has no list.
pub(super) async fn of(
    account_use_case: &AccountUseCase,
    this: &Record<Principal>,
) -> Result<Option<Result<OwnList, NotShown>>, AccountFailure> {
    let AccountUseCase { use_case, core_api } = account_use_case;
    let bff = &use_case.bff;
    let Some(own) = bff.provider().own_sessions() else { return Ok(None) };
    let grant = this.payload.grant();
    let listed = timeout(bff.page_timeout(), own.list(core_api, grant)).await;
    match listed.unwrap_or_else(|_| Err(AccountError::Unavailable("it took too long".to_owned()))) {
        Ok(mut sessions) => {
            // Answers may have renewed the grant, and with it the mark.
            let now = use_case.session.current();
            let marks = [Some(grant), now.as_ref().map(|now| now.payload.grant())];
            let marks: Vec<_> = marks.into_iter().flatten().filter_map(|grant| own.mark(grant)).collect();
            sessions.retain(|session| !marks.contains(&session.mark));
            Ok(Some(Ok(OwnList(sessions))))
        }
        // The page says that some are missing, and what to do.
        Err(AccountError::NotRecent) => Ok(Some(Err(NotShown))),
        Err(AccountError::SignedOut) => Err(AccountFailure::SignedOut(core_api.signed_out_reason())),
        Err(error) => {
            tracing::warn!(provider = bff.provider().name(), %error, "the provider does not show its list of sessions");
            Ok(Some(Err(NotShown)))
        }
    }
}

impl OwnList {
    /// What we know of our sessions is more than what the provider knows: to it, they all come from this application. A
    /// session of ours that is not on its list is over.
    pub(super) fn merged_with(self, known: &[KnownSession]) -> Vec<PersonSession> {
        let by_mark: HashMap<_, _> =
            known.iter().filter_map(|known| Some((known.provider_mark.as_deref()?, known))).collect();
        let merged = |session: OwnSession| match by_mark.get(&*session.mark) {
            Some(known) => PersonSession::of(known),
            None => elsewhere(session),
        };
        self.0.into_iter().map(merged).collect()
    }
}

/// A session of another application, or one of ours that was not seen since there is a list.
fn elsewhere(session: OwnSession) -> PersonSession {
    let OwnSession { mark, created_at, last_seen, address, user_agent } = session;
    let begun = created_at.or(last_seen).unwrap_or(SystemTime::UNIX_EPOCH);
    PersonSession {
        id: format!("{AT_PROVIDER}{mark}"),
        device: Device::of(user_agent.as_deref().unwrap_or_default()),
        begun,
        last_seen: last_seen.unwrap_or(begun),
        address: address
            .and_then(|address| address.parse::<std::net::IpAddr>().ok())
            .map(|it| it.to_string()),
        is_this: false,
    }
}

/// The mark in the identifier of a session that is on the provider's list alone.
pub(super) fn mark_of(id: &str) -> Option<&str> {
    id.strip_prefix(AT_PROVIDER)
}

/// Ends such a session. Returns `false` if there is none.
pub(super) async fn end(
    account_use_case: &AccountUseCase,
    this: &Record<Principal>,
    mark: &str,
) -> Result<bool, AccountFailure> {
    let AccountUseCase { use_case, core_api } = account_use_case;
    let Some(own) = use_case.bff.provider().own_sessions() else { return Ok(false) };
    let ended = use_case.in_time(own.end(core_api, this.payload.grant(), mark)).await;
    ended.map_err(|error| AccountFailure::fold(&use_case.bff, error, core_api.signed_out_reason()))
}

/// Ends a session there that has ended here.
pub(super) fn end_in_background(account_use_case: &AccountUseCase, this: &Record<Principal>, mark: String) {
    let (account_use_case, grant) = (account_use_case.clone(), this.payload.grant().clone());
    in_background(&account_use_case.use_case.bff.clone(), async move {
        let AccountUseCase { use_case, core_api } = &account_use_case;
        match use_case.bff.provider().own_sessions() {
            Some(own) => own.end(core_api, &grant, &mark).await.map(drop),
            None => Ok(()),
        }
    });
}

/// Ends all others there that have ended here.
pub(super) fn end_others_in_background(account_use_case: &AccountUseCase) {
    let account_use_case = account_use_case.clone();
    in_background(&account_use_case.use_case.bff.clone(), async move {
        let AccountUseCase { use_case, core_api } = &account_use_case;
        match use_case.bff.provider().own_sessions() {
            Some(own) => own.end_others(core_api).await,
            None => Ok(()),
        }
    });
}

fn in_background(bff: &Bff, work: impl Future<Output = Result<(), AccountError>> + Send + 'static) {
    bff.spawn(Box::pin(async move { note(work.await) }.in_current_span()));
}

/// The same, and waits for it, as long as a sign-out waits for the provider.
pub(super) async fn end_others_in_time(account_use_case: &AccountUseCase) {
    let bff = &account_use_case.use_case.bff;
    let Some(own) = bff.provider().own_sessions() else { return };
    let ended = timeout(bff.sign_out_timeout(), own.end_others(&account_use_case.core_api)).await;
    note(ended.unwrap_or_else(|_| Err(AccountError::Unavailable("it took too long".to_owned()))));
}

/// Our own sessions are over in any case.
fn note(ended: Result<(), AccountError>) {
    if let Err(error) = ended {
        tracing::warn!(%error, "sessions that ended here could not be ended on the provider's own list");
    }
}
