//! `/auth/signed-out`: where the provider sends the browser back to after a sign-out.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;

use crate::flashes::Message;
use crate::request::PageRequest;

/// Leads to the front page, which says that the person is signed out, if it is they who come back. Anybody can link to
/// this address, so it changes nothing by itself.
pub async fn back_from_sign_out(parts: Parts) -> Response {
    let request = match PageRequest::new(parts).await {
        Ok(request) => request,
        Err(missing) => return missing.into_response(),
    };
    if request.is_back_from_sign_out() && request.viewer.is_none() {
        request.leave_message(Message::SignedOut, "/");
    }
    Redirect::to("/").into_response()
}
