//! What a token says about itself.
//!
//! Signatures are not checked: a token comes directly from the API over our own connection, and its payload grants
//! nothing here (compare OpenID Connect Core 1.0, section 3.1.3.7, point 6). The key of HS256 is the API's secret.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::SecretText;
use serde_json::Value;

/// A token in the form of a JWT (RFC 7515, section 3.1). The API refuses a header with anything else, even beside a
/// good cookie.
pub(super) fn read(text: &str) -> Option<SecretText> {
    let mut parts = text.split('.');
    let is_part = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
    };
    let is_jwt =
        [parts.next(), parts.next(), parts.next()].into_iter().all(is_part) && parts.next().is_none();
    is_jwt.then(|| SecretText::from(text))
}

/// The payload, if it is an object.
pub(super) fn payload(token: &SecretText) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok().filter(Value::is_object)
}

/// The lifetime of a token from its issue: `exp - iat` (RFC 7519, sections 4.1.4 and 4.1.6). The gem writes no `iat`,
/// so else it is the time from `answered_at`.
pub(super) fn lifetime(token: &SecretText, answered_at: SystemTime) -> Option<Duration> {
    let payload = payload(token)?;
    let end = time(payload.get("exp")?)?;
    // An error of the API's clock is in both claims and cancels out.
    let issued_at = payload.get("iat").and_then(time).unwrap_or(answered_at);
    end.duration_since(issued_at).ok().filter(|lifetime| !lifetime.is_zero())
}

fn time(value: &Value) -> Option<SystemTime> {
    let since_1970 = Duration::try_from_secs_f64(value.as_f64()?.trunc()).ok()?;
    UNIX_EPOCH.checked_add(since_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretText {
        read(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))).unwrap()
    }

    #[test]
    fn the_life_of_a_token_is_what_its_own_times_say() {
        let answered_at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (claims, secs) in [
            (r#"{"exp":1700003600}"#, Some(3600)),
            (r#"{"exp":1700003600,"iat":1700000100}"#, Some(3500)),
            (r#"{"exp":1700003600,"iat":"now"}"#, Some(3600)),
            (r#"{"exp":1700003600.9}"#, Some(3600)),
            (r#"{"exp":1700000000}"#, None),
            (r#"{"exp":1600000000}"#, None),
            (r#"{"exp":"soon"}"#, None),
            (r#"{"exp":1e300}"#, None),
            (r#"{"exp":-1}"#, None),
            ("{}", None),
            ("[]", None),
            ("nonsense", None),
        ] {
            assert_eq!(lifetime(&token(claims), answered_at), secs.map(Duration::from_secs), "{claims}");
        }
    }

    #[test]
    fn only_the_form_of_a_token_is_one() {
        for hostile in
            ["", "a.b", "a.b.c.d", "a..c", "a.b.c; x=1", "a.b.c\n", "Bearer a.b.c", "a.b.ü", "<html>"]
        {
            assert_eq!(read(hostile), None, "{hostile}");
        }
        assert!(read("e30.e30.c2ln").is_some());
    }
}
