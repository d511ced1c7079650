//! What is refused because of the header, the signature or the form of the token.

use ironleaf_jwks::{Algorithm, Rules, TokenError};
use serde_json::{Value, json};

use crate::support::{
    ED25519, ES256, PS256, RS256, TestKey, all_keys, decode, encode, id_claims, id_rules, refusal,
    sign_hs256, verify,
};

#[test]
fn a_token_of_each_algorithm_is_accepted() {
    for key in all_keys() {
        let verified = verify(&key.token("JWT", &id_claims()), &id_rules()).unwrap();
        assert_eq!(verified.kid.as_deref(), Some(key.kid));
        assert_eq!(verified.subject(), Some("person-1"));
    }
}

#[test]
fn ed25519_is_another_name_of_eddsa() {
    let header = json!({ "alg": "Ed25519", "kid": "ed" });
    let verified = verify(&ED25519.sign(&header, &id_claims()), &id_rules()).unwrap();
    assert_eq!(verified.algorithm, Algorithm::EdDSA);
}

#[test]
fn a_public_key_as_the_secret_of_a_symmetric_signature_is_refused() {
    let jwk = RS256.jwk();
    let modulus = decode(jwk["n"].as_str().unwrap());
    let header = json!({ "alg": "HS256", "kid": "rs", "typ": "JWT" });
    for secret in [modulus, jwk.to_string().into_bytes()] {
        let token = sign_hs256(&header, &id_claims(), &secret);
        assert_eq!(refusal(&token, &id_rules()), TokenError::Algorithm);
        // Even if somebody lists the algorithm.
        let rules = Rules { algorithms: vec![Algorithm::HS256, Algorithm::RS256], ..id_rules() };
        assert_eq!(refusal(&token, &rules), TokenError::Algorithm);
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    for alg in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": alg, "typ": "JWT" });
        let unsigned = format!("{}.{}.", encode(header.to_string()), encode(id_claims().to_string()));
        assert_eq!(refusal(&unsigned, &id_rules()), TokenError::Algorithm, "{alg}");
    }
    let valid = ES256.token("JWT", &id_claims());
    let (signed, _) = valid.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{signed}."), &id_rules()), TokenError::Signature);
}

#[test]
fn an_algorithm_that_the_rules_do_not_list_is_refused() {
    let rules = Rules { algorithms: vec![Algorithm::ES256], ..id_rules() };
    assert_eq!(refusal(&RS256.token("JWT", &id_claims()), &rules), TokenError::Algorithm);
    assert!(verify(&ES256.token("JWT", &id_claims()), &rules).is_ok());
}

#[test]
fn a_key_is_used_only_with_its_own_algorithm() {
    // The same RSA key could verify both. The provider says which one it uses.
    let header = json!({ "alg": "RS256", "kid": "ps" });
    assert_eq!(refusal(&PS256.sign(&header, &id_claims()), &id_rules()), TokenError::UnknownKey);
    let header = json!({ "alg": "ES256", "kid": "rs" });
    assert_eq!(refusal(&ES256.sign(&header, &id_claims()), &id_rules()), TokenError::UnknownKey);
}

#[test]
fn an_unknown_key_is_refused() {
    let stranger = TestKey::new("stranger", "ES256");
    assert_eq!(refusal(&stranger.token("JWT", &id_claims()), &id_rules()), TokenError::UnknownKey);
}

#[test]
fn a_key_that_calls_itself_like_another_is_refused() {
    for (kid, alg) in [("rs", "RS256"), ("ps", "PS256"), ("es", "ES256"), ("ed", "EdDSA")] {
        let stranger = TestKey::new(kid, alg);
        assert_eq!(
            refusal(&stranger.token("JWT", &id_claims()), &id_rules()),
            TokenError::Signature,
            "{alg}"
        );
    }
}

#[test]
fn a_key_in_the_header_is_not_believed() {
    let stranger = TestKey::new("es", "ES256");
    let header =
        json!({ "alg": "ES256", "kid": "es", "jwk": stranger.jwk(), "jku": "https://evil.example.com/jwks" });
    assert_eq!(refusal(&stranger.sign(&header, &id_claims()), &id_rules()), TokenError::Signature);
}

#[test]
fn every_changed_bit_of_a_signature_is_noticed() {
    for key in all_keys() {
        let token = key.token("JWT", &id_claims());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = decode(signature);
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = format!("{signed}.{}", encode(changed));
            assert_eq!(refusal(&changed, &id_rules()), TokenError::Signature, "{} bit {bit}", key.alg);
        }
    }
}

