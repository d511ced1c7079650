//! Cookies as bytes on the wire: reads `Cookie`, writes `Set-Cookie`, and splits values that are too long.

pub(crate) mod budget;
pub(crate) mod chunks;
pub(crate) mod header;

use std::time::Duration;

use http::HeaderValue;

/// How many bytes browsers keep of one cookie: name, value and attributes together (RFC 6265bis, section 5.7).
pub(crate) const MAX_COOKIE_BYTES: usize = 4096;

/// How long browsers keep a cookie at most (RFC 6265bis, section 5.5).
pub(crate) const MAX_COOKIE_LIFE: Duration = Duration::from_hours(400 * 24);

const PREFIX: &str = "__Host-Http-";

/// The name under which the browser keeps the cookie.
///
/// With `__Host-`, browsers require `Secure`, `Path=/` and no `Domain`. With `__Host-Http-`, they require `HttpOnly`
/// too, so no neighbouring host and no script can plant such a cookie. They refuse these prefixes on plain http.
pub(crate) fn full_name(name: &str, secure: bool) -> String {
    if secure { format!("{PREFIX}{name}") } else { name.to_owned() }
}

/// Whether the text is a token (RFC 9110, section 5.6.2), as the name of a cookie must be.
pub(crate) const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        let allowed = bytes[index].is_ascii_alphanumeric()
            || matches!(
                bytes[index],
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        if !allowed {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}

/// One `Set-Cookie` line. Without a `Max-Age`, the cookie ends with the browser.
pub(crate) fn set_cookie(name: &str, value: &str, secure: bool, max_age: Option<Duration>) -> String {
    let secure = if secure { "; Secure" } else { "" };
    let max_age = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
    format!("{name}={value}; HttpOnly{secure}; SameSite=Lax; Path=/{max_age}")
}

/// The line that makes a browser remove the cookie. It has the same attributes; otherwise the browser would keep the cookie.
pub(crate) fn removal(name: &str, secure: bool) -> String {
    set_cookie(name, "", secure, Some(Duration::ZERO))
}

/// The line as a header value. It is marked as sensitive, so that `Debug` of the headers does not print it.
pub(crate) fn header_value(line: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(line).ok()?;
    value.set_sensitive(true);
    Some(value)
}
