//! Our whole public API: one file per domain. A server function is reachable by anybody with `curl`, so each one
//! validates, authorizes and delegates.

mod account;
mod form;
mod password;
mod refusal;
mod registration;
mod session;
mod theme;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use ironleaf_bff::Wants;

use crate::error::problem_of;
use form::WantsJson;

/// The path of every server function. All of them are called by `POST`.
///
/// # Panics
///
/// At start, when a server function has another method: a GET must not change anything.
pub fn server_fn_routes() -> Vec<&'static str> {
    leptos::server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            assert_eq!(method, Method::POST, "{path} must be called by POST");
            path
        })
        .collect()
}

/// Runs the server function that `request` names.
///
/// Leptos is told that the client wants JSON, whoever it is: its own way with browsers puts the error into the address
/// and follows the `Referer`. What a browser gets is decided by the function itself, through `FormPost`.
pub async fn handle_server_fn(mut request: Request) -> Response {
    let wants_json = Wants::from_headers(request.headers()) == Wants::Json;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request.extensions_mut().insert(WantsJson(wants_json));
    let response = leptos_axum::handle_server_fns_with_context(|| {}, request).await.into_response();
    if wants_json {
        return response;
    }
    if response.status() == StatusCode::SEE_OTHER {
        let (mut head, _) = response.into_parts();
        head.headers.remove(CONTENT_TYPE);
        head.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(head, Body::empty());
    }
    problem_of(response)
}
