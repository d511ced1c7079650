//! Detects browsers that keep no cookies. Nobody can stay signed in with them.

use std::time::UNIX_EPOCH;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Uri};

use crate::{Bff, Problem, ProblemKind};

/// A cookie that only shows that cookies come back. It has no prefix and is not secret.
pub const PROBE_COOKIE: &str = "ironleaf-cookies";

/// In the query of a page that a browser was sent to with a cookie. The time follows, in seconds since 1970.
const TRIED: &str = "cookies=";

/// How long a redirect may take.
const DETOUR_SECS: u64 = 30;

/// The answer to a form from a browser that has sent no cookie at all, [`ProblemKind::CookiesBlocked`], before anything
/// acts on the form. The page with the form has set a cookie ([`cookie_for_a_form`]). The answer sets it again, for
/// people who have just allowed cookies or removed them.
///
/// Clients that are not browsers pass, because they handle cookies in their own way. Browsers send `Sec-Fetch-Site`,
/// `-Mode` and `-Dest` together.
pub fn without_cookies(bff: &Bff, request: &Request) -> Option<Response> {
    if request.method().is_safe() || !keeps_none(request.headers()) {
        return None;
    }
    let mut response = Problem::new(ProblemKind::CookiesBlocked).into_response();
    response.headers_mut().append(SET_COOKIE, marker(bff));
    Some(response)
}

/// The cookie to set with a page that has a form, unless the browser has sent it already. Another cookie does not
/// count: it may be gone when the form is sent.
pub fn cookie_for_a_form(bff: &Bff, headers: &HeaderMap) -> Option<HeaderValue> {
    let is_there = sent(headers).any(|cookie| cookie.name() == PROBE_COOKIE);
    (!is_there).then(|| marker(bff))
}

/// Returns `place` for a redirect that sets a cookie. If the browser has sent no cookie, a query is added; if the
/// browser then arrives without a cookie, cookies are blocked ([`cookies_are_blocked`]). `place` has no query.
pub fn with_cookies_tried(bff: &Bff, place: &str, headers: &HeaderMap) -> String {
    if keeps_none(headers) { format!("{place}?{TRIED}{}", secs(bff)) } else { place.to_owned() }
}

/// Whether a browser was given a cookie on its way here a moment ago ([`with_cookies_tried`]) and has not sent it. An
/// older address, for example one that somebody has passed on, proves nothing.
pub fn cookies_are_blocked(bff: &Bff, uri: &Uri, headers: &HeaderMap) -> bool {
    if !keeps_none(headers) {
        return false;
    }
    let tried_at = tried(uri).and_then(|field| field.strip_prefix(TRIED)?.parse().ok());
    tried_at.is_some_and(|at| secs(bff).checked_sub(at).is_some_and(|age| age <= DETOUR_SECS))
}

/// Where a browser goes after it was given a cookie on its way here and has sent it: the same address without the query
/// of the test.
pub fn after_cookies_tried(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let tried = tried(uri).filter(|_| headers.contains_key(COOKIE))?;
    let rest: Vec<&str> = uri.query()?.split('&').filter(|field| *field != tried).collect();
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    Some(format!("{}{query}", uri.path()))
}

/// Every cookie that the browser has sent. Malformed ones are skipped.
pub(super) fn sent(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines.flat_map(Cookie::split_parse).flatten()
}

fn keeps_none(headers: &HeaderMap) -> bool {
    let is_browser = || {
        ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].iter().all(|name| headers.contains_key(*name))
    };
    !headers.contains_key(COOKIE) && is_browser()
}

fn tried(uri: &Uri) -> Option<&str> {
    uri.query()?.split('&').find(|field| field.starts_with(TRIED))
}

fn secs(bff: &Bff) -> u64 {
    bff.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Lasts for as long as the browser is open.
fn marker(bff: &Bff) -> HeaderValue {
    let secure = if bff.session_settings().secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{PROBE_COOKIE}=1; Path=/; HttpOnly; SameSite=Lax{secure}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}
