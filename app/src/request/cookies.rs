//! What the cookies of a request say before anything is unsealed: the theme, and that there is nothing else.

use cookie::Cookie;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method, Uri};
use ironleaf_bff::edge::PROBE_COOKIE;
use memchr::memmem;

use crate::theme::{THEME_COOKIE, Theme};

/// A request that contains nothing except possibly a theme.
pub(crate) struct Bare {
    pub(crate) theme: Option<Theme>,
}

/// Checks the request of a page whose loader reads only the request. `Some` if the answer then depends only on build,
/// theme and nonce: there is no session, no query, and no value from an earlier request.
pub(crate) fn bare(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Bare> {
    if method != Method::GET || uri.query().is_some() {
        return None;
    }
    let mut theme = None;
    for cookie in cookies(headers) {
        match cookie.name() {
            THEME_COOKIE => theme = theme.or_else(|| Theme::parse(cookie.value())),
            PROBE_COOKIE => {}
            _ => return None,
        }
    }
    Some(Bare { theme })
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    // A line that is not text counts like an unknown cookie.
    let lines = headers.get_all(COOKIE).iter().map(|line| line.to_str().unwrap_or("unknown="));
    lines.flat_map(Cookie::split_parse).map(|cookie| cookie.unwrap_or_else(|_| Cookie::from("unknown")))
}

/// The theme that the person chose. Of several cookies, the first that names a theme counts.
pub(super) fn theme(headers: &HeaderMap) -> Option<Theme> {
    // A sealed session is long, and few people choose a theme, so this search is cheaper than parsing.
    let has_theme = |line: &HeaderValue| memmem::find(line.as_bytes(), THEME_COOKIE.as_bytes()).is_some();
    if !headers.get_all(COOKIE).iter().any(has_theme) {
        return None;
    }
    cookies(headers)
        .filter(|cookie| cookie.name() == THEME_COOKIE)
        .find_map(|cookie| Theme::parse(cookie.value()))
}
