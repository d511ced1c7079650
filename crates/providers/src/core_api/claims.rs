use ironleaf_auth::SecretText;
use serde::Deserialize;

use crate::jwt;

/// The claims of an access token about its owner.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: String,
}

/// Reads the claims without checking the signature.
pub(super) fn read(access_token: &SecretText) -> Option<Claims> {
    jwt::payload(access_token)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
