use http::request::Parts;
use ironleaf_auth::Caller;

use crate::{Bff, Session};

pub(crate) fn caller(parts: &Parts) -> Caller {
    parts.extensions.get::<Caller>().cloned().unwrap_or_default()
}

/// The session of a request that passed the layers of this crate.
pub(crate) fn live_session(parts: &Parts) -> Option<(Bff, Session)> {
    let found = parts.extensions.get::<Bff>().cloned().zip(parts.extensions.get::<Session>().cloned());
    if found.is_none() {
        tracing::error!("a route lacks the session layer");
    }
    found
}
