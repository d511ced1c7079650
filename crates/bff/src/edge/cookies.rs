//! Browsers that keep no cookies, in which nobody can stay signed in.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Uri};

use crate::{Bff, Problem, ProblemKind};

/// A cookie that says nothing but that cookies come back. It has no prefix and is no secret.
const NAME: &str = "ironleaf-cookies";

/// In the query of a page to which a browser was sent with a cookie.
const TRIED: &str = "cookies=tried";

/// What to answer to a form whose browser has brought no cookie at all, before anybody acts upon it:
/// [`ProblemKind::CookiesBlocked`]. The page with the form has set one ([`cookie_for_a_form`]); the answer sets it again, for whoever has
/// just allowed cookies, or removed them.
///
/// What is no browser passes: it has its own way with cookies. Browsers send `Sec-Fetch-Site`, `-Mode` and `-Dest` together.
pub fn without_cookies(bff: &Bff, request: &Request) -> Option<Response> {
    if request.method().is_safe() || !keeps_none(request.headers()) {
        return None;
    }
    let mut response = Problem::new(ProblemKind::CookiesBlocked).into_response();
    response.headers_mut().append(SET_COOKIE, cookie(bff));
    Some(response)
}

/// The cookie to set with a page that has a form, where the browser has not brought it. Another one does not count: it may be gone by the
/// time when the form is sent.
pub fn cookie_for_a_form(bff: &Bff, headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let mut pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let is_there = pairs.any(|pair| {
        pair.trim_ascii().strip_prefix(NAME.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    });
    (!is_there).then(|| cookie(bff))
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

/// Whether a browser was given a cookie on its way here and has brought it: the address has done its work.
pub fn cookies_came_back(uri: &Uri, headers: &HeaderMap) -> bool {
    headers.contains_key(COOKIE) && cookies_were_tried(uri)
}

fn keeps_none(headers: &HeaderMap) -> bool {
    let is_browser =
        ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].map(|name| headers.contains_key(name));
    !headers.contains_key(COOKIE) && is_browser == [true; 3]
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
