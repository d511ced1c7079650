//! What every provider reads from answers in the same way.

use std::time::{Duration, SystemTime};

use http::header::{DATE, HeaderValue, RETRY_AFTER};
use ironleaf_auth::Response;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A header value that the layers below leave out of their logs.
pub(crate) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The body as JSON. A byte order mark is ignored (RFC 8259, section 8.1).
pub(crate) fn json<T: DeserializeOwned>(response: &Response) -> Option<T> {
    let body = response.body();
    serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok()
}

/// A number of seconds, as a JSON number or as text, rounded down.
pub(crate) fn seconds(value: &Value) -> Option<Duration> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // A number that is too large becomes the largest duration.
    (number >= 0.0)
        .then(|| Duration::try_from_secs_f64(number.trunc()).unwrap_or(Duration::from_secs(u64::MAX)))
}

/// The longest wait that is passed on to people, whatever the API asks for.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// How long the API asks to wait (RFC 9110, section 10.2.3): a number of seconds, or a date, from which the answer's
/// own date is subtracted. `@nestjs/throttler` adds the name of the limit to the header's name; the longest wait counts.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let headers = response.headers();
    let answered_at = headers.get(DATE).and_then(date);
    let of = |value| wait(value, answered_at);
    let named = || headers.iter().filter(|(name, _)| name.as_str().starts_with("retry-after-"));
    headers.get(RETRY_AFTER).and_then(of).or_else(|| named().filter_map(|(_, value)| of(value)).max())
}

fn wait(value: &HeaderValue, answered_at: Option<SystemTime>) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit into 64 bits is a long wait, too.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        date(value)?.duration_since(answered_at?).unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// How long a name or an identifier of a person may be. It is in the session cookie.
#[cfg(any(feature = "better-auth", feature = "cookie-api", feature = "oidc"))]
const LONGEST_NAME_BYTES: usize = 128;

/// A text or a number, cut to its limit, without control characters.
#[cfg(any(feature = "better-auth", feature = "cookie-api", feature = "oidc"))]
pub(crate) fn short_text(value: &Value) -> Option<String> {
    let mut text: String = match value {
        Value::String(text) => text.chars().filter(|character| !character.is_control()).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text.truncate(text.floor_char_boundary(LONGEST_NAME_BYTES));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What tells one person from another: a text or a number as it is. `None` if it is longer than an identifier may be,
/// because two that begin alike would be one person.
#[cfg(feature = "cookie-api")]
pub(crate) fn identifier(value: &Value) -> Option<String> {
    let is_short = value.as_str().is_none_or(|text| text.len() <= LONGEST_NAME_BYTES);
    is_short.then(|| short_text(value)).flatten()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_named_limit_of_nest_has_its_wait_read() {
        let mut response = Response::new(Bytes::new());
        for (name, secs) in [("retry-after-short", "1"), ("retry-after-long", "60"), ("x-retry-after", "90")]
        {
            response.headers_mut().insert(name, HeaderValue::from_static(secs));
        }
        assert_eq!(retry_after(&response), Some(Duration::from_mins(1)));
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&response), Some(Duration::from_secs(7)), "the standard header is there");
    }

    #[test]
    fn a_wait_is_read_in_every_form_that_it_has() {
        let date = "Sun, 29 Nov 2026 03:00:00 GMT";
        for (text, secs) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("18446744073709551615", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 29 Nov 2026 03:02:00 GMT", Some(120)),
            // The obsolete date formats are accepted as well (RFC 9110, section 5.6.7).
            ("Sunday, 29-Nov-26 03:02:00 GMT", Some(120)),
            ("Sun Nov 29 03:02:00 2026", Some(120)),
            ("Sun, 29 Nov 2026 02:00:00 GMT", Some(0)),
            ("Sun, 29 Nov 2099 03:00:00 GMT", Some(86_400)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let mut response = Response::new(Bytes::new());
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            response.headers_mut().insert(DATE, HeaderValue::from_static(date));
            assert_eq!(retry_after(&response), secs.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_without_another_to_count_from_says_nothing() {
        let mut response = Response::new(Bytes::new());
        let date = HeaderValue::from_static("Sun, 29 Nov 2026 03:02:00 GMT");
        response.headers_mut().insert(RETRY_AFTER, date);
        assert_eq!(retry_after(&response), None);
    }
}
