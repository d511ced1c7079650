//! The headers that do not pass, in either direction.

use http::header::{
    ALT_SVC, CONNECTION, EXPECT, HOST, LOCATION, REFRESH, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Those of one connection (RFC 9110, section 7.6.1).
static HOP_BY_HOP: [HeaderName; 6] =
    [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE, TRANSFER_ENCODING, UPGRADE];

/// Headers by which some servers take a request for another one than the proxy has checked.
static DISGUISES: [HeaderName; 7] = [
    HOST,
    EXPECT,
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-rewrite-url"),
];

/// Headers of an answer that would act on this whole origin, or on the browser's credentials for it.
static OF_THE_ORIGIN: [HeaderName; 12] = [
    SET_COOKIE,
    WWW_AUTHENTICATE,
    STRICT_TRANSPORT_SECURITY,
    ALT_SVC,
    REFRESH,
    HeaderName::from_static("set-cookie2"),
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("service-worker-allowed"),
    HeaderName::from_static("public-key-pins"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("report-to"),
    HeaderName::from_static("reporting-endpoints"),
];

/// Removes what a request must not take along. The browser's credentials are removed where those of the session are
/// added.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    let takes_trailers = headers.get_all(TE).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("trailers")))
    });
    remove_hop_by_hop(headers);
    for name in &DISGUISES {
        headers.remove(name);
    }
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Tells the API under which address it is reached. `host` and `scheme` are those of the public origin, and never those
/// that a browser has sent.
pub(crate) fn add_origin(headers: &mut HeaderMap, scheme: &HeaderValue, host: &HeaderValue) {
    headers.insert(X_FORWARDED_PROTO, scheme.clone());
    headers.insert(X_FORWARDED_HOST, host.clone());
}

/// Removes what an answer must not bring.
pub(crate) fn clean_answer(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    for name in &OF_THE_ORIGIN {
        headers.remove(name);
    }
    // CORS is a matter of this origin, and its pages need none.
    let of_cors: Vec<_> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in of_cors {
        headers.remove(name);
    }
}

/// Replaces the place that an answer names, if `mapped` knows it by another name, and removes it if it names nothing that
/// a browser could reach.
pub(crate) fn map_location(headers: &mut HeaderMap, mapped: impl FnOnce(&str) -> Option<String>) {
    let Some(location) = headers.remove(LOCATION) else { return };
    let place = location.to_str().ok().and_then(mapped).and_then(|place| HeaderValue::try_from(place).ok());
    if let Some(place) = place {
        headers.insert(LOCATION, place);
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_request_takes_along_what_is_meant_for_the_api() {
        let mut sent = headers(&[
            ("accept", "application/json"),
            ("connection", "keep-alive, X-Secret-Hop"),
            ("x-secret-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("host", "app.example"),
            ("expect", "100-continue"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/admin"),
            ("range", "bytes=0-9"),
            ("if-none-match", "\"1\""),
            ("content-type", "application/json"),
        ]);
        clean_request(&mut sent);
        assert_eq!(names(&sent), ["accept", "content-type", "if-none-match", "range", "te"]);
        assert_eq!(sent[TE], "trailers");
    }

    #[test]
    fn an_answer_does_nothing_to_the_whole_origin() {
        let mut answer = headers(&[
            ("content-type", "application/json"),
            ("etag", "\"1\""),
            ("set-cookie", "a=b"),
            ("www-authenticate", "Basic"),
            ("clear-site-data", "\"cookies\""),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("strict-transport-security", "max-age=0"),
            ("alt-svc", "h3"),
            ("connection", "close"),
            ("service-worker-allowed", "/"),
            ("content-range", "bytes 0-9/10"),
        ]);
        clean_answer(&mut answer);
        assert_eq!(names(&answer), ["content-range", "content-type", "etag"]);
    }
}
