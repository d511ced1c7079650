use axum::extract::Request;
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Uri, Version};

use crate::{Bff, Problem, ProblemKind};

/// Refuses a request for a host other than ours (RFC 9110, section 15.5.20). Names are compared by meaning: the default
/// port of the scheme may be left out, and case does not count (RFC 3986, section 6.2.3).
///
/// # Errors
///
/// [`ProblemKind::MisdirectedRequest`], which is 421; [`ProblemKind::BadRequest`] if an HTTP/1.1 request has no `Host`
/// line, more than one, or an invalid one (RFC 9112, section 3.2).
///
/// # Security
///
/// A foreign name that resolves to our address (DNS rebinding) would give an attacker's page the same origin as ours.
pub fn refuse_foreign_host(bff: &Bff, request: &Request) -> Result<(), Problem> {
    let lines = request.headers().get_all(HOST).iter().count();
    let too_few = lines == 0 && request.version() == Version::HTTP_11;
    if lines > 1 || too_few {
        tracing::warn!(lines, "a request without exactly one Host header was refused");
        return Err(Problem::new(ProblemKind::BadRequest));
    }
    let named = host_of(request.uri(), request.headers());
    if named.is_none_or(|named| !is_host(named)) {
        tracing::warn!("a request with an invalid Host header was refused");
        return Err(Problem::new(ProblemKind::BadRequest));
    }
    let ours = named.is_some_and(|named| bff.origins().any(|origin| origin.is_named(named)));
    if !ours {
        tracing::warn!("a request for a foreign host was refused");
        return Err(Problem::new(ProblemKind::MisdirectedRequest));
    }
    Ok(())
}

/// Whether a request came under the host of the public origin. In development, `localhost` is accepted as well, but a
/// browser does not send the cookies of one to the other.
pub fn is_at_public_origin(bff: &Bff, parts: &Parts) -> bool {
    host_of(&parts.uri, &parts.headers).is_none_or(|named| bff.public_origin().is_named(named))
}

/// The name under which a request came. HTTP/2 carries it in the authority of the target, HTTP/1.1 in a header.
fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST).and_then(|host| host.to_str().ok()),
    }
}

/// Whether the text is a host with or without a port, or empty. User information is not part of it.
fn is_host(text: &str) -> bool {
    text.is_empty() || !text.contains('@') && text.parse::<Authority>().is_ok()
}
