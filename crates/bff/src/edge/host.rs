use axum::extract::Request;
use http::header::HOST;

use crate::{Bff, Problem, ProblemKind};

/// Refuses a request that names another host than ours (RFC 9110, section 15.5.20).
///
/// # Errors
///
/// [`ProblemKind::MisdirectedRequest`], which is 421.
///
/// # Security
///
/// A foreign name that resolves to us (DNS rebinding) would make us same-origin with a page of somebody else's.
pub fn refuse_foreign_host(bff: &Bff, request: &Request) -> Result<(), Problem> {
    // HTTP/2 carries the name in the target's authority, HTTP/1.1 in a header.
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(HOST).and_then(|host| host.to_str().ok()),
    };
    let ours =
        named.is_some_and(|named| bff.origins().any(|origin| named.eq_ignore_ascii_case(origin.authority())));
    if !ours {
        tracing::warn!("a request for a foreign host was refused");
        return Err(Problem::new(ProblemKind::MisdirectedRequest));
    }
    Ok(())
}
