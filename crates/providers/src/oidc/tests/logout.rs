//! Every logout token that must end nothing, each with its own reason.

use ironleaf_auth::{CLOCK_SKEW, EndedAtProvider, LogoutNotice, LogoutTokenError};
use jsonwebtoken::Header;

use super::signing::{header, signed_by_other, signed_with};
use super::*;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims(world: &World) -> Value {
    let now = world.now_secs();
    json!({
        "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j1", "sub": "u1", "sid": "s1",
        "events": { EVENT: {} },
    })
}

fn logout_token(claims: &Value) -> String {
    signed_with(&Header { typ: Some("logout+jwt".to_owned()), ..header() }, claims)
}

async fn notice(world: &World, token: &str) -> Result<LogoutNotice, LogoutTokenError> {
    world.provider.logout_notice(&token.into()).await
}

#[tokio::test]
async fn a_logout_token_ends_one_sign_in_or_all_of_a_person() {
    let world = World::new();
    let notice_of = async |change: Change| {
        let mut claims = claims(&world);
        change(&mut claims);
        notice(&world, &logout_token(&claims)).await.unwrap()
    };
    let session = notice_of(|_| {}).await;
    assert_eq!(
        session,
        LogoutNotice {
            ended: EndedAtProvider::Sessions(vec!["s1".to_owned(), "unnamed session of u1".to_owned()]),
            id: "j1".to_owned(),
            expires_at: world.now() + Duration::from_mins(2) + CLOCK_SKEW,
        }
    );
    let session = notice_of(|claims| drop(claims.as_object_mut().unwrap().remove("sub"))).await;
    assert_eq!(session.ended, EndedAtProvider::Sessions(vec!["s1".to_owned()]));
    let person = notice_of(|claims| drop(claims.as_object_mut().unwrap().remove("sid"))).await;
    assert_eq!(person.ended, EndedAtProvider::Person("u1".to_owned()));
    // Whatever the token says, it is refused after five minutes, and so remembered no longer.
    let longest = world.now() + Duration::from_mins(5) + CLOCK_SKEW;
    assert_eq!(
        notice_of(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))).await.expires_at,
        longest
    );
    assert_eq!(notice_of(|claims| claims["exp"] = 1_900_000_000_u64.into()).await.expires_at, longest);
    assert_eq!(world.take_calls(), [CONFIGURATION, "/keys"]);
}

/// A sign-in whose ID token named no session ends as well when a token names both.
#[tokio::test]
async fn a_sign_in_without_an_identifier_can_be_named() {
    let world = World::new();
    world.issues(&world.claims_with(|claims| drop(claims.as_object_mut().unwrap().remove("sid"))));
    let sid = world.sign_in().await.unwrap().grant.provider_sid.unwrap();
    let ended = notice(&world, &logout_token(&claims(&world))).await.unwrap().ended;
    assert!(matches!(ended, EndedAtProvider::Sessions(sids) if sids.contains(&sid)));
}

type Spoiled = (&'static str, Change);

const SPOILED: [Spoiled; 30] = [
    ("issuer", |claims| claims["iss"] = "https://evil.test".into()),
    ("no_issuer", |claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
    ("audience", |claims| claims["aud"] = "another".into()),
    ("no_audience", |claims| drop(claims.as_object_mut().unwrap().remove("aud"))),
    ("extra_audience", |claims| claims["aud"] = json!([CLIENT, "another"])),
    ("has_nonce", |claims| claims["nonce"] = NONCE.into()),
    ("has_nonce", |claims| claims["nonce"] = Value::Null),
    ("no_event", |claims| drop(claims.as_object_mut().unwrap().remove("events"))),
    ("event", |claims| claims["events"] = json!({})),
    ("event", |claims| claims["events"] = json!([EVENT])),
    ("event", |claims| claims["events"] = EVENT.into()),
    ("event", |claims| claims["events"] = json!({ "another": {} })),
    ("event", |claims| claims["events"] = json!({ EVENT: true })),
    ("event", |claims| claims["events"] = json!({ EVENT: null })),
    ("no_identifier", |claims| drop(claims.as_object_mut().unwrap().remove("jti"))),
    ("identifier_form", |claims| claims["jti"] = "".into()),
    ("identifier_form", |claims| claims["jti"] = "x".repeat(256).into()),
    ("identifier_form", |claims| claims["jti"] = 7.into()),
    ("no_subject", |claims| (claims["sub"], claims["sid"]) = (Value::Null, Value::Null)),
    ("subject_form", |claims| (claims["sub"], claims["sid"]) = ("".into(), Value::Null)),
    ("subject_form", |claims| (claims["sub"], claims["sid"]) = ("x".repeat(256).into(), Value::Null)),
    ("session_form", |claims| claims["sid"] = "".into()),
    ("session_form", |claims| claims["sid"] = 7.into()),
    ("session_form", |claims| claims["sid"] = "x".repeat(256).into()),
    ("no_time_of_issue", |claims| drop(claims.as_object_mut().unwrap().remove("iat"))),
    ("time_form", |claims| claims["iat"] = "now".into()),
    ("issued_in_future", |claims| claims["iat"] = (1_800_000_000_u64 + 31).into()),
    ("too_old", |claims| claims["iat"] = (1_800_000_000_u64 - 331).into()),
    ("expired", |claims| claims["exp"] = (1_800_000_000_u64 - 31).into()),
    ("time_form", |claims| claims["exp"] = "1900000000".into()),
];

#[tokio::test]
async fn each_spoiled_claim_ends_nothing_and_has_its_own_reason() {
    let world = World::new();
    for (index, (reason, spoil)) in SPOILED.into_iter().enumerate() {
        let mut claims = claims(&world);
        spoil(&mut claims);
        let refused = notice(&world, &logout_token(&claims)).await.err();
        assert_eq!(refused, Some(LogoutTokenError::Invalid(reason)), "{index}");
    }
}

#[tokio::test]
async fn each_spoiled_token_ends_nothing_and_has_its_own_reason() {
    let world = World::new();
    let claims = claims(&world);
    let typed = |typ: &str| signed_with(&Header { typ: Some(typ.to_owned()), ..header() }, &claims);
    for (reason, token) in [
        ("type", typed("at+jwt")),
        ("type", typed("secevent+jwt")),
        ("unknown_key", signed_by_other("a-third", &claims)),
        ("signature", signed_by_other(KID, &claims)),
        ("algorithm", "eyJhbGciOiJub25lIn0.e30.".to_owned()),
        ("malformed", "x".to_owned()),
        ("malformed", String::new()),
        // An ID token is signed by the same key, and leaves the browser.
        ("no_identifier", signed(&world.claims())),
    ] {
        assert_eq!(notice(&world, &token).await.err(), Some(LogoutTokenError::Invalid(reason)), "{reason}");
    }
    // The specification only recommends the type.
    assert!(notice(&world, &typed("JWT")).await.is_ok());
}

#[tokio::test]
async fn without_keys_nobody_can_say() {
    let world = World::new();
    world.answers("/keys", [unreachable()]);
    let refused = notice(&world, &logout_token(&claims(&world))).await.err();
    assert!(matches!(refused, Some(LogoutTokenError::Unavailable(_))), "{refused:?}");
    world.answers("/keys", [json_answer(200, &key_set())]);
    world.advance(Duration::from_secs(10));
    assert!(notice(&world, &logout_token(&claims(&world))).await.is_ok());
}
