//! Access tokens: RFC 9068, and those of providers that do not follow it.

use ironleaf_jwks::{Rules, TokenError};
use serde_json::{Value, json};

use crate::support::{ED25519, ISSUER, NOW_SECS, refusal, verify, with};

const API: &str = "https://api.example.com";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": API, "sub": "person-1", "client_id": "app", "jti": "t-1", "scope": "read write",
        "exp": NOW_SECS + 300, "iat": NOW_SECS,
    })
}

fn rules() -> Rules {
    Rules::access_token(ISSUER, API)
}

#[test]
fn a_token_of_rfc_9068_is_accepted() {
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let verified = verify(&ED25519.token(typ, &claims()), &rules()).unwrap();
        assert_eq!(verified.scopes(), ["read", "write"]);
    }
}

#[test]
fn an_id_token_or_a_logout_token_is_not_an_access_token() {
    for typ in ["JWT", "logout+jwt", "dpop+jwt"] {
        assert_eq!(refusal(&ED25519.token(typ, &claims()), &rules()), TokenError::Type, "{typ}");
    }
    let untyped = ED25519.sign(&json!({ "alg": "EdDSA", "kid": "ed" }), &claims());
    assert_eq!(refusal(&untyped, &rules()), TokenError::Type);
}

#[test]
fn every_claim_that_rfc_9068_requires_is_required() {
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        let token = ED25519.token("at+jwt", &with(&claims(), name, Value::Null));
        assert_eq!(refusal(&token, &rules()), TokenError::MissingClaim(name));
    }
}

#[test]
fn a_token_for_several_apis_is_accepted_by_each() {
    let several = with(&claims(), "aud", json!(["https://other.example.com", API]));
    assert!(verify(&ED25519.token("at+jwt", &several), &rules()).is_ok());
    let others = with(&claims(), "aud", json!(["https://other.example.com"]));
    assert_eq!(refusal(&ED25519.token("at+jwt", &others), &rules()), TokenError::Audience);
}

#[test]
fn a_token_that_is_bound_to_a_key_of_its_sender_is_refused() {
    let bound = with(&claims(), "cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }));
    assert_eq!(refusal(&ED25519.token("at+jwt", &bound), &rules()), TokenError::ForbiddenClaim("cnf"));
}

#[test]
fn a_plain_token_is_accepted_where_the_rules_say_so() {
    let rules = Rules::plain_access_token(ISSUER, API);
    let plain =
        json!({ "iss": ISSUER, "aud": API, "sub": "person-1", "exp": NOW_SECS + 300, "scp": ["read"] });
    for header in [
        json!({ "alg": "EdDSA", "kid": "ed" }),
        json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" }),
        json!({ "alg": "EdDSA", "kid": "ed", "typ": "at+jwt" }),
    ] {
        assert_eq!(verify(&ED25519.sign(&header, &plain), &rules).unwrap().scopes(), ["read"]);
    }
    assert_eq!(refusal(&ED25519.token("logout+jwt", &plain), &rules), TokenError::Type);
    let other = with(&plain, "aud", "my-client".into());
    assert_eq!(refusal(&ED25519.token("JWT", &other), &rules), TokenError::Audience);
    for name in ["sub", "exp"] {
        let token = ED25519.token("JWT", &with(&plain, name, Value::Null));
        assert_eq!(refusal(&token, &rules), TokenError::MissingClaim(name));
    }
}
