//! What the headers of a request say before anything is unsealed: theme, language, and that there is nothing else.

use cookie::Cookie;
use http::header::{ACCEPT_LANGUAGE, COOKIE};
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri};
use ironleaf_bff::edge::PROBE_COOKIE;
use memchr::memmem;

use crate::language::{LANGUAGE_COOKIE, Language};
use crate::theme::{THEME_COOKIE, Theme};

/// A request that contains nothing except possibly a theme and a language.
pub(crate) struct Bare {
    pub(crate) theme: Option<Theme>,
    /// The language that was chosen.
    chosen: Option<Language>,
}

impl Bare {
    pub(crate) fn language(&self, headers: &HeaderMap, extensions: &Extensions) -> Language {
        given(extensions).or(self.chosen).or_else(|| accepted(headers)).unwrap_or(Language::ENGLISH)
    }
}

/// Checks the request of a page whose loader reads only the request. `Some` if the answer then depends only on build,
/// theme, language and nonce: there is no session, no query, and no value from an earlier request.
pub(crate) fn bare(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Bare> {
    if method != Method::GET || uri.query().is_some() {
        return None;
    }
    let (mut theme, mut chosen) = (None, None);
    for cookie in cookies(headers) {
        match cookie.name() {
            THEME_COOKIE => theme = theme.or_else(|| Theme::parse(cookie.value())),
            LANGUAGE_COOKIE => chosen = chosen.or_else(|| Language::parse(cookie.value())),
            PROBE_COOKIE => {}
            _ => return None,
        }
    }
    Some(Bare { theme, chosen })
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    // A line that is not text counts like an unknown cookie.
    let lines = headers.get_all(COOKIE).iter().map(|line| line.to_str().unwrap_or("unknown="));
    lines.flat_map(Cookie::split_parse).map(|cookie| cookie.unwrap_or_else(|_| Cookie::from("unknown")))
}

/// The theme that the person chose.
pub(super) fn theme(headers: &HeaderMap) -> Option<Theme> {
    chosen(headers, THEME_COOKIE, Theme::parse)
}

/// The language of the answer to a request: the one that the person chose, or the one that their browser asks for.
pub fn language_of(headers: &HeaderMap, extensions: &Extensions) -> Language {
    let chosen = || chosen(headers, LANGUAGE_COOKIE, Language::parse);
    given(extensions).or_else(chosen).or_else(|| accepted(headers)).unwrap_or(Language::ENGLISH)
}

/// The language that a test has put into the extensions of its request.
fn given(extensions: &Extensions) -> Option<Language> {
    extensions.get().copied()
}

/// Several lines of a header are one list. Browsers send one.
fn accepted(headers: &HeaderMap) -> Option<Language> {
    let mut lines = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
    lines.find_map(Language::accepted)
}

/// What the person chose, from a cookie. Of several cookies, the first with a known value counts.
fn chosen<T>(headers: &HeaderMap, name: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
    // A sealed session is long, and few people choose anything, so this search is cheaper than parsing.
    let is_there = |line: &HeaderValue| memmem::find(line.as_bytes(), name.as_bytes()).is_some();
    if !headers.get_all(COOKIE).iter().any(is_there) {
        return None;
    }
    cookies(headers).filter(|cookie| cookie.name() == name).find_map(|cookie| parse(cookie.value()))
}
