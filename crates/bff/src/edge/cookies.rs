//! Browsers that keep no cookies, in which nobody can stay signed in.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use crate::{Bff, Problem, ProblemKind};

/// A cookie that says nothing but that cookies come back. It has no prefix and is no secret.
const NAME: &str = "ironleaf-cookies";

/// In the query of a form that was sent again with the cookie, or should have been.
const TRIED: &str = "cookies=tried";

/// What to answer to a form whose browser has brought no cookie at all, before anybody acts upon it.
///
/// The first time it is sent back to where it came from with a cookie (307: the same form, to the same place). If it comes again without
/// one, cookies are blocked, and the answer says so: [`ProblemKind::CookiesBlocked`]. A page that sets the cookie
/// ([`cookie_for_a_form`]) saves the detour.
///
/// What is no browser, which is what sends no `Sec-Fetch-Mode`, passes: it has its own way with cookies.
pub fn without_cookies(bff: &Bff, request: &Request) -> Option<Response> {
    if request.method().is_safe() || !keeps_none(request.headers()) {
        return None;
    }
    if cookies_were_tried(request.uri()) {
        return Some(Problem::new(ProblemKind::CookiesBlocked).into_response());
    }
    let again = HeaderValue::try_from(format!("{}?{TRIED}", request.uri().path())).ok()?;
    let headers =
        [(LOCATION, again), (SET_COOKIE, cookie(bff)), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Some((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
}

/// The cookie to set with a page that has a form, where the browser has brought none.
pub fn cookie_for_a_form(bff: &Bff, headers: &HeaderMap) -> Option<HeaderValue> {
    (!headers.contains_key(COOKIE)).then(|| cookie(bff))
}

/// The place on this origin that a page leads to with a cookie, where the browser has brought none: if it comes without one, cookies are
/// blocked ([`cookies_are_blocked`]). `place` has no query.
pub fn with_cookies_tried(place: &str, headers: &HeaderMap) -> String {
    if keeps_none(headers) { format!("{place}?{TRIED}") } else { place.to_owned() }
}

/// Whether a browser was given a cookie on its way here ([`with_cookies_tried`]) and has not brought it.
pub fn cookies_are_blocked(uri: &Uri, headers: &HeaderMap) -> bool {
    keeps_none(headers) && cookies_were_tried(uri)
}

fn keeps_none(headers: &HeaderMap) -> bool {
    !headers.contains_key(COOKIE) && headers.contains_key("sec-fetch-mode")
}

/// Whether this address is one that a browser was sent to with a cookie.
fn cookies_were_tried(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|field| field == TRIED))
}

/// For as long as the browser is open.
fn cookie(bff: &Bff) -> HeaderValue {
    let secure = if bff.session_settings().secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{NAME}=1; Path=/; HttpOnly; SameSite=Lax{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}
