//! What the claims of an access token say, where the token is a JWT.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::SecretText;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The lifetime of the token from its issue: `exp - iat` (RFC 7519, sections 4.1.4 and 4.1.6).
pub(crate) fn lifetime(token: &SecretText) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Times {
        exp: f64,
        iat: f64,
    }
    let Times { exp, iat } = payload(token)?;
    // An error of the API's clock is in both claims and cancels out.
    Duration::try_from_secs_f64((exp - iat).trunc()).ok().filter(|lifetime| !lifetime.is_zero())
}

/// Reads the claims without checking the signature: the token came directly from the API over our own connection, and
/// the claims grant nothing here (compare OIDC Core 1.0, section 3.1.3.7, point 6).
pub(crate) fn payload<T: DeserializeOwned>(token: &SecretText) -> Option<T> {
    let mut parts = token.expose().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Whether both tokens name somebody in this claim, and not the same person. `None` unless both are JWTs with the claim.
pub(crate) fn differ(before: &SecretText, now: &SecretText, claim: &str) -> Option<bool> {
    let named = |token: &SecretText| match payload::<Value>(token)?.get(claim)? {
        Value::String(name) if !name.is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Some(named(before)? != named(now)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_are_of_different_people_only_if_both_say_so() {
        let token = |claims: &str| SecretText::from(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)));
        for (before, now, expected) in [
            (r#"{"sub":"a"}"#, r#"{"sub":"b"}"#, Some(true)),
            (r#"{"sub":"a"}"#, r#"{"sub":"a","iat":1}"#, Some(false)),
            (r#"{"sub":7}"#, r#"{"sub":"7"}"#, Some(false)),
            (r#"{"sub":7}"#, r#"{"sub":8}"#, Some(true)),
            (r#"{"sub":"a"}"#, r#"{"id":"b"}"#, None),
            (r#"{"sub":"a"}"#, r#"{"sub":""}"#, None),
            (r#"{"sub":["a"]}"#, r#"{"sub":["b"]}"#, None),
            (r#"["a"]"#, r#"{"sub":"b"}"#, None),
        ] {
            assert_eq!(differ(&token(before), &token(now), "sub"), expected, "{before} {now}");
        }
        assert_eq!(differ(&"opaque".into(), &token(r#"{"sub":"a"}"#), "sub"), None);
    }

    #[test]
    fn the_life_of_a_token_is_what_its_own_times_say() {
        let token = |claims: &str| SecretText::from(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)));
        for (claims, secs) in [
            (r#"{"exp":1700001200,"iat":1700000000}"#, Some(1200)),
            (r#"{"exp":1700000090.5,"iat":1700000000}"#, Some(90)),
            (r#"{"exp":1700000000,"iat":1700000000}"#, None),
            (r#"{"exp":1600000000,"iat":1700000000}"#, None),
            (r#"{"exp":1700000000}"#, None),
            (r#"{"exp":"soon","iat":"now"}"#, None),
            (r#"{"exp":1e300,"iat":0}"#, None),
        ] {
            assert_eq!(lifetime(&token(claims)), secs.map(Duration::from_secs), "{claims}");
        }
        assert_eq!(lifetime(&SecretText::from("opaque")), None);
    }
}
