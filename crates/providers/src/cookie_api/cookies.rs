//! Cookies of the API (RFC 6265): read from an answer, and sent back byte for byte.

use std::time::Duration;

use http::HeaderMap;
use http::header::{COOKIE, DATE, SET_COOKIE};
use ironleaf_auth::{Request, Response, SecretText};

use crate::answer::secret_header;

/// A cookie that an answer sets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) value: SecretText,
    /// Its lifetime, if the answer states one. Without one, it is a session cookie.
    pub(super) lifetime: Option<Duration>,
}

/// The cookie with this name that the answer sets. Of several with one domain and one path, the last counts (section
/// 5.3, point 11), and of the others the last that is not removed: an answer may remove the cookie of an older path.
/// `None` if none is left.
pub(super) fn given(response: &Response, name: &str) -> Option<Given> {
    let headers = response.headers();
    let texts = headers.get_all(SET_COOKIE).iter().filter_map(|header| header.to_str().ok());
    let named: Vec<(&str, &str)> = texts.filter_map(|text| split(text, name)).collect();
    let scope = |attributes| [attribute(attributes, "domain"), attribute(attributes, "path")];
    let is_replaced = |index: usize, attributes| {
        named[index + 1..].iter().any(|(_, later)| scope(later) == scope(attributes))
    };
    let left = named.iter().enumerate().filter(|(index, (_, attributes))| !is_replaced(*index, attributes));
    left.filter_map(|(_, (value, attributes))| living(value, lifetime(attributes, headers))).next_back()
}

fn living(value: &str, lifetime: Option<Duration>) -> Option<Given> {
    let is_removed = lifetime.is_some_and(|lifetime| lifetime.is_zero());
    (!is_removed && !value.is_empty()).then(|| Given { value: value.into(), lifetime })
}

/// The value of the cookie, if it has this name, and its attributes.
fn split<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
    let (found, value) = pair.split_once('=')?;
    (found.trim() == name).then(|| (value.trim(), attributes))
}

/// `Max-Age`, or else `Expires` counted from the answer's own `Date`, so that the API's clock does not matter. Zero if
/// the cookie is removed. An attribute that makes no sense says nothing (section 5.2).
fn lifetime(attributes: &str, headers: &HeaderMap) -> Option<Duration> {
    let max_age = attribute(attributes, "max-age").and_then(seconds);
    max_age.or_else(|| {
        let text = attribute(attributes, "expires")?;
        let until = httpdate::parse_http_date(text);
        // The form of the first cookies, with hyphens and four digits of the year, is still in use.
        let until = until.or_else(|_| httpdate::parse_http_date(&text.replace('-', " "))).ok()?;
        let answered_at = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
        Some(until.duration_since(answered_at).unwrap_or_default())
    })
}

/// The value of an attribute. Of several with one name, the last counts (section 5.3).
fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let pairs = attributes.split(';').filter_map(|attribute| attribute.split_once('='));
    pairs
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim())
        .next_back()
}

fn seconds(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_over = digits.len() < text.len();
    // More digits than fit are a long life.
    Some(Duration::from_secs(if is_over { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

/// Sends exactly these cookies.
pub(super) fn send(request: &mut Request, cookies: &[(&str, &SecretText)]) {
    let pairs: Vec<String> =
        cookies.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
    match secret_header(&pairs.join("; ")).filter(|_| !pairs.is_empty()) {
        Some(value) => request.headers_mut().insert(COOKIE, value),
        None => request.headers_mut().remove(COOKIE),
    };
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    fn answer(cookies: &[&str]) -> Response {
        let mut response = Response::new(Bytes::new());
        response.headers_mut().insert(DATE, HeaderValue::from_static("Sun, 29 Nov 2026 03:00:00 GMT"));
        for cookie in cookies {
            response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        response
    }

    #[test]
    fn a_value_is_kept_byte_for_byte() {
        for (cookie, value) in [
            ("a=b", "b"),
            ("a=b; Path=/; HttpOnly", "b"),
            ("a=\"b c\"; Path=/", "\"b c\""),
            ("a=s%3Ab.c%2B%3D; Path=/", "s%3Ab.c%2B%3D"),
            ("a=b=c==;path=/", "b=c=="),
            (" a = b ;", "b"),
        ] {
            assert_eq!(given(&answer(&[cookie]), "a").unwrap().value.expose(), value, "{cookie}");
        }
        for cookie in ["b=c", "A=b", "aa=b", "a", "=a", "", ";a=b", "a=; Path=/"] {
            assert_eq!(given(&answer(&[cookie]), "a"), None, "{cookie}");
        }
    }

    #[test]
    fn of_two_cookies_with_one_name_the_last_counts() {
        let twice = answer(&["a=first", "b=other", "a=last; Max-Age=7"]);
        let last = Given { value: "last".into(), lifetime: Some(Duration::from_secs(7)) };
        assert_eq!(given(&twice, "a"), Some(last));
        assert_eq!(given(&answer(&["a=first", "a=; Max-Age=0"]), "a"), None);
    }

    #[test]
    fn the_removal_of_a_cookie_of_another_path_removes_nothing_else() {
        let here = "a=new; Path=/auth; HttpOnly";
        for elsewhere in ["a=; Path=/; Max-Age=0", "a=; Max-Age=0", "a=; Path=/auth; Domain=b.c; Max-Age=0"] {
            for cookies in [[here, elsewhere], [elsewhere, here]] {
                assert_eq!(given(&answer(&cookies), "a").unwrap().value.expose(), "new", "{cookies:?}");
            }
        }
        assert_eq!(given(&answer(&[here, "a=; path=/auth; Max-Age=0"]), "a"), None);
        assert_eq!(given(&answer(&["a=; Path=/; Max-Age=0", "a=; Path=/auth; Max-Age=0"]), "a"), None);
    }

    #[test]
    fn a_lifetime_is_max_age_or_else_expires_by_the_clock_of_the_api() {
        for (attributes, secs) in [
            ("Max-Age=1800", Some(1800)),
            ("max-age = 1800 ; Secure", Some(1800)),
            ("Expires=Sun, 29 Nov 2026 03:30:00 GMT", Some(1800)),
            ("Expires=Sun, 29-Nov-2026 03:30:00 GMT", Some(1800)),
            ("Max-Age=60; Expires=Sun, 29 Nov 2026 03:30:00 GMT", Some(60)),
            ("Max-Age=soon; Expires=Sun, 29 Nov 2026 03:30:00 GMT", Some(1800)),
            ("Max-Age=99999999999999999999999", Some(u64::MAX)),
            ("Expires=0", None),
            ("Max-Age=", None),
            ("Max-Age", None),
            ("HttpOnly", None),
        ] {
            let given = given(&answer(&[&format!("a=b; {attributes}")]), "a").unwrap();
            assert_eq!(given.lifetime, secs.map(Duration::from_secs), "{attributes}");
        }
        for removed in ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(given(&answer(&[&format!("a=b; {removed}")]), "a"), None, "{removed}");
        }
    }

    #[test]
    fn only_the_named_cookies_are_sent() {
        let mut request = Request::new(Bytes::new());
        request.headers_mut().insert(COOKIE, HeaderValue::from_static("the=browsers"));
        send(&mut request, &[("a", &"1%2F".into()), ("b", &"\"2\"".into())]);
        assert_eq!(request.headers()[COOKIE], "a=1%2F; b=\"2\"");
        assert!(request.headers()[COOKIE].is_sensitive());
        send(&mut request, &[]);
        assert!(!request.headers().contains_key(COOKIE));
    }
}
