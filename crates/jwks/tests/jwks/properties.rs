//! Nothing that anybody can send panics, and nothing but a genuine token is accepted.

use ironleaf_jwks::{KeySet, Rules};
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};

use crate::support::{CLIENT, ED25519, ISSUER, id_claims, id_rules, key_set, now, verify};

/// Any JSON value, two levels deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from(ISSUER)),
        Just(Value::from(CLIENT)),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z]{1,6}", inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An object with some of these names.
fn object(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let member = (proptest::sample::select(names), value());
    vec(member, 0..8).prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

const CLAIMS: &[&str] = &[
    "iss", "aud", "azp", "sub", "exp", "nbf", "iat", "nonce", "jti", "sid", "events", "scope", "scp", "cnf",
    "at_hash",
];
const HEADER: &[&str] = &["alg", "kid", "typ", "crit", "jwk", "b64", "zip"];
const JWK: &[&str] = &["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "d", "k"];

fn all_rules() -> [Rules; 4] {
    [
        id_rules().with_subject("person-1"),
        Rules::access_token(ISSUER, CLIENT),
        Rules::plain_access_token(ISSUER, CLIENT),
        Rules::logout_token(ISSUER, CLIENT),
    ]
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC*", bytes in vec(any::<u8>(), 0..300)) {
        let keys = key_set();
        for rules in all_rules() {
            prop_assert!(keys.verify(&text, &rules, now()).is_err());
            prop_assert!(keys.verify(&String::from_utf8_lossy(&bytes), &rules, now()).is_err());
        }
    }

    #[test]
    fn genuine_tokens_with_any_claims_are_judged(changes in object(CLAIMS)) {
        let mut claims = id_claims();
        for (name, value) in changes {
            claims[name] = value;
        }
        for rules in all_rules() {
            if let Ok(verified) = verify(&ED25519.token("JWT", &claims), &rules) {
                prop_assert_eq!(verified.issuer(), Some(ISSUER));
                let _ = (verified.scopes(), verified.expires_at(), verified.check_access_token("token"));
            }
        }
    }

    #[test]
    fn any_header_is_judged(changes in object(HEADER)) {
        let mut header = json!({ "alg": "EdDSA", "kid": "ed" });
        let is_critical = changes.contains_key("crit");
        for (name, value) in changes {
            header[name] = value;
        }
        let outcome = verify(&ED25519.sign(&header, &id_claims()), &id_rules());
        prop_assert!(!(is_critical && outcome.is_ok()));
    }

    #[test]
    fn any_key_set_is_judged(changes in vec(object(JWK), 0..4), text in "\\PC*") {
        let keys: Vec<Value> = changes.into_iter().map(|changes| {
            let mut jwk = ED25519.jwk();
            for (name, value) in changes {
                jwk[name] = value;
            }
            jwk
        }).collect();
        let _ = KeySet::parse(text.as_bytes());
        if let Ok(set) = KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()) {
            prop_assert!(!set.is_empty());
            let _ = set.verify(&ED25519.token("JWT", &id_claims()), &id_rules(), now());
        }
    }
}
