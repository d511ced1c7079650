//! Logout tokens: OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6.

use ironleaf_jwks::{Rules, TokenError};
use serde_json::{Value, json};

use crate::support::{CLIENT, ES256, ISSUER, NOW_SECS, id_claims, id_rules, refusal, verify, with};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": "person-1", "sid": "s-1", "jti": "l-1", "iat": NOW_SECS,
        "exp": NOW_SECS + 120, "events": { EVENT: {} },
    })
}

fn rules() -> Rules {
    Rules::logout_token(ISSUER, CLIENT)
}

fn refused_with(name: &str, value: Value) -> TokenError {
    refusal(&ES256.token("logout+jwt", &with(&claims(), name, value)), &rules())
}

#[test]
fn a_logout_token_is_accepted_with_and_without_its_type() {
    let untyped = json!({ "alg": "ES256", "kid": "es" });
    for token in [
        ES256.token("logout+jwt", &claims()),
        ES256.token("application/logout+jwt", &claims()),
        ES256.token("JWT", &claims()),
        ES256.sign(&untyped, &claims()),
    ] {
        assert_eq!(verify(&token, &rules()).unwrap().text("sid"), Some("s-1"));
    }
    for typ in ["at+jwt", "secevent+jwt"] {
        assert_eq!(refusal(&ES256.token(typ, &claims()), &rules()), TokenError::Type, "{typ}");
    }
}

#[test]
fn either_the_session_or_the_person_is_named() {
    for name in ["sub", "sid"] {
        let token = ES256.token("logout+jwt", &with(&claims(), name, Value::Null));
        assert!(verify(&token, &rules()).is_ok(), "without {name}");
    }
    let neither = with(&with(&claims(), "sub", Value::Null), "sid", Value::Null);
    assert_eq!(refusal(&ES256.token("logout+jwt", &neither), &rules()), TokenError::MissingClaim("sub"));
}

#[test]
fn every_required_claim_is_required() {
    for name in ["iss", "aud", "iat", "exp", "jti", "events"] {
        assert_eq!(refused_with(name, Value::Null), TokenError::MissingClaim(name));
    }
}

#[test]
fn a_nonce_is_forbidden() {
    assert_eq!(refused_with("nonce", "n-1".into()), TokenError::ForbiddenClaim("nonce"));
}

#[test]
fn another_event_is_refused() {
    let others = [
        json!({}),
        json!({ "http://schemas.openid.net/event/other": {} }),
        json!({ EVENT: true }),
        json!({ EVENT: null }),
        json!([EVENT]),
        json!(EVENT),
    ];
    for events in others {
        assert_eq!(refused_with("events", events.clone()), TokenError::Event, "{events}");
    }
    assert!(
        verify(&ES256.token("JWT", &with(&claims(), "events", json!({ EVENT: {}, "other": 1 }))), &rules())
            .is_ok()
    );
}

#[test]
fn the_other_rules_hold_as_for_an_id_token() {
    assert_eq!(refused_with("iss", "https://evil.example.com".into()), TokenError::Issuer);
    assert_eq!(refused_with("aud", "other".into()), TokenError::Audience);
    assert_eq!(refused_with("aud", json!([CLIENT, "other"])), TokenError::ExtraAudience);
    assert_eq!(refused_with("exp", (NOW_SECS - 60).into()), TokenError::Expired);
    assert_eq!(refused_with("iat", (NOW_SECS + 60).into()), TokenError::IssuedInFuture);
}

#[test]
fn an_id_token_and_a_logout_token_do_not_pass_for_each_other() {
    assert_eq!(refusal(&ES256.token("logout+jwt", &claims()), &id_rules()), TokenError::Type);
    // Without a type, the claims tell them apart.
    assert_eq!(refusal(&ES256.token("JWT", &claims()), &id_rules()), TokenError::MissingClaim("nonce"));
    assert_eq!(refusal(&ES256.token("JWT", &id_claims()), &rules()), TokenError::MissingClaim("jti"));
    let with_id = with(&id_claims(), "jti", "j-1".into());
    assert_eq!(refusal(&ES256.token("JWT", &with_id), &rules()), TokenError::ForbiddenClaim("nonce"));
}
