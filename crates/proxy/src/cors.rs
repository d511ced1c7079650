//! Pages of other origins (Fetch Standard, section 3.3): which of them may call, and which may read the answers.

use std::collections::BTreeSet;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use ironleaf_bff::Bff;

use crate::Route;
use crate::route::Origins;

/// How long a browser may remember a permission. Chromium remembers it for two hours at most; ten minutes are enough to
/// save most of the questions, and a changed setting is soon in force.
const REMEMBERED_SECS: u16 = 600;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request comes from, as far as the browser says so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// A page of ours, a person, or a client that is not a browser.
    Here,
    /// A page that the route lets in, by its `Origin`.
    Listed(HeaderValue),
    /// Any page, because the route says so.
    Any,
    /// Another page.
    Elsewhere,
}

impl Site {
    /// SECURITY: a listed origin counts only as the whole header, which no page can set.
    pub(crate) fn of(route: &Route, parts: &Parts) -> Self {
        let origin = parts.headers.get(ORIGIN);
        let is_ours = |origin: &HeaderValue| {
            let bff = parts.extensions.get::<Bff>();
            bff.is_some_and(|bff| bff.origins().any(|ours| ours.as_str() == origin))
        };
        if let Some(site) = listed(route, &parts.headers) {
            return site;
        }
        let is_here = match parts.headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
            Some(site) => matches!(site, b"same-origin" | b"none"),
            None => origin.is_none_or(is_ours),
        };
        if is_here { Self::Here } else { Self::Elsewhere }
    }
}

/// The permission that the route gives to the origin of a request.
pub(crate) fn listed(route: &Route, headers: &HeaderMap) -> Option<Site> {
    let origin = headers.get(ORIGIN)?;
    match &route.origins {
        Origins::Closed => None,
        Origins::Listed(listed) => {
            listed.iter().any(|listed| listed.as_str() == origin).then(|| Site::Listed(origin.clone()))
        }
        Origins::All => Some(Site::Any),
    }
}

/// Whether a browser asks for permission, and sends the request itself afterwards.
pub(crate) fn is_preflight(parts: &Parts) -> bool {
    let has = |name| parts.headers.contains_key(name);
    parts.method == Method::OPTIONS && has(ORIGIN) && has(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether the method that is asked for is one of the route's.
pub(crate) fn asks_for_a_method_of(route: &Route, parts: &Parts) -> bool {
    let asked = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD);
    asked.is_some_and(|asked| route.methods.iter().any(|method| method.as_str() == asked))
}

/// The answer to a browser that asks for permission. It may send every header: what must not reach the API is removed.
pub(crate) fn permission(route: &Route, parts: &Parts) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let methods: Vec<_> = route.methods.iter().map(Method::as_str).collect();
    if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    if let Some(asked) = parts.headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(REMEMBERED_SECS));
    headers
}

/// Lets the page that has asked read the answer, with every header that a page of ours could read.
pub(crate) fn let_read(site: &Site, headers: &mut HeaderMap) {
    let origin = match site {
        Site::Here | Site::Elsewhere => return,
        Site::Listed(origin) => {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            origin.clone()
        }
        Site::Any => HeaderValue::from_static("*"),
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let is_of_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
    let names: BTreeSet<_> =
        headers.keys().filter(|name| !is_of_cors(name)).map(HeaderName::as_str).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    if let Ok(names) = HeaderValue::try_from(names) {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
}

/// Says to caches that other origins get other answers.
pub(crate) fn vary(route: &Route, headers: &mut HeaderMap) {
    if route.origins != Origins::Closed {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(route: &str, headers: &[(&str, &str)]) -> Site {
        let mut request = http::Request::get("/api/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Site::of(&route.parse().unwrap(), &parts)
    }

    #[test]
    fn only_the_listed_origin_itself_is_let_in() {
        let route = "/api/=http://a/ origins=https://a.example";
        let listed = Site::Listed(HeaderValue::from_static("https://a.example"));
        assert_eq!(site(route, &[("origin", "https://a.example"), ("sec-fetch-site", "cross-site")]), listed);
        assert_eq!(site(route, &[("origin", "https://a.example")]), listed);
        for origin in [
            "https://a.example.evil",
            "https://A.example",
            "http://a.example",
            "https://a.example:444",
            "https://a.example, https://evil.example",
            "null",
            "*",
            "",
        ] {
            assert_eq!(site(route, &[("origin", origin)]), Site::Elsewhere, "{origin}");
        }
        assert_eq!(site(route, &[("sec-fetch-site", "cross-site")]), Site::Elsewhere);
        assert_eq!(site(route, &[("sec-fetch-site", "same-site")]), Site::Elsewhere);
        assert_eq!(site(route, &[("sec-fetch-site", "unheard-of")]), Site::Elsewhere);
        assert_eq!(site(route, &[("sec-fetch-site", "same-origin")]), Site::Here);
        assert_eq!(site(route, &[]), Site::Here);
    }

    #[test]
    fn a_public_route_is_read_by_everybody_in_nobodys_name() {
        let everybody =
            site("/a/=http://a/ who=anyone token=no origins=*", &[("origin", "https://x.example")]);
        assert_eq!(everybody, Site::Any);
        let mut headers = HeaderMap::from_iter([(VARY, HeaderValue::from_static("Accept"))]);
        let_read(&everybody, &mut headers);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        assert_eq!(headers[ACCESS_CONTROL_EXPOSE_HEADERS], "vary");
    }
}
