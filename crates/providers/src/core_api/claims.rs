use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use ironleaf_auth::SecretText;

/// The claims of an access token about its owner.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: String,
}

/// Reads the claims without checking the signature: the token came directly from the API over our own connection, and
/// the claims grant nothing here (compare OIDC Core 1.0, section 3.1.3.7, point 6).
pub(super) fn read(access_token: &SecretText) -> Option<Claims> {
    payload(access_token)
}

/// The lifetime of the token from its issue: `exp - iat` (RFC 7519, sections 4.1.4 and 4.1.6).
pub(super) fn lifetime(access_token: &SecretText) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Times {
        exp: f64,
        iat: f64,
    }
    let Times { exp, iat } = payload(access_token)?;
    // An error of the API's clock is in both claims and cancels out.
    Duration::try_from_secs_f64((exp - iat).trunc()).ok().filter(|lifetime| !lifetime.is_zero())
}

fn payload<T: DeserializeOwned>(access_token: &SecretText) -> Option<T> {
    let mut parts = access_token.expose().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn anything_but_three_parts_with_both_claims_has_none() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"1","email":"a@b.c","exp":1}"#);
        let partial = URL_SAFE_NO_PAD.encode(r#"{"sub":"1"}"#);
        let read = |token: String| read(&SecretText::from(token));
        assert_eq!(
            read(format!("e30.{claims}.c2ln")),
            Some(Claims { sub: "1".to_owned(), email: "a@b.c".to_owned() })
        );
        for hostile in
            [format!("e30.{claims}"), format!("e30.{partial}.x"), "e30.!!.x".to_owned(), String::new()]
        {
            assert_eq!(read(hostile), None);
        }
    }
}
