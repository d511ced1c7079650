use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;

use crate::{Bff, Problem, ProblemKind};

/// Answers 421 to a request that names another host than ours (RFC 9110, section 15.5.20).
///
/// # Security
///
/// A foreign name that resolves to us (DNS rebinding) would make us same-origin with a page of somebody else's.
pub async fn refuse_foreign_host(State(bff): State<Bff>, request: Request, next: Next) -> Response {
    // HTTP/2 carries the name in the target's authority, HTTP/1.1 in a header.
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(HOST).and_then(|host| host.to_str().ok()),
    };
    let ours =
        named.is_some_and(|named| bff.origins().any(|origin| named.eq_ignore_ascii_case(origin.authority())));
    if !ours {
        tracing::warn!("a request for a foreign host was refused");
        return Problem::new(ProblemKind::MisdirectedRequest).into_response();
    }
    next.run(request).await
}