#[test]
fn changed_claims_are_noticed() {
    let token = ES256.token("JWT", &id_claims());
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut claims = id_claims();
    claims["sub"] = "admin".into();
    let changed = format!("{header}.{}.{signature}", encode(claims.to_string()));
    assert_eq!(refusal(&changed, &id_rules()), TokenError::Signature);
}

#[test]
fn a_token_without_kid_is_tried_with_the_keys_of_its_algorithm() {
    for key in all_keys() {
        let header = json!({ "alg": key.alg });
        let verified = verify(&key.sign(&header, &id_claims()), &id_rules()).unwrap();
        assert_eq!(verified.kid, None);
        let stranger = TestKey::new("stranger", key.alg);
        assert_eq!(refusal(&stranger.sign(&header, &id_claims()), &id_rules()), TokenError::Signature);
    }
}

#[test]
fn any_crit_is_refused() {
    let demands = [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(null)];
    for crit in demands {
        let header = json!({ "alg": "ES256", "kid": "es", "crit": crit, "exp": 1, "b64": false });
        let token = ES256.sign(&header, &id_claims());
        assert_eq!(refusal(&token, &id_rules()), TokenError::Critical, "{crit}");
    }
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in ["at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "", "JWT/2"] {
        let token = ES256.token(typ, &id_claims());
        assert_eq!(refusal(&token, &id_rules()), TokenError::Type, "{typ}");
    }
}

#[test]
fn a_type_is_compared_without_case_and_with_or_without_application() {
    for typ in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        assert!(verify(&ES256.token(typ, &id_claims()), &id_rules()).is_ok(), "{typ}");
    }
    let header = json!({ "alg": "ES256", "kid": "es" });
    assert!(verify(&ES256.sign(&header, &id_claims()), &id_rules()).is_ok());
    let rules = Rules { type_required: true, ..id_rules() };
    assert_eq!(refusal(&ES256.sign(&header, &id_claims()), &rules), TokenError::Type);
    let rules = Rules { types: vec!["application/JWT".to_owned()], ..id_rules() };
    assert!(verify(&ES256.token("jwt", &id_claims()), &rules).is_ok());
}

#[test]
fn what_is_no_token_is_malformed() {
    let valid = ES256.token("JWT", &id_claims());
    let [header, claims, signature] = valid.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let malformed = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{claims}"),
        format!("{valid}."),
        format!("{valid}.{signature}.{signature}"),
        format!(" {valid}"),
        format!("{valid}\n"),
        format!("{valid}="),
        format!("{header}.{claims}.{signature}!"),
        format!("{header}=.{claims}.{signature}"),
        "a".repeat(100_000),
    ];
    for token in malformed {
        assert_eq!(refusal(&token, &id_rules()), TokenError::Malformed, "{token}");
    }
}

#[test]
fn a_header_with_values_of_the_wrong_kind_is_malformed() {
    let headers = [
        json!({}),
        json!({ "alg": 1 }),
        json!({ "alg": "ES256", "kid": 1 }),
        json!({ "alg": "ES256", "typ": ["JWT"] }),
        json!([]),
        Value::Null,
    ];
    for header in headers {
        assert_eq!(
            refusal(&ES256.sign(&header, &id_claims()), &id_rules()),
            TokenError::Malformed,
            "{header}"
        );
    }
}

#[test]
fn genuine_claims_that_are_no_object_are_malformed() {
    let header = json!({ "alg": "ES256", "kid": "es" }).to_string();
    for claims in ["[]", "null", "1", "\"text\"", "", "{", "{\"exp\":1e999}", "{}{}", "\u{feff}{}"] {
        let token = ES256.sign_parts(header.as_bytes(), claims.as_bytes());
        assert_eq!(refusal(&token, &id_rules()), TokenError::Malformed, "{claims}");
    }
}

#[test]
fn no_text_about_a_token_contains_it() {
    let token = ES256.token("JWT", &id_claims());
    let verified = verify(&token, &id_rules()).unwrap();
    assert_eq!(
        format!("{verified:?}"),
        r#"Verified { claims: ["aud", "exp", "iat", "iss", "nonce", "sub"], kid: Some("es"), algorithm: ES256 }"#
    );
    let error = refusal(&ES256.token("secret-type", &id_claims()), &id_rules());
    assert_eq!(format!("{error:?} {error} {}", error.label()), "Type the token is of another type type");
}
