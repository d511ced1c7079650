//! The headers that do not pass, in either direction.

use http::header::{CONNECTION, LOCATION, TE};
use http::{HeaderMap, HeaderName, HeaderValue};
use ironleaf_auth::Caller;

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Those of one connection (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/// What a browser does not send, and by which some servers take a request for another one than was checked here, or for
/// one of somebody else. Traces of browsers are ignored, as everywhere in this application: anybody could add to ours.
const DISGUISES: [&str; 20] = [
    "host",
    "expect",
    "baggage",
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "http2-settings",
    // CGI makes the variable `HTTP_PROXY` of it, by which programs find their own proxy.
    "proxy",
    "traceparent",
    "tracestate",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "x-http-host-override",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-scheme",
];

/// How the names of others begin. Proxies say by them who somebody is, and APIs believe it: `X-Auth-Request-Email` of
/// oauth2-proxy, `OIDC-CLAIM-sub` of `mod_auth_openidc`, `Remote-User` of many, `X-Amzn-Oidc-Identity` and others of
/// clouds, `SSL-Client-Verify` and `Client-Cert` (RFC 9440) of whoever ends TLS.
const DISGUISE_PREFIXES: [&str; 18] = [
    "cf-access-",
    "client-cert",
    "oidc-",
    "remote-",
    "ssl-client-",
    "x-amzn-oidc-",
    "x-auth-request-",
    "x-client-cert",
    "x-envoy-",
    "x-forwarded",
    "x-goog-authenticated-user-",
    "x-goog-iap-",
    "x-ms-client-principal",
    "x-original-",
    "x-remote-",
    "x-rewrite-",
    "x-ssl-client-",
    "x-webauth-",
];

/// Headers of an answer that would act on this whole origin, on the browser's credentials for it, or on a proxy in
/// front.
const OF_THE_ORIGIN: [&str; 22] = [
    "set-cookie",
    "www-authenticate",
    "proxy-authenticate",
    "strict-transport-security",
    "alt-svc",
    "refresh",
    "accept-ch",
    "clear-site-data",
    "critical-ch",
    "nel",
    "origin-agent-cluster",
    "public-key-pins",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-cookie2",
    "set-login",
    "speculation-rules",
    "use-as-dictionary",
    // Some proxies would send a file or another answer in place of this one.
    "x-lighttpd-send-file",
    "x-reproxy-url",
    "x-sendfile",
];

/// How the names of others begin: CORS is a matter of this origin, and its pages need none. The second is for nginx,
/// which would send a file in place of the answer, or keep it.
const OF_THE_ORIGIN_PREFIXES: [&str; 2] = ["access-control-", "x-accel-"];

/// Removes what a request must not take along. The browser's credentials are removed where those of the session are
/// added.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    let takes_trailers = headers.get_all(TE).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|text| text.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("trailers")))
    });
    remove_hop_by_hop(headers);
    // SECURITY: servers that turn headers into variables (CGI, WSGI) read `X_Forwarded_For` as `X-Forwarded-For`.
    remove(headers, |name| {
        DISGUISES.contains(&name) || name.contains('_') || begins_with_one_of(&DISGUISE_PREFIXES, name)
    });
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        // RFC 9110, section 10.1.4. HTTP/2 leaves it out.
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
}

/// Removes from the fields after a body what would have been removed before it, and whatever credentials are called.
pub(crate) fn clean_request_trailers(trailers: &mut HeaderMap) {
    Caller::remove_browser_headers(trailers);
    clean_request(trailers);
    trailers.remove(TE);
    trailers.remove(CONNECTION);
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
    remove(headers, |name| {
        OF_THE_ORIGIN.contains(&name) || begins_with_one_of(&OF_THE_ORIGIN_PREFIXES, name)
    });
}

/// Replaces the place that an answer names, if `mapped` knows it by another name, and removes it if it names nothing
/// that a browser could reach.
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
    remove(headers, |name| HOP_BY_HOP.contains(&name) || named.iter().any(|named| named == name));
}

/// Asks for each header that is there: they are fewer than those that must not be there.
fn remove(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) {
    let unwanted: Vec<_> = headers.keys().filter(|name| is_unwanted(name.as_str())).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

fn begins_with_one_of(prefixes: &[&str], name: &str) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
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
            ("x-forwarded-user", "admin"),
            ("x-auth-request-email", "admin@test.com"),
            ("oidc-claim-sub", "1"),
            ("remote-user", "admin"),
            ("proxy", "http://evil.example"),
            ("x-forwarded", "for=127.0.0.1"),
            ("fly-client-ip", "127.0.0.1"),
            ("x-amzn-oidc-identity", "admin"),
            ("x-ms-client-principal", "admin"),
            ("x-ms-client-principal-name", "admin"),
            ("x-goog-authenticated-user-email", "admin"),
            ("x-goog-iap-jwt-assertion", "a.b.c"),
            ("cf-access-authenticated-user-email", "admin"),
            ("x-ssl-client-verify", "SUCCESS"),
            ("ssl-client-s-dn", "CN=admin"),
            ("client-cert", ":MIIB:"),
            ("client-cert-chain", ":MIIB:"),
            ("x-client-cert", "MIIB"),
            ("x-webauth-user", "admin"),
            ("x_forwarded_for", "127.0.0.1"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            ("range", "bytes=0-9"),
            ("if-none-match", "\"1\""),
            ("content-type", "application/json"),
        ]);
        clean_request(&mut sent);
        assert_eq!(names(&sent), ["accept", "connection", "content-type", "if-none-match", "range", "te"]);
        assert_eq!((&sent[TE], &sent[CONNECTION]), (&"trailers".parse().unwrap(), &"te".parse().unwrap()));
    }

    #[test]
    fn no_credential_comes_after_the_body() {
        let mut trailers = headers(&[
            ("x-checksum", "1"),
            ("authorization", "Bearer of-the-browser"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "127.0.0.1"),
            ("host", "evil.example"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
        ]);
        clean_request_trailers(&mut trailers);
        assert_eq!(names(&trailers), ["x-checksum"]);
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
            ("x-accel-redirect", "/internal/secret"),
            ("x-accel-buffering", "no"),
            ("x-accel-limit-rate", "1"),
            ("accept-ch", "Sec-CH-UA-Model"),
            ("critical-ch", "Sec-CH-UA-Model"),
            ("use-as-dictionary", "match=\"/*\""),
            ("speculation-rules", "\"/rules.json\""),
            ("content-range", "bytes 0-9/10"),
        ]);
        clean_answer(&mut answer);
        assert_eq!(names(&answer), ["content-range", "content-type", "etag"]);
    }
}
