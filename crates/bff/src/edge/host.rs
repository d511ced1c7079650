use axum::extract::Request;
use http::Version;
use http::header::HOST;
use http::uri::Authority;

use crate::{Bff, Problem, ProblemKind};

/// Refuses a request that names another host than ours (RFC 9110, section 15.5.20). Names are compared by what they mean: a port may be
/// left out where it is the scheme's own, and case does not count (RFC 3986, section 6.2.3).
///
/// # Errors
///
/// [`ProblemKind::MisdirectedRequest`], which is 421; [`ProblemKind::BadRequest`] where an HTTP/1.1 request has no `Host` line, more than
/// one, or one that is no host (RFC 9112, section 3.2).
///
/// # Security
///
/// A foreign name that resolves to us (DNS rebinding) would make us same-origin with a page of somebody else's.
pub fn refuse_foreign_host(bff: &Bff, request: &Request) -> Result<(), Problem> {
    let lines = request.headers().get_all(HOST).iter().count();
    let too_few = lines == 0 && request.version() == Version::HTTP_11;
    if lines > 1 || too_few {
        tracing::warn!(lines, "a request without one Host line was refused");
        return Err(Problem::new(ProblemKind::BadRequest));
    }
    // HTTP/2 carries the name in the target's authority, HTTP/1.1 in a header.
    let named = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(HOST).and_then(|host| host.to_str().ok()),
    };
    if named.is_none_or(|named| !is_host(named)) {
        tracing::warn!("a request whose Host line is no host was refused");
        return Err(Problem::new(ProblemKind::BadRequest));
    }
    let ours = named.is_some_and(|named| bff.origins().any(|origin| origin.is_named(named)));
    if !ours {
        tracing::warn!("a request for a foreign host was refused");
        return Err(Problem::new(ProblemKind::MisdirectedRequest));
    }
    Ok(())
}

/// Whether the text is a host with or without a port, or names none. A user is no part of it.
fn is_host(text: &str) -> bool {
    text.is_empty() || !text.contains('@') && text.parse::<Authority>().is_ok()
}
