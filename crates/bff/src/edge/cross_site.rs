use axum::extract::Request;
use http::HeaderMap;
use http::header::ORIGIN;

use super::request_id::shown;
use crate::{Bff, Problem, ProblemKind};

/// Refuses a request that would change something and was not made by a page of this origin.
///
/// The browser's own word decides: `Sec-Fetch-Site` (W3C Fetch Metadata) must be `same-origin`, or `none` for what a
/// person typed; a browser that does not send it sends `Origin` with a POST, which must be ours, scheme included.
/// `same-site` is somebody else's subdomain and `null` is nobody: both are refused. A client that sends neither is no
/// browser of today; it passes only without a session cookie, because then there is nothing to ride on.
///
/// # Errors
///
/// [`ProblemKind::CrossSite`], which is 403.
///
/// # Security
///
/// It stands in for a CSRF token (ASVS 3.5.1, RFC 6265bis on `SameSite`): no token has to be kept, rendered or cached.
/// A form that signs a person in is protected as well, since cookies do not decide.
pub fn refuse_cross_site(bff: &Bff, request: &Request) -> Result<(), Problem> {
    if request.method().is_safe() || may_change(bff, request.headers()) {
        return Ok(());
    }
    tracing::warn!(path = shown(request.uri().path()), "a cross-site request was refused");
    Err(Problem::new(ProblemKind::CrossSite))
}

fn may_change(bff: &Bff, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    if let Some(origin) = text(ORIGIN.as_str()) {
        return bff.origins().any(|ours| ours.as_str() == origin);
    }
    !bff.session_settings().has_cookie(headers)
}
