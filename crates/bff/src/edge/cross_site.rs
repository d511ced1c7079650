use axum::extract::Request;
use http::HeaderMap;
use http::header::ORIGIN;

use super::request_id::shown;
use crate::{Bff, Problem, ProblemKind};

/// Refuses a request that would change something and does not come from a page of this origin.
///
/// The browser's own headers decide. `Sec-Fetch-Site` (W3C Fetch Metadata) must be `same-origin`, or `none` for an
/// address that a person has typed. A browser that does not send it sends `Origin` with a POST, which must equal our
/// origin, including the scheme. `same-site` is another party's subdomain and `null` names no origin; both are refused.
/// A client that sends neither header is not a current browser. It passes only without a session cookie, because then
/// an attacker has nothing to exploit.
///
/// # Errors
///
/// [`ProblemKind::CrossSite`], which is 403.
///
/// # Security
///
/// This replaces a CSRF token (ASVS 3.5.1, RFC 6265bis on `SameSite`): no token has to be stored, rendered or cached. A
/// form that signs a person in is protected as well, because the check does not depend on cookies.
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
