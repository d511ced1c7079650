//! Which keys of a key set are used.

use ironleaf_jwks::{KeySet, TokenError, Verified};
use serde_json::{Value, json};

use crate::support::{ED25519, ES256, RS256, TestKey, decode, encode, id_claims, id_rules, now};

fn set(keys: &[Value]) -> Result<KeySet, String> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).map_err(|error| error.to_string())
}

fn verify(keys: &[Value], token: &str) -> Result<Verified, TokenError> {
    set(keys).unwrap().verify(token, &id_rules(), now())
}

/// The key with one member changed.
fn changed(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

/// An RSA key with a modulus of this many bits.
fn rsa_of(bits: usize) -> Value {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    changed(RS256.jwk(), "n", encode(modulus).into())
}

#[test]
fn what_is_no_key_set_is_refused() {
    for text in
        ["", "<html>", "null", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null,\"k\",{}]}"]
    {
        assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
    }
    let huge = format!("{{\"keys\":[{}{{}}]}}", "{},".repeat(300_000));
    assert!(KeySet::parse(huge.as_bytes()).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn keys_that_are_of_no_use_are_ignored() {
    let useless = [
        changed(RS256.jwk(), "use", "enc".into()),
        changed(RS256.jwk(), "key_ops", json!(["encrypt", "wrapKey"])),
        changed(RS256.jwk(), "key_ops", json!("verify")),
        changed(RS256.jwk(), "alg", "RSA-OAEP".into()),
        changed(RS256.jwk(), "alg", "ES256".into()),
        changed(RS256.jwk(), "alg", "HS256".into()),
        changed(RS256.jwk(), "alg", json!(1)),
        changed(RS256.jwk(), "kid", json!(1)),
        changed(RS256.jwk(), "kty", "LWE".into()),
        changed(RS256.jwk(), "d", "AQAB".into()),
        changed(RS256.jwk(), "e", "AQ".into()),
        changed(RS256.jwk(), "e", "Ag".into()),
        changed(RS256.jwk(), "e", "AQAAAAAAAAAB".into()),
        changed(RS256.jwk(), "n", "not base64!".into()),
        without(RS256.jwk(), "n"),
        changed(ES256.jwk(), "crv", "secp256k1".into()),
        changed(ES256.jwk(), "x", "AQAB".into()),
        without(ES256.jwk(), "y"),
        changed(ED25519.jwk(), "crv", "X25519".into()),
        changed(ED25519.jwk(), "x", "AQAB".into()),
        json!({ "kty": "oct", "k": encode([7; 32]), "alg": "HS256", "kid": "rs" }),
        json!({ "kty": "oct", "k": encode([7; 32]), "kid": "rs" }),
    ];
    for jwk in useless {
        assert_eq!(set(std::slice::from_ref(&jwk)).unwrap_err(), "none of the 1 keys can be used", "{jwk}");
        let both = set(&[jwk, ES256.jwk()]).unwrap();
        assert_eq!(both.len(), 1);
        assert!(both.verify(&ES256.token("JWT", &id_claims()), &id_rules(), now()).is_ok());
    }
}

#[test]
fn an_rsa_key_has_2048_to_8192_bits() {
    for bits in [512, 1024, 2047, 8193, 16384] {
        assert!(set(&[rsa_of(bits)]).is_err(), "{bits}");
    }
    for bits in [2048, 3072, 4096, 8192] {
        assert!(set(&[rsa_of(bits)]).is_ok(), "{bits}");
    }
    // Zeros in front do not make a short key long.
    let padded = [vec![0; 128], vec![0xff; 128]].concat();
    assert!(set(&[changed(RS256.jwk(), "n", encode(padded).into())]).is_err());
}

#[test]
fn zeros_in_front_of_a_modulus_do_not_matter() {
    let modulus = decode(RS256.jwk()["n"].as_str().unwrap());
    let padded = changed(RS256.jwk(), "n", encode([vec![0], modulus].concat()).into());
    assert!(verify(&[padded], &RS256.token("JWT", &id_claims())).is_ok());
}

#[test]
fn a_key_without_use_and_algorithm_serves_the_algorithms_of_its_kind() {
    for key in [&*RS256, &*ES256, &*ED25519] {
        let bare = without(without(key.jwk(), "use"), "alg");
        assert!(verify(&[bare], &key.token("JWT", &id_claims())).is_ok(), "{}", key.alg);
        let nulls = changed(changed(key.jwk(), "alg", Value::Null), "key_ops", json!(["verify"]));
        assert!(verify(&[nulls], &key.token("JWT", &id_claims())).is_ok(), "{}", key.alg);
    }
}

#[test]
fn a_key_without_kid_serves_only_tokens_without_kid() {
    let nameless = without(ES256.jwk(), "kid");
    let with_kid = ES256.token("JWT", &id_claims());
    assert_eq!(verify(std::slice::from_ref(&nameless), &with_kid).unwrap_err(), TokenError::UnknownKey);
    let without_kid = ES256.sign(&json!({ "alg": "ES256" }), &id_claims());
    assert!(verify(&[nameless], &without_kid).is_ok());
}

#[test]
fn keys_with_the_same_kid_are_all_tried() {
    let other = TestKey::new("es", "ES256");
    assert!(verify(&[other.jwk(), ES256.jwk()], &ES256.token("JWT", &id_claims())).is_ok());
}

#[test]
fn a_bounded_number_of_keys_is_tried_for_one_token() {
    let without_kid = ES256.sign(&json!({ "alg": "ES256" }), &id_claims());
    let other = TestKey::new("other", "ES256").jwk();
    let mut keys = vec![other; 7];
    keys.push(ES256.jwk());
    assert!(verify(&keys, &without_kid).is_ok());
    keys.insert(0, keys[0].clone());
    assert_eq!(verify(&keys, &without_kid).unwrap_err(), TokenError::Signature);
    // By its name it is found.
    assert!(verify(&keys, &ES256.token("JWT", &id_claims())).is_ok());
}

#[test]
fn a_bounded_number_of_keys_is_kept() {
    assert_eq!(set(&vec![ES256.jwk(); 150]).unwrap().len(), 100);
}

#[test]
fn a_point_that_is_not_on_the_curve_verifies_nothing() {
    let off = changed(ES256.jwk(), "x", encode([1; 32]).into());
    assert_eq!(verify(&[off], &ES256.token("JWT", &id_claims())).unwrap_err(), TokenError::Signature);
}
