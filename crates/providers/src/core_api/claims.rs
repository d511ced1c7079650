use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use ironleaf_auth::SecretText;

/// What an access token says about its owner.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: String,
}

/// Reads the claims and does not check the signature: the token came straight from the API, on a connection of ours,
/// and nothing is granted by it here (compare OIDC Core 1.0, section 3.1.3.7, point 6).
pub(super) fn read(access_token: &SecretText) -> Option<Claims> {
    let mut parts = access_token.expose().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
