//! `POST /auth/back-channel-logout`: the provider's server says that it has ended sessions (OpenID Connect Back-Channel
//! Logout 1.0, section 2.5).
//!
//! It comes from another server, so it has no session and no `Origin`. What it may do is decided by the signature of its
//! token alone. All else is as for any form: the host, the size, the media type and the time it takes.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{Bff, LogoutFailure, ProblemKind, edge};

pub(crate) const PATH: &str = "/auth/back-channel-logout";

/// Nothing is here if the provider signs nobody in by redirect: then it has no sessions of its own to end.
pub(crate) fn routes(bff: &Bff) -> Router {
    if bff.redirect_sign_in().is_none() {
        return Router::new();
    }
    Router::new().route(PATH, post(ended)).with_state(bff.clone())
}

async fn ended(State(bff): State<Bff>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match edge::read_form(&bff, &parts, body).await {
        Ok(form) => form,
        Err(kind) => return refused(kind.status()),
    };
    match bff.back_channel_logout(&form).await {
        Ok(()) => (StatusCode::OK, [no_store()]).into_response(),
        Err(LogoutFailure::Invalid) => refused(StatusCode::BAD_REQUEST),
        Err(LogoutFailure::Unavailable) => refused(ProblemKind::Unavailable.status()),
    }
}

/// Section 2.8. The reason is in the log: whoever sends an invalid token learns nothing from the answer.
fn refused(status: StatusCode) -> Response {
    let error = if status == ProblemKind::Unavailable.status() {
        "temporarily_unavailable"
    } else {
        "invalid_request"
    };
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [json, no_store()], format!(r#"{{"error":"{error}"}}"#)).into_response()
}

fn no_store() -> (http::HeaderName, HeaderValue) {
    (CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
