use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use http::header::USER_AGENT;
use ironleaf_auth::Caller;
use ironleaf_records::{Seen, SessionName};
use ironleaf_session::Identity;
use tracing::Instrument as _;

use super::noted::GOOD_FOR;
use crate::{Bff, Session};

/// Answers the request, and then notes that its session was seen, for the list of the person's sessions. Call it right
/// inside the session layer.
///
/// A request that [does not count as a use](ironleaf_session::Session::let_rest) is not noted: a page that asks by itself
/// does not show that its person is there. A session is noted when it begins, and whenever the last note is older than
/// ten minutes. No request waits for the note, and a note that fails costs nothing but itself.
pub async fn note_session<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let (bff, session) =
        (request.extensions().get::<Bff>().cloned(), request.extensions().get::<Session>().cloned());
    let caller = request.extensions().get::<Caller>().cloned();
    let user_agent = request.headers().get(USER_AGENT).cloned();
    let response = next(request).await;
    if let (Some(bff), Some(session)) = (bff, session) {
        let user_agent = user_agent.as_ref().map(HeaderValue::as_bytes).unwrap_or_default();
        note(&bff, &session, &caller.unwrap_or_default(), user_agent);
    }
    response
}

fn note(bff: &Bff, session: &Session, caller: &Caller, user_agent: &[u8]) {
    // A guest has no account and no list. Whether an unchecked session lives is not known, and its store is away.
    let living = session.peek().filter(|record| !record.payload.identity().is_guest);
    let Some(record) = living.filter(|_| session.is_checked() && !session.rests()) else { return };
    let now = bff.now();
    if !bff.noted().is_due(SessionName::of(record.id), now) {
        return;
    }
    let identity = Identity::from(&*record);
    let address = caller.client_ip;
    let provider_mark = bff.provider().own_sessions().and_then(|own| own.mark(record.payload.grant()));
    let user_agent = String::from_utf8_lossy(user_agent).into_owned();
    // The entry ends with the session, if nobody comes again: the next note may come as much later than the last
    // request.
    let longest_rest = bff.session_settings().longest_rest(&record.payload) + GOOD_FOR;
    let end = record.payload.grant().refresh_expires_at.and_then(|end| end.duration_since(now).ok());
    let (records, good_until) =
        (bff.records().clone(), end.map_or(longest_rest, |end| end.min(longest_rest)));
    let work = async move {
        let provider_mark = provider_mark.as_deref();
        let seen = Seen { at: now, address, user_agent: &user_agent, provider_mark };
        if let Err(error) = records.note_session(&identity, &seen, good_until, GOOD_FOR).await {
            tracing::debug!(
                error = error.detail(),
                "a session was not noted for the list of its person's sessions"
            );
        }
    };
    bff.spawn(Box::pin(work.in_current_span()));
}
