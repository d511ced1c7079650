use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ironleaf_auth::{Caller, Ensured, SessionKey};
use ironleaf_session::Record;

use crate::{Bff, Principal, Problem, Session};

/// Renews the access token before a byte of the page is rendered, so that the new cookie leaves with that very page.
///
/// It belongs on the routes that call the core API, and on no others: everything else has to work while the core API is
/// down. A session that has ended passes on as an anonymous request; when neither a living access token nor the core
/// API is there, the answer is 503 and the session stays.
pub async fn refresh_before_rendering(State(bff): State<Bff>, request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<Session>().cloned() else {
        return crate::MissingLayer("SessionLayer").into_response();
    };
    if let Some(record) = session.current() {
        let caller = request.extensions().get::<Caller>().cloned().unwrap_or_default();
        let ensured = bff
            .lifecycle()
            .ensure_fresh(&caller, &session_key(&record), &record.payload.grant)
            .await;
        if let SessionAfterRefresh::Unavailable = apply(&session, ensured) {
            return Problem::unavailable().into_response();
        }
    }
    next.run(request).await
}

/// What a refresh has made of the session.
pub(crate) enum SessionAfterRefresh {
    /// There is an access token that can be tried.
    Usable,
    /// The provider said that the grant is over; the session is gone.
    Ended,
    /// No living access token and no answer from the provider; the session stays.
    Unavailable,
}

/// Writes the outcome of a refresh into the session.
pub(crate) fn apply(session: &Session, ensured: Ensured) -> SessionAfterRefresh {
    match ensured {
        Ensured::Current
        | Ensured::Unavailable {
            access_lives: true, ..
        } => SessionAfterRefresh::Usable,
        Ensured::Rotated(grant) => {
            session.rotate(|principal| principal.grant = grant);
            SessionAfterRefresh::Usable
        }
        Ensured::Ended(_) => {
            session.destroy();
            SessionAfterRefresh::Ended
        }
        Ensured::Unavailable {
            access_lives: false, ..
        } => SessionAfterRefresh::Unavailable,
    }
}

pub(crate) fn session_key(record: &Record<Principal>) -> SessionKey {
    SessionKey::new(record.id.as_bytes(), record.rotation)
}
