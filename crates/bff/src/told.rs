//! What happens to the cookie of a session that is over: it goes with the answer that tells the person so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Request;
use axum::response::Response;
use ironleaf_session::Flash;

use crate::sign_in_mark::Traces;
use crate::{Bff, Session};

/// Whether the answer to this request tells that the session is over. It is in the extensions of the request.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<AtomicBool>);

impl Told {
    /// Call it where the reason is handed out.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The session of this request is left out because of a setting, and is not over. It is in the extensions of the
/// request.
#[derive(Clone, Copy)]
pub(crate) struct LeftOut;

/// Runs the rest, and removes the cookie of a session that is over from an answer that says so. Call it right inside
/// the session layer.
///
/// The cookie stays as long as nobody has been told, so that the person learns the reason, and learns it once. It also
/// stays if somebody is signing in or has just signed in here: an answer that is slow would remove the cookie of the new
/// session, which has the same name. The next answer then removes it, or the new cookie takes its place.
pub async fn forget_told_session<F>(mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let told = Told::default();
    let extensions = request.extensions_mut();
    extensions.insert(told.clone());
    let (bff, session) = (extensions.get::<Bff>().cloned(), extensions.get::<Session>().cloned());
    let flash = extensions.get::<Flash>().cloned();
    let is_left_out = extensions.get::<LeftOut>().is_some();
    let response = next(request).await;
    if let (Some(bff), Some(session), true, false) = (bff, session, told.is_noted(), is_left_out) {
        forget(&bff, &session, flash.as_ref()).await;
    }
    response
}

async fn forget(bff: &Bff, session: &Session, flash: Option<&Flash>) {
    if session.current().is_some() {
        return;
    }
    let Some(over) = session.came_with() else { return };
    if !Traces::of(Some(&over), flash).may_show_sign_in(bff).await {
        session.discard();
    }
}
