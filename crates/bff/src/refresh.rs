use std::sync::Arc;

use http::Extensions;
use ironleaf_auth::{Caller, EndReason, Ensured, HeadRead, HeadsError, Rotated};
use ironleaf_records::{ArrivedHead, Principal, session_key};
use ironleaf_session::{Arrival, Record};
use tokio::time::Instant;

use crate::ended_session::tidy_up;
use crate::guest_end::GuestMayFollow;
use crate::sign_out::end;
use crate::{Bff, MissingLayer, Problem, Session, SignedOutReason};

/// Renews the access token before any byte of the page is rendered, so that the new cookie is sent with that page.
///
/// `extensions` are those of the request. Use this only before calls to the core API: everything else must work while
/// the core API is down. A request whose session has ended continues as anonymous. If there is neither a valid access
/// token nor a core API, the answer is 503 and the session stays.
///
/// # Errors
///
/// [`ProblemKind::Unavailable`](crate::ProblemKind::Unavailable), or
/// [`ProblemKind::Internal`](crate::ProblemKind::Internal) outside the session layer.
pub async fn refresh_before_rendering(bff: &Bff, extensions: &mut Extensions) -> Result<(), Problem> {
    let session = extensions.get::<Session>().cloned().ok_or(MissingLayer("SessionLayer"))?;
    let mut deadline = Instant::now() + bff.page_timeout();
    if let Some(record) = session.current() {
        let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
        let head = arrived_head(&session, extensions);
        match ensure_fresh(bff, &session, &record, &caller, head).await {
            AfterRefresh::Usable => {
                deadline = deadline_after_refresh(bff, &session, &record, deadline);
            }
            AfterRefresh::Unavailable(problem) => return Err(problem),
            // A guest was not signed in, and is not told that they no longer are.
            AfterRefresh::Ended(EndReason::Replaced) if record.payload.identity().is_guest => {}
            AfterRefresh::Ended(_) if record.payload.identity().is_guest => {
                extensions.insert(GuestMayFollow);
            }
            AfterRefresh::Ended(reason) => {
                extensions.insert(SignedOutReason::from(reason));
            }
        }
    }
    tidy_up(bff, &session, extensions);
    if let Some(reason) = SignedOutReason::on_arrival(&session, extensions) {
        reason.note();
        extensions.insert(reason);
    }
    #[cfg(feature = "mutants")]
    if session.arrival() == Arrival::Unknown
        && ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::CookieRemovedOnUnknownKey)
    {
        session.destroy();
    }
    extensions.insert(Refreshed { deadline });
    Ok(())
}

/// The request has passed [`refresh_before_rendering`].
#[derive(Clone, Copy)]
pub(crate) struct Refreshed {
    /// When it stops waiting for the core API.
    pub(crate) deadline: Instant,
}

/// When a request with an access token stops waiting for the core API. A request that has waited for a new token, and
/// has got it, has as much time for its page as any other.
pub(crate) fn deadline_after_refresh(
    bff: &Bff,
    session: &Session,
    came_with: &Record<Principal>,
    deadline: Instant,
) -> Instant {
    let is_renewed = session.current().is_some_and(|current| current.rotation != came_with.rotation);
    if is_renewed { deadline.max(Instant::now() + bff.page_timeout()) } else { deadline }
}

/// The state of the session after a refresh.
pub(crate) enum AfterRefresh {
    /// There is an access token to try.
    Usable,
    /// The session is over.
    Ended(EndReason),
    /// There is neither a valid access token nor an answer of the provider. The session stays.
    Unavailable(Problem),
}

/// The head as the session layer has read it.
pub(crate) fn arrived_head(session: &Session, extensions: &Extensions) -> Option<HeadRead> {
    if session.arrival() == Arrival::Unchecked {
        return Some(Err(HeadsError("the store did not answer when the session came in".to_owned())));
    }
    extensions.get::<ArrivedHead>().map(|ArrivedHead(head)| head.clone())
}

pub(crate) async fn ensure_fresh(
    bff: &Bff,
    session: &Session,
    record: &Arc<Record<Principal>>,
    caller: &Caller,
    head: Option<HeadRead>,
) -> AfterRefresh {
    let key = session_key(record);
    let head = match head {
        Some(head) => head,
        None => bff.lifecycle().read_head(&key).await,
    };
    let ensured = bff.lifecycle().ensure_fresh(caller, &key, record.payload.grant(), head).await;
    apply(bff, session, caller, ensured).await
}

/// Writes the outcome of a refresh into the session.
pub(crate) async fn apply(bff: &Bff, session: &Session, caller: &Caller, ensured: Ensured) -> AfterRefresh {
    match ensured {
        Ensured::Usable(newest) => {
            adopt(session, newest);
            end_if_not_admitted(bff, session, caller).await
        }
        Ensured::Ended(reason) => {
            // The cookie stays until the person is told. The head already tells everybody that the session is over.
            session.disregard();
            SignedOutReason::from(reason).note();
            AfterRefresh::Ended(reason)
        }
        Ensured::Unavailable { newest, access_lives, retry_after, detail } => {
            adopt(session, newest);
            if access_lives {
                return end_if_not_admitted(bff, session, caller).await;
            }
            tracing::warn!(detail, "a session could not be refreshed; it is kept");
            let problem = Problem::unavailable();
            let retry_after = retry_after.max(problem.retry_after);
            AfterRefresh::Unavailable(Problem { retry_after, ..problem })
        }
    }
}

/// Ends the session of a person whose renewed roles no longer allow them in.
async fn end_if_not_admitted(bff: &Bff, session: &Session, caller: &Caller) -> AfterRefresh {
    let Some(record) = session.current().filter(|record| !bff.admits(record.payload.identity())) else {
        return AfterRefresh::Usable;
    };
    session.disregard();
    let reason = EndReason::NotAllowed;
    SignedOutReason::from(reason).note();
    // Otherwise the sign-in page, which comes next, would find the cookie with the old roles, and lead back here.
    end(bff, caller, &record, reason).await;
    AfterRefresh::Ended(reason)
}

pub(crate) fn adopt(session: &Session, newest: Option<Rotated>) {
    let Some((Rotated { rotation, grant }, current)) = newest.zip(session.current()) else {
        return;
    };
    let provider_sid = grant.provider_sid.clone().or_else(|| current.provider_sid.clone());
    session.adopt(rotation, current.payload.with_grant(grant), provider_sid);
}
