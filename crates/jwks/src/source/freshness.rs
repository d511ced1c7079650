//! How long a response may be kept (RFC 9111).

use std::time::Duration;

use http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL},
};

/// The life that remains according to `Cache-Control` and `Age`. `None` if the response does not say.
pub(super) fn remaining(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|line| line.to_str().ok());
    let life_secs = lines.flat_map(|line| line.split(',')).filter_map(life_secs).min()?;
    let age_secs = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or(0);
    Some(Duration::from_secs(life_secs.saturating_sub(age_secs)))
}

/// The life that one directive of `Cache-Control` gives, in seconds. If there are several, the shortest is right.
fn life_secs(directive: &str) -> Option<u64> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    let name = name.trim();
    if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
        Some(0)
    } else if name.eq_ignore_ascii_case("max-age") {
        // What cannot be read counts as stale (section 4.2.1).
        Some(seconds(value.trim().trim_matches('"')).unwrap_or(0))
    } else {
        None
    }
}

/// A number of seconds (section 1.2.2). One that is too large counts as 2^31.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(1 << 31))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn life(lines: &[&'static str], age: Option<&'static str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
        }
        if let Some(age) = age {
            headers.insert(AGE, HeaderValue::from_static(age));
        }
        remaining(&headers).map(|life| life.as_secs())
    }

    #[test]
    fn the_life_is_read_from_cache_control() {
        assert_eq!(life(&["public, max-age=600"], None), Some(600));
        assert_eq!(life(&["Public", "MAX-AGE = 600"], None), Some(600));
        assert_eq!(life(&["max-age=\"600\""], None), Some(600));
        assert_eq!(life(&["max-age=600, s-maxage=10"], None), Some(600));
        assert_eq!(life(&["public"], None), None);
        assert_eq!(life(&[], None), None);
    }

    #[test]
    fn the_age_of_the_response_is_subtracted() {
        assert_eq!(life(&["max-age=600"], Some("100")), Some(500));
        assert_eq!(life(&["max-age=600"], Some("700")), Some(0));
        assert_eq!(life(&["max-age=600"], Some("young")), Some(600));
        assert_eq!(life(&[], Some("100")), None);
    }

    #[test]
    fn what_must_not_be_kept_or_cannot_be_read_has_no_life() {
        for line in ["no-store", "no-cache", "max-age=600, no-cache", "max-age=-1", "max-age", "max-age=ten"]
        {
            assert_eq!(life(&[line], None), Some(0), "{line}");
        }
        assert_eq!(life(&["max-age=600, max-age=60"], None), Some(60));
    }

    #[test]
    fn a_huge_number_does_not_overflow() {
        assert_eq!(life(&["max-age=99999999999999999999999"], None), Some(1 << 31));
        assert_eq!(life(&["max-age=600"], Some("99999999999999999999999")), Some(0));
    }
}
