use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use http::header::USER_AGENT;
use ironleaf_auth::Caller;
use ironleaf_records::{Seen, SessionName};
use ironleaf_session::Identity;
use tracing::Instrument as _;

use crate::{Bff, Session};

/// How long a note is good for: "last seen" is as exact as this.
const GOOD_FOR: Duration = Duration::from_mins(10);

/// How many sessions this process remembers to have noted: some megabytes. A forgotten one is looked up in the store.
const MAX_NOTED: usize = 50_000;

/// Answers the request, and then notes that its session was seen, for the list of the person's sessions. Call it right
/// inside the session layer.
///
/// A session is noted when it begins, and whenever the last note is older than ten minutes. No request waits for the
/// note, and a note that fails costs nothing but itself.
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
    let Some(record) = living.filter(|_| session.is_checked()) else { return };
    let now = bff.now();
    if !bff.noted().is_due(SessionName::of(record.id), now) {
        return;
    }
    let identity = Identity::from(&*record);
    let address = caller.client_ip;
    let provider_mark = bff.provider().own_sessions().and_then(|own| own.mark(record.payload.grant()));
    let user_agent = String::from_utf8_lossy(user_agent).into_owned();
    let (records, idle_timeout) = (bff.records().clone(), bff.session_settings().idle_timeout);
    let work = async move {
        let provider_mark = provider_mark.as_deref();
        let seen = Seen { at: now, address, user_agent: &user_agent, provider_mark };
        if let Err(error) = records.note_session(&identity, &seen, idle_timeout, GOOD_FOR).await {
            tracing::debug!(
                error = error.detail(),
                "a session was not noted for the list of its person's sessions"
            );
        }
    };
    bff.spawn(Box::pin(work.in_current_span()));
}

/// Which sessions this process has noted, and when.
#[derive(Default)]
pub(crate) struct Noted(Mutex<HashMap<SessionName, SystemTime>>);

impl Noted {
    /// Whether the session has to be noted now. From then on, it is noted.
    fn is_due(&self, session: SessionName, now: SystemTime) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age < GOOD_FOR);
        if noted.get(&session).is_some_and(is_good) {
            return false;
        }
        if noted.len() >= MAX_NOTED {
            noted.retain(|_, at| is_good(at));
        }
        if noted.len() >= MAX_NOTED {
            noted.clear();
        }
        noted.insert(session, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use ironleaf_session::SessionId;

    use super::*;

    fn name(number: u32) -> SessionName {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        SessionName::of(SessionId::from_bytes(id))
    }

    #[test]
    fn a_session_is_due_every_ten_minutes_and_after_a_clock_that_was_ahead() {
        let noted = Noted::default();
        let at = |mins| UNIX_EPOCH + Duration::from_hours(1) + Duration::from_mins(mins);
        for (mins, due) in [(0, true), (0, false), (9, false), (10, true), (19, false), (5, true), (5, false)]
        {
            assert_eq!(noted.is_due(name(1), at(mins)), due, "{mins}");
        }
        assert!(noted.is_due(name(2), at(5)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let noted = Noted::default();
        let most = u32::try_from(MAX_NOTED).unwrap();
        for number in 0..2 * most {
            assert!(noted.is_due(name(number), UNIX_EPOCH));
        }
        assert!(noted.0.lock().unwrap().len() <= MAX_NOTED);
        assert!(!noted.is_due(name(2 * most - 1), UNIX_EPOCH));
    }
}
