use http::Extensions;

use crate::{MissingLayer, Problem, ProblemKind, Session};

/// Lets no session near a refresh that is over its budget as it stands, as after the budget was lowered.
///
/// The tokens that a refresh gives could not be kept, and the ones in the cookie would be spent: the person would be signed
/// out a few requests later. This way nothing is asked upstream, the answer is [`ProblemKind::SessionTooLarge`], and the
/// cookie is as good as before for when there is room again.
///
/// `extensions` are those of the request. It belongs in front of [`refresh_before_rendering`](crate::refresh_before_rendering).
///
/// # Errors
///
/// [`ProblemKind::SessionTooLarge`], or [`ProblemKind::Internal`] outside the session layer.
pub fn require_room_to_refresh(extensions: &Extensions) -> Result<(), Problem> {
    let session = extensions.get::<Session>().ok_or(MissingLayer("SessionLayer"))?;
    if has_room_to_refresh(session) { Ok(()) } else { Err(Problem::new(ProblemKind::SessionTooLarge)) }
}

/// Logs where there is none.
pub(crate) fn has_room_to_refresh(session: &Session) -> bool {
    let fits = session.fits();
    if let Err(error) = fits {
        tracing::error!("{error}; its tokens are not renewed");
    }
    fits.is_ok()
}
