use ironleaf_auth::{RefreshOutcome, RefreshTiming, Rejection, Repetition, Rest};

use super::signing::signed_by_other;
use super::*;
use crate::test_log::Log;

async fn refresh(world: &World, grant: &Grant) -> RefreshOutcome {
    world.provider.refresh(&Caller::default(), grant).await
}

async fn renewed(world: &World, grant: &Grant) -> Grant {
    match refresh(world, grant).await {
        RefreshOutcome::Rotated(grant) => grant,
        other => panic!("{other:?}"),
    }
}

fn is_ended(outcome: &RefreshOutcome) -> bool {
    matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant))
}

fn field(grant: &Grant, number: u8) -> String {
    grant.field(number).map(|text| text.expose().to_owned()).unwrap_or_default()
}

fn roles(grant: &Grant) -> Vec<String> {
    grant.identity.as_ref().unwrap().roles.iter().map(|role| role.name().to_owned()).collect()
}

#[tokio::test]
async fn a_refresh_is_one_call_and_brings_new_tokens() {
    let world = World::with(|settings| settings.resources = vec!["https://api.test".to_owned()]);
    let grant = world.grant().await;
    world.advance(Duration::from_mins(9));
    world.answers(
        "/token",
        [tokens_with(|answer| {
            answer["access_token"] = "a2".into();
            answer["refresh_token"] = "r2".into();
            answer["id_token"] = Value::Null;
        })],
    );
    let renewed = renewed(&world, &grant).await;
    assert_eq!(
        world.form("/token"),
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", "r1"),
            ("resource", "https://api.test"),
            ("client_id", CLIENT),
            ("client_secret", "a secret"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(world.take_calls(), ["/token"]);
    assert_eq!((field(&renewed, 1), field(&renewed, 2)), ("a2".to_owned(), "r2".to_owned()));
    assert_eq!(renewed.access_expires_at, Some(world.now() + Duration::from_mins(10)));
    assert_eq!((&renewed.identity, &renewed.provider_sid), (&grant.identity, &grant.provider_sid));
    assert_eq!(renewed.field(grant::ID_TOKEN), grant.field(grant::ID_TOKEN));
}

#[tokio::test]
async fn without_rotation_the_refresh_token_stays() {
    let world = World::new();
    let grant = world.grant().await;
    world.answers(
        "/token",
        [tokens_with(|answer| {
            answer["access_token"] = "a2".into();
            answer["refresh_token"] = Value::Null;
        })],
    );
    let renewed = renewed(&world, &grant).await;
    assert_eq!((field(&renewed, 1), field(&renewed, 2)), ("a2".to_owned(), "r1".to_owned()));
}

#[tokio::test]
async fn a_new_id_token_brings_new_roles_address_and_sid() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    world.issues(&world.claims_with(|claims| claims["groups"] = json!(["admin", "evaluator"])));
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(roles(&grant), ["admin", "evaluator"]);
    world.advance(Duration::from_secs(200));
    world.take_calls();
    world.issues(&world.claims_with(|claims| {
        claims["groups"] = json!(["evaluator"]);
        claims["sid"] = "s2".into();
        claims["email"] = "new@test.com".into();
    }));
    let renewed = renewed(&world, &grant).await;
    assert_eq!(world.take_calls(), ["/token"]);
    assert_eq!(roles(&renewed), ["evaluator"]);
    assert_eq!(renewed.provider_sid.as_deref(), Some("s2"));
    assert_eq!(renewed.identity.as_ref().unwrap().email.as_deref(), Some("new@test.com"));
    assert_ne!(renewed.field(grant::ID_TOKEN), grant.field(grant::ID_TOKEN));
}

#[tokio::test]
async fn roles_that_only_userinfo_tells_are_renewed_and_lost_ones_go() {
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    let told = |roles: &[&str]| json_answer(200, &json!({ "sub": "u1", "groups": roles }));
    world.answers("/userinfo", [told(&["admin"])]);
    let grant = world.grant().await;
    assert_eq!(roles(&grant), ["admin"]);

    world.answers("/userinfo", [text(500, "sorry")]);
    assert_eq!(roles(&renewed(&world, &grant).await), ["admin"], "nobody said that they are gone");
    world.answers("/userinfo", [told(&["evaluator"])]);
    assert_eq!(roles(&renewed(&world, &grant).await), ["evaluator"]);
    // Some providers leave an empty claim out.
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u1" }))]);
    assert_eq!(roles(&renewed(&world, &grant).await), [""; 0]);
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u2", "groups": ["admin"] }))]);
    assert_eq!(roles(&renewed(&world, &grant).await), ["admin"], "somebody else's roles");
}

#[tokio::test(start_paused = true)]
async fn a_userinfo_that_hangs_costs_no_session() {
    struct Hangs(Arc<Script>);
    #[async_trait]
    impl Transport for Hangs {
        async fn send(&self, request: Request) -> Answer {
            if request.uri().path() == "/userinfo" {
                std::future::pending::<()>().await;
            }
            self.0.send(request).await
        }
    }
    let world = World::with(|settings| settings.roles_claim = Some("groups".to_owned()));
    world.answers("/userinfo", [json_answer(200, &json!({ "sub": "u1", "groups": ["admin"] }))]);
    let grant = world.grant().await;
    let clock = world.script.clock();
    let transport = Arc::new(Hangs(Arc::clone(&world.script)));
    let settings = world.provider.settings.clone();
    let slow = OidcProvider::new(settings, transport, clock, Arc::new(|buffer| buffer.fill(7)));
    world.answers("/token", [tokens_with(|answer| answer["refresh_token"] = "r2".into())]);
    let RefreshOutcome::Rotated(renewed) = slow.refresh(&Caller::default(), &grant).await else {
        panic!("a refresh that succeeded is lost");
    };
    assert_eq!((field(&renewed, 2), roles(&renewed)), ("r2".to_owned(), vec!["admin".to_owned()]));
}

#[tokio::test]
async fn a_session_never_becomes_another_persons() {
    let world = World::new();
    let grant = world.grant().await;
    let of_other = world.claims_with(|claims| claims["sub"] = "u2".into());
    for id_token in [signed(&of_other), signed_by_other("a-third", &of_other)] {
        world.answers("/token", [tokens(Some(&id_token))]);
        let log = Log::start();
        world.take_calls();
        let outcome = refresh(&world, &grant).await;
        assert!(is_ended(&outcome), "{outcome:?}");
        assert!(log.text().contains("tokens of another person"), "{}", log.text());
        assert_eq!(world.take_calls(), ["/token", "/revoke"], "the tokens of somebody else are given back");
    }
}

/// Section 12.2 of OpenID Connect Core. The provider itself has signed that the answer is for somebody else.
#[tokio::test]
async fn a_genuine_id_token_of_another_issuer_or_client_ends_the_session() {
    let world = World::new();
    let grant = world.grant().await;
    let changes: [(Change, &str); 5] = [
        (|claims| claims["iss"] = "https://evil.test".into(), "issuer"),
        (|claims| claims["iss"] = format!("{ISSUER}/").into(), "issuer"),
        (|claims| claims["aud"] = "another".into(), "audience"),
        (|claims| claims["aud"] = json!([]), "audience"),
        (|claims| claims["azp"] = "another".into(), "authorized_party"),
    ];
    for (change, reason) in changes {
        let id_token = signed(&world.claims_with(change));
        world.answers("/token", [tokens(Some(&id_token))]);
        let log = Log::start();
        world.take_calls();
        let outcome = refresh(&world, &grant).await;
        assert!(is_ended(&outcome), "{reason}: {outcome:?}");
        assert_eq!(log.take_reasons(), [reason]);
        assert_eq!(world.take_calls(), ["/token", "/revoke"], "{reason}: the tokens are given back");
    }
    // Whoever cannot sign says nothing.
    let forged = world.claims_with(|claims| claims["iss"] = "https://evil.test".into());
    for kid in ["a-third", KID] {
        world.answers("/token", [tokens(Some(&signed_by_other(kid, &forged)))]);
        renewed(&world, &grant).await;
    }
}

#[tokio::test]
async fn an_id_token_that_is_not_accepted_changes_nothing_and_costs_nothing() {
    let world = World::new();
    let grant = world.grant().await;
    let changed = |change: Change| {
        world.claims_with(|claims| {
            claims["email"] = "evil@test.com".into();
            claims["sid"] = "evil".into();
            change(claims);
        })
    };
    for (token, reason) in [
        (signed(&changed(|claims| claims["aud"] = json!([CLIENT, "another"]))), "extra_audience"),
        (signed(&changed(|claims| drop(claims.as_object_mut().unwrap().remove("iss")))), "no_issuer"),
        (signed(&changed(|claims| claims["nonce"] = "another".into())), "nonce"),
        (signed(&changed(|claims| claims["nonce"] = 7.into())), "nonce_form"),
        (signed(&changed(|claims| claims["exp"] = 1.into())), "expired"),
        (signed(&changed(|claims| drop(claims.as_object_mut().unwrap().remove("sub")))), "no_subject"),
        (signed_by_other("a-third", &changed(|_| {})), "unknown_key"),
        (signed_by_other(KID, &changed(|_| {})), "signature"),
        ("garbage".to_owned(), "malformed"),
    ] {
        world.answers(
            "/token",
            [tokens_with(|answer| {
                answer["id_token"] = token.into();
                answer["refresh_token"] = "r2".into();
            })],
        );
        let log = Log::start();
        let renewed = renewed(&world, &grant).await;
        assert_eq!(log.take_reasons(), [reason]);
        assert_eq!(field(&renewed, 2), "r2", "{reason}: the new token is lost");
        assert_eq!(
            (&renewed.identity, &renewed.provider_sid),
            (&grant.identity, &grant.provider_sid),
            "{reason}"
        );
        assert_eq!(renewed.field(grant::ID_TOKEN), grant.field(grant::ID_TOKEN), "{reason}");
    }
    // Section 12.2 of OpenID Connect Core demands no nonce.
    world.issues(&changed(|claims| drop(claims.as_object_mut().unwrap().remove("nonce"))));
    assert_eq!(renewed(&world, &grant).await.provider_sid.as_deref(), Some("evil"));
}

#[tokio::test]
async fn only_the_providers_own_refusal_ends_a_session() {
    let world = World::new();
    let grant = world.grant().await;
    for (status, code) in [
        (400, "invalid_grant"),
        (401, "invalid_grant"),
        (403, "invalid_grant"),
        (401, "invalid_token"),
        (400, "interaction_required"),
        (400, "login_required"),
        (400, "consent_required"),
    ] {
        world.answers("/token", [oauth_error(status, code)]);
        let outcome = refresh(&world, &grant).await;
        assert!(is_ended(&outcome), "{status} {code}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_the_provider_did_not_look_at_is_unspent() {
    let world = World::new();
    let grant = world.grant().await;
    for (answer, wait_secs) in [
        (header(text(429, "<html>"), "retry-after", "7"), Some(7)),
        (oauth_error(429, "invalid_grant"), None),
        (header(oauth_error(400, "slow_down"), "retry-after", "7"), Some(7)),
        (oauth_error(401, "invalid_client"), None),
        (oauth_error(400, "invalid_client"), None),
        (oauth_error(400, "unauthorized_client"), None),
        (oauth_error(400, "unsupported_grant_type"), None),
    ] {
        world.answers("/token", [answer.clone()]);
        let RefreshOutcome::Unspent { retry_after, detail } = refresh(&world, &grant).await else {
            panic!("{answer:?}");
        };
        assert_eq!(retry_after.map(|wait| wait.as_secs()), wait_secs, "{answer:?}");
        assert!(!detail.contains("something about a secret"), "{detail}");
    }
}

#[tokio::test]
async fn everything_else_is_in_doubt() {
    let world = World::new();
    let grant = world.grant().await;
    for answer in [
        text(500, "sorry"),
        header(text(503, "sorry"), "retry-after", "7"),
        oauth_error(503, "temporarily_unavailable"),
        oauth_error(400, "temporarily_unavailable"),
        oauth_error(500, "invalid_grant"),
        oauth_error(400, "invalid_request"),
        oauth_error(400, "invalid_scope"),
        oauth_error(404, "invalid_grant"),
        text(401, "<html>invalid_grant</html>"),
        text(403, "<html>"),
        text(302, ""),
        text(200, "<html>"),
        json_answer(200, &json!({ "error": "invalid_grant" })),
        json_answer(200, &json!({ "refresh_token": "r2" })),
        json_answer(200, &json!({ "access_token": "a2", "token_type": "DPoP" })),
    ] {
        world.answers("/token", [answer.clone()]);
        let outcome = refresh(&world, &grant).await;
        assert!(matches!(outcome, RefreshOutcome::InDoubt { answered: true, .. }), "{answer:?}: {outcome:?}");
    }
    world.answers("/token", [lost()]);
    assert!(matches!(refresh(&world, &grant).await, RefreshOutcome::InDoubt { answered: false, .. }));
    world.answers("/token", [unreachable()]);
    assert!(matches!(refresh(&world, &grant).await, RefreshOutcome::NotSent(_)));
}

#[tokio::test]
async fn after_a_restart_without_the_provider_nothing_was_sent() {
    let world = World::new();
    let grant = world.grant().await;
    let restarted = World::new();
    restarted.answers(CONFIGURATION, [unreachable()]);
    assert!(matches!(refresh(&restarted, &grant).await, RefreshOutcome::NotSent(_)));
}

#[tokio::test]
async fn without_a_refresh_token_the_session_ends_with_its_access_token_and_without_a_call() {
    let world = World::new();
    let id_token = signed(&world.claims());
    let without = |change: Change| {
        tokens_with(|answer| {
            answer["id_token"] = id_token.as_str().into();
            answer["refresh_token"] = Value::Null;
            change(answer);
        })
    };
    world.answers("/token", [without(|_| {})]);
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(world.provider.refresh_timing(&grant), RefreshTiming::AfterExpiry);
    assert_eq!(
        grant.refresh_expires_at,
        Some(world.now() + Duration::from_hours(7 * 24)),
        "so that a page says why"
    );
    world.take_calls();
    assert!(is_ended(&refresh(&world, &grant).await));
    assert_eq!(world.take_calls(), [""; 0]);

    world.answers("/token", [without(|answer| answer["expires_in"] = Value::Null)]);
    let grant = world.sign_in().await.unwrap().grant;
    assert_eq!(world.provider.refresh_timing(&grant), RefreshTiming::On401);
}

#[tokio::test]
async fn a_refresh_is_due_before_the_end_that_the_provider_states() {
    let world = World::new();
    let mut grant = world.grant().await;
    assert_eq!(world.provider.refresh_timing(&grant), RefreshTiming::Before(Duration::from_mins(1)));
    assert_eq!(world.provider.repetition(&grant), Repetition::AskAgain(Rest::SHORT));
    grant.access_expires_at = None;
    assert_eq!(world.provider.refresh_timing(&grant), RefreshTiming::On401);
}

/// Where reuse costs the person's other sessions as well, a token that may be spent is never presented again.
#[tokio::test]
async fn what_a_repetition_costs_is_a_setting() {
    let world = World::with(|settings| settings.reuse_ends = ReuseEnds::Person);
    let grant = world.grant().await;
    assert_eq!(world.provider.repetition(&grant), Repetition::Never);
}

#[tokio::test]
async fn tokens_of_another_issuer_or_client_go_nowhere() {
    let grant = World::new().grant().await;
    let moved = [
        World::with(|settings| settings.issuer = Issuer::parse("https://id.test/new").unwrap()),
        World::with(|settings| settings.client_id = "another".to_owned()),
    ];
    for world in moved {
        assert!(is_ended(&refresh(&world, &grant).await));
        assert_eq!(world.provider.sign_out(&Caller::default(), &grant).await, Ok(()));
        let mut request = http::Request::builder().uri("https://api.test/").body(Bytes::new()).unwrap();
        world.provider.authorize(&Caller::default(), &grant, &mut request);
        assert_eq!(request.headers().get("authorization"), None);
        assert_eq!(world.take_calls(), [""; 0]);
    }
}
