mod own_list;
mod person_session;

use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::request::Parts;
use ironleaf_auth::EndReason;
use ironleaf_records::{Principal, SessionName};
use ironleaf_session::Record;
use ironleaf_store::StoreError;

pub use self::person_session::PersonSession;
use crate::account_use_case::AccountUseCase;
use crate::detached::run_detached;
use crate::ending::Ending;
use crate::request_context::caller;
use crate::sign_out::sign_out;
use crate::{AccountFailure, Bff, Device, signed_in_recently};

/// The sessions of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSessions {
    /// That of this request first, then the one that was seen last.
    pub sessions: Vec<PersonSession>,
    /// Whether all are there that are known. If not, the store or the provider does not answer right now.
    pub is_complete: bool,
}

/// What [`end_session`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The session is over.
    Ended,
    /// It was the session of the request: the person is signed out, as by [`sign_out`](crate::sign_out). There may be an
    /// address at which the browser ends the provider's own session.
    SignedOut(Option<String>),
    /// The person has no such session, or has none any more.
    Unknown,
}

/// The sessions of the signed-in person.
///
/// There are at most a thousand, those that were seen last. What ended in any way is not among them. If the provider has
/// a list of its own, that list counts: it has the sessions of other applications, too, and this returns what is known
/// of each. While it does not answer, or wants a more recent sign-in for it, our own list is returned.
///
/// # Errors
///
/// [`AccountFailure::SignedOut`]; [`AccountFailure::Unavailable`] and [`AccountFailure::SessionTooLarge`] if this session
/// cannot be used.
pub async fn sessions(parts: &Parts) -> Result<PersonSessions, AccountFailure> {
    let (account_use_case, bff, this) = begin(parts)?;
    let known = bff.records().sessions(&this.owner).await.map_err(|error| unavailable(&error));
    let mut is_complete = known.is_ok();
    let known = known.unwrap_or_default().into_iter().filter(|session| session.id != this.id);
    let known: Vec<_> = known.collect();
    let mut sessions = match own_list::of(&account_use_case, &this).await? {
        Some(Ok(own)) => own.merged_with(&known),
        Some(Err(own_list::NotShown)) => {
            is_complete = false;
            known.iter().map(PersonSession::of).collect()
        }
        None => known.iter().map(PersonSession::of).collect(),
    };
    sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen));
    sessions.insert(0, this_session(parts, &bff, &this));
    Ok(PersonSessions { sessions, is_complete })
}

/// Ends one of the person's sessions. No replica accepts its cookie from the next request on, and its newest grant is
/// revoked in the background, if it is known here. Otherwise the provider is told when the cookie comes next. A session
/// of another application on the provider's own list ends there.
///
/// The work continues if the connection is closed. `back` is as with [`sign_out`](crate::sign_out).
///
/// # Errors
///
/// [`AccountFailure::SignedOut`], [`AccountFailure::NotRecent`], [`AccountFailure::TooManyRequests`],
/// [`AccountFailure::Unavailable`].
///
/// # Security
///
/// It needs a recent sign-in (ASVS 7.5.2), see [`signed_in_recently`]. The session of another person is unknown.
pub async fn end_session(parts: &Parts, id: &str, back: &str) -> Result<SessionEnd, AccountFailure> {
    let (account_use_case, bff, this) = begin_change(parts)?;
    if let Some(mark) = own_list::mark_of(id) {
        let is_over = own_list::end(&account_use_case, &this, mark).await?;
        return Ok(if is_over { SessionEnd::Ended } else { SessionEnd::Unknown });
    }
    let Ok(name) = id.parse::<SessionName>() else { return Ok(SessionEnd::Unknown) };
    if name == SessionName::of(this.id) {
        return Ok(SessionEnd::SignedOut(sign_out(parts, back).await));
    }
    let found = bff.records().session(&this.owner, name).await.map_err(|error| unavailable(&error))?;
    let Some(session) = found else { return Ok(SessionEnd::Unknown) };
    let ending = Ending {
        bff: bff.clone(),
        caller: caller(parts),
        owner: this.owner,
        reason: EndReason::EndedByPerson,
    };
    let work = async move {
        let Ending { bff, owner, .. } = &ending;
        let is_stored = bff.bury_one(session.id, *owner, session.created_at, EndReason::EndedByPerson).await;
        if let Some(mark) = session.provider_mark.clone() {
            own_list::end_in_background(&account_use_case, &this, mark);
        }
        ending.revoke_in_background(vec![session]);
        is_stored
    };
    stored(run_detached(&bff, work).await).map(|()| SessionEnd::Ended)
}

