use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::{MissingLayer, Problem, ProblemKind, Session};

/// Lets no session near a refresh that is over its budget as it stands, as after the budget was lowered.
///
/// The tokens that a refresh gives could not be kept, and the ones in the cookie would be spent: the person would be signed
/// out a few requests later. This way nothing is asked upstream, the answer is [`ProblemKind::SessionTooLarge`], and the
/// cookie is as good as before for when there is room again.
///
/// It belongs in front of [`refresh_before_rendering`](crate::refresh_before_rendering).
pub async fn require_room_to_refresh(request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<Session>() else {
        return MissingLayer("SessionLayer").into_response();
    };
    if !has_room_to_refresh(session) {
        return Problem::new(ProblemKind::SessionTooLarge).into_response();
    }
    next.run(request).await
}

/// Logs where there is none.
pub(crate) fn has_room_to_refresh(session: &Session) -> bool {
    let fits = session.fits();
    if let Err(error) = fits {
        tracing::error!("{error}; its tokens are not renewed");
    }
    fits.is_ok()
}
