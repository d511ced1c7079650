use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ironleaf_auth::{Caller, EndReason, Ensured, SessionKey};
use ironleaf_session::{Arrival, Record};

use crate::principal::Principal;
use crate::{Bff, MissingLayer, Problem, Session, SignedOutReason};

/// Renews the access token before a byte of the page is rendered, so that the new cookie leaves with that very page.
///
/// It belongs on the routes that call the core API, and on no others: everything else has to work while the core API is
/// down. A session that has ended passes on as an anonymous request; when neither a living access token nor the core
/// API is there, the answer is 503 and the session stays.
pub async fn refresh_before_rendering(State(bff): State<Bff>, mut request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<Session>().cloned() else {
        return MissingLayer("SessionLayer").into_response();
    };
    if let Some(record) = session.current() {
        let caller = request.extensions().get::<Caller>().cloned().unwrap_or_default();
        let ensured =
            bff.lifecycle().ensure_fresh(&caller, &session_key(&record), &record.payload.grant).await;
        match apply(&bff, &session, &record, ensured).await {
            AfterRefresh::Usable => {}
            AfterRefresh::Unavailable => return Problem::unavailable().into_response(),
            AfterRefresh::Ended(reason) => {
                request.extensions_mut().insert(reason);
            }
        }
    }
    if session.arrival() == Arrival::Expired {
        // The reason is said once; the cookie that brought it goes.
        request.extensions_mut().insert(SignedOutReason::TimedOut);
        session.destroy();
    }
    next.run(request).await
}

/// What a refresh has made of the session.
pub(crate) enum AfterRefresh {
    /// There is an access token that can be tried.
    Usable,
    /// The provider said that the grant is over; the session is gone.
    Ended(SignedOutReason),
    /// No living access token and no answer from the provider; the session stays.
    Unavailable,
}

/// Writes the outcome of a refresh into the session.
pub(crate) async fn apply(
    bff: &Bff,
    session: &Session,
    record: &Record<Principal>,
    ensured: Ensured,
) -> AfterRefresh {
    match ensured {
        Ensured::Current | Ensured::Unavailable { access_lives: true, .. } => AfterRefresh::Usable,
        Ensured::Rotated(grant) => {
            session.rotate(|principal| principal.grant = grant);
            AfterRefresh::Usable
        }
        Ensured::Ended(rejection) => {
            session.destroy();
            bff.provider().on_end(&record.payload.grant, EndReason::Rejected(rejection)).await;
            AfterRefresh::Ended(SignedOutReason::Rejected(rejection))
        }
        Ensured::Unavailable { access_lives: false, .. } => AfterRefresh::Unavailable,
    }
}

pub(crate) fn session_key(record: &Record<Principal>) -> SessionKey {
    SessionKey::new(record.id.as_bytes(), record.rotation)
}
