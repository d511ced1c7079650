use http::Extensions;

use crate::{MissingLayer, Problem, ProblemKind, Session};

/// Refuses to refresh a session that is already over its budget, for example after the budget was lowered.
///
/// The new tokens could not be stored, and those in the cookie would be spent: the person would be signed out a few
/// requests later. So nothing is asked upstream, the answer is [`ProblemKind::SessionTooLarge`], and the cookie stays
/// valid until there is room again.
///
/// `extensions` are those of the request. Call this before
/// [`refresh_before_rendering`](crate::refresh_before_rendering).
///
/// # Errors
///
/// [`ProblemKind::SessionTooLarge`], or [`ProblemKind::Internal`] outside the session layer.
pub fn require_room_to_refresh(extensions: &Extensions) -> Result<(), Problem> {
    let session = extensions.get::<Session>().ok_or(MissingLayer("SessionLayer"))?;
    if has_room_to_refresh(session) { Ok(()) } else { Err(Problem::new(ProblemKind::SessionTooLarge)) }
}

/// Logs a session without room.
pub(crate) fn has_room_to_refresh(session: &Session) -> bool {
    let fits = session.fits();
    if let Err(error) = fits {
        tracing::error!("{error}; its tokens are not renewed");
    }
    fits.is_ok()
}
