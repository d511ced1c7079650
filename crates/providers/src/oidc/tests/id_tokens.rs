//! Every ID token that must not sign anybody in: each has its own reason in the log, and all have one answer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::signing::{OTHER_KID, both_keys, header, signed_by_other, signed_with};
use super::*;
use crate::test_log::Log;

/// A change of the claims, and the reason for which they are refused then.
type Spoiled = (&'static str, Change);

const SPOILED: [Spoiled; 33] = [
    ("issuer", |claims| claims["iss"] = "https://evil.test".into()),
    ("issuer", |claims| claims["iss"] = "https://id.test/".into()),
    ("no_issuer", |claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
    ("audience", |claims| claims["aud"] = "another".into()),
    ("audience", |claims| claims["aud"] = json!([])),
    ("no_audience", |claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
    ("audience_form", |claims| claims["aud"] = json!({ "app": true })),
    ("extra_audience", |claims| claims["aud"] = json!([CLIENT, "another"])),
    ("extra_audience", |claims| {
        claims["aud"] = json!(["another", CLIENT]);
        claims["azp"] = CLIENT.into();
    }),
    ("authorized_party", |claims| claims["azp"] = "another".into()),
    ("authorized_party_form", |claims| claims["azp"] = json!([CLIENT])),
    ("nonce", |claims| claims["nonce"] = "another".into()),
    ("no_nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
    ("no_nonce", |claims| claims["nonce"] = Value::Null),
    ("nonce_form", |claims| claims["nonce"] = json!([NONCE])),
    ("no_subject", |claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
    ("no_subject", |claims| claims["sub"] = Value::Null),
    ("subject_form", |claims| claims["sub"] = "".into()),
    ("subject_form", |claims| claims["sub"] = 7.into()),
    ("subject_form", |claims| claims["sub"] = "x".repeat(256).into()),
    ("subject_form", |claims| claims["sub"] = "ü".into()),
    ("expired", |claims| claims["exp"] = (1_800_000_000 - 31).into()),
    ("expired", |claims| claims["exp"] = 0.into()),
    ("no_expiry", |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
    ("time_form", |claims| claims["exp"] = "1900000000".into()),
    ("no_time_of_issue", |claims| drop(claims.as_object_mut().unwrap().remove("iat"))),
    ("time_form", |claims| claims["iat"] = "now".into()),
    ("issued_in_future", |claims| claims["iat"] = (1_800_000_000_u64 + 31).into()),
    ("not_yet_valid", |claims| claims["nbf"] = (1_800_000_000_u64 + 31).into()),
    ("access_token_hash", |claims| claims["at_hash"] = hash(b"another token").into()),
    ("access_token_hash", |claims| claims["at_hash"] = "".into()),
    ("access_token_hash", |claims| {
        // Of another hash function than that of the key.
        claims["at_hash"] =
            URL_SAFE_NO_PAD.encode(&<sha2::Sha256 as sha2::Digest>::digest(ACCESS)[..16]).into();
    }),
    ("access_token_hash_form", |claims| claims["at_hash"] = 7.into()),
];

/// `at_hash` for a key whose signature uses SHA-512.
fn hash(token: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&<sha2::Sha512 as sha2::Digest>::digest(token)[..32])
}

#[tokio::test]
async fn each_spoiled_claim_is_refused_with_its_own_reason_and_the_same_answer() {
    for (index, (reason, spoil)) in SPOILED.into_iter().enumerate() {
        let world = World::new();
        world.issues(&world.claims_with(spoil));
        refused(&world, reason, &format!("{index}")).await;
    }
}

#[tokio::test]
async fn each_spoiled_token_is_refused_with_its_own_reason_and_the_same_answer() {
    let world = World::new();
    let claims = world.claims();
    let of = |header: &Header| signed_with(header, &claims);
    let spoiled: [(&str, String); 12] = [
        ("algorithm", unsigned(r#"{"alg":"none"}"#, &claims)),
        ("algorithm", unsigned(r#"{"alg":"HS256"}"#, &claims)),
        ("algorithm", with_secret(&claims)),
        ("malformed", unsigned(r#"{"alg":7}"#, &claims)),
        ("critical", crit(&claims)),
        ("type", of(&Header { typ: Some("at+jwt".to_owned()), ..header() })),
        ("type", of(&Header { typ: Some("logout+jwt".to_owned()), ..header() })),
        ("unknown_key", signed_by_other("a-third", &claims)),
        ("signature", signed_by_other(KID, &claims)),
        ("signature", altered(&of(&header()))),
        ("malformed", "no token".to_owned()),
        ("malformed", format!("{}.", of(&header()))),
    ];
    for (index, (reason, token)) in spoiled.into_iter().enumerate() {
        let world = World::new();
        world.answers("/token", [tokens(Some(&token))]);
        refused(&world, reason, &format!("{index} {reason}")).await;
    }
}

async fn refused(world: &World, reason: &str, case: &str) {
    let log = Log::start();
    let refused = world.sign_in().await.err();
    assert_eq!(refused, Some(SignInError::InvalidCredentials), "{case}");
    let text = log.text();
    assert_eq!(log.take_reasons(), [reason], "{case}");
    for secret in [ACCESS, "a secret", "a code", "a verifier", NONCE, "r1\""] {
        assert!(!text.contains(secret), "{case}: {secret} is in the log: {text}");
    }
    // The tokens are of no use to anybody.
    assert_eq!(world.take_calls().last().unwrap(), "/revoke", "{case}");
}

fn unsigned(header: &str, claims: &Value) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Signed with the client's secret.
fn with_secret(claims: &Value) -> String {
    let key = EncodingKey::from_secret(b"a secret");
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

/// A genuine signature, over a header with an extension that nobody knows.
fn crit(claims: &Value) -> String {
    let header = r#"{"alg":"EdDSA","kid":"test-key-1","crit":["b64"],"b64":true}"#;
    let signed = unsigned(header, claims);
    let genuine = signed_with(&signing::header(), claims);
    format!("{signed}{}", genuine.rsplit_once('.').unwrap().1)
}

fn altered(token: &str) -> String {
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims = String::from_utf8(claims).unwrap().replace("\"u1\"", "\"u2\"");
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn what_the_specification_allows_signs_in() {
    let allowed: [Change; 7] = [
        |claims| claims["aud"] = json!([CLIENT]),
        |claims| claims["azp"] = CLIENT.into(),
        |claims| claims["at_hash"] = hash(ACCESS.as_bytes()).into(),
        |claims| claims["exp"] = (1_800_000_000 - 29).into(),
        |claims| claims["iat"] = (1_800_000_000_u64 + 29).into(),
        |claims| claims["sub"] = "x".repeat(255).into(),
        |claims| claims["name"] = json!({ "first": "not", "last": "text" }),
    ];
    for (index, change) in allowed.into_iter().enumerate() {
        let world = World::new();
        world.issues(&world.claims_with(change));
        assert!(world.sign_in().await.is_ok(), "{index}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_while_people_sign_in() {
    let world = World::new();
    world.grant().await;
    world.advance(Duration::from_mins(1));
    world.answers("/keys", [json_answer(200, &both_keys())]);
    world.answers("/token", [tokens(Some(&signed_by_other(OTHER_KID, &world.claims())))]);
    assert!(world.sign_in().await.is_ok());
    assert_eq!(world.take_calls(), ["/token", "/keys"]);
}

#[tokio::test]
async fn missing_keys_are_no_fault_of_the_token() {
    let world = World::new();
    world.issues(&world.claims());
    for answer in
        [unreachable(), lost(), text(500, "sorry"), text(200, "<html>"), json_answer(200, &json!({}))]
    {
        world.answers("/keys", [answer]);
        let refused = world.sign_in().await;
        assert!(matches!(refused, Err(SignInError::Unavailable(_))), "{refused:?}");
        world.advance(Duration::from_secs(10));
    }
    world.answers("/keys", [json_answer(200, &key_set())]);
    world.issues(&world.claims());
    assert!(world.sign_in().await.is_ok());
}