/// Ends all sessions of the person but that of this request, whether they are [listed](sessions) or not, and all others
/// on the provider's own list.
///
/// # Errors
///
/// As [`end_session`].
///
/// # Security
///
/// As [`end_session`].
pub async fn end_other_sessions(parts: &Parts) -> Result<(), AccountFailure> {
    let (account_use_case, bff, this) = begin_change(parts)?;
    let ending = Ending {
        bff: bff.clone(),
        caller: caller(parts),
        owner: this.owner,
        reason: EndReason::EndedByPerson,
    };
    let work = async move {
        let others = ending.known_but(&this).await;
        let not_before = ending.after_all(&others);
        let is_stored = ending.bff.bury_others(&this, not_before, EndReason::EndedByPerson).await;
        own_list::end_others_in_background(&account_use_case);
        ending.revoke_in_background(others);
        is_stored
    };
    stored(run_detached(&bff, work).await)
}

/// Ends all sessions of the person and signs them out, as [`sign_out`](crate::sign_out) does with `back`. There may be an
/// address at which the browser ends the provider's own session.
///
/// As a sign-out, it does not fail with the store: an end that is not stored yet is stored once the store is back.
///
/// # Errors
///
/// As [`end_session`].
///
/// # Security
///
/// As [`end_session`].
pub async fn end_all_sessions(parts: &Parts, back: &str) -> Result<Option<String>, AccountFailure> {
    let (account_use_case, bff, this) = begin_change(parts)?;
    let ending = Ending {
        bff: bff.clone(),
        caller: caller(parts),
        owner: this.owner,
        reason: EndReason::EndedByPerson,
    };
    let work = async move {
        let others = ending.known_but(&this).await;
        let not_before = ending.after_all(&others).max(this.created_at + Duration::from_millis(1));
        // While this session lives: by its grant, the provider knows who asks.
        own_list::end_others_in_time(&account_use_case).await;
        ending.bff.bury_owner(ending.owner, not_before, EndReason::EndedByPerson).await;
        ending.revoke_in_background(others);
    };
    run_detached(&bff, work).await.ok_or_else(AccountFailure::dropped)?;
    Ok(sign_out(parts, back).await)
}

/// An end that is not stored yet is stored later. Until then nobody is told that it is done.
fn stored(is_stored: Option<bool>) -> Result<(), AccountFailure> {
    match is_stored {
        Some(true) => Ok(()),
        Some(false) => Err(AccountFailure::Unavailable),
        None => Err(AccountFailure::dropped()),
    }
}

type Begun = (AccountUseCase, Bff, Arc<Record<Principal>>);

fn begin(parts: &Parts) -> Result<Begun, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let bff = account_use_case.use_case.bff.clone();
    let this = account_use_case.use_case.session.current().ok_or(AccountFailure::SignedOut(None))?;
    Ok((account_use_case, bff, this))
}

fn begin_change(parts: &Parts) -> Result<Begun, AccountFailure> {
    let begun = begin(parts)?;
    if signed_in_recently(parts) { Ok(begun) } else { Err(AccountFailure::NotRecent) }
}

/// The session of this request. It is seen right now, whatever the store knows of it.
fn this_session(parts: &Parts, bff: &Bff, this: &Record<Principal>) -> PersonSession {
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    PersonSession {
        id: SessionName::of(this.id).to_string(),
        device: Device::of(user_agent),
        begun: this.created_at,
        last_seen: bff.now(),
        address: caller(parts).client_ip.map(|address| address.to_canonical().to_string()),
        is_this: true,
    }
}

fn unavailable(error: &StoreError) -> AccountFailure {
    tracing::warn!(error = error.detail(), "a person's sessions could not be listed");
    AccountFailure::Unavailable
}
