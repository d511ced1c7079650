use ironleaf_auth::{RefreshOutcome, RefreshTiming, Rejection, Repetition};

use super::*;

async fn outcome(world: &World, grant: &Grant) -> RefreshOutcome {
    world.provider.refresh(&caller(), grant).await
}

#[tokio::test]
async fn a_token_is_renewed_with_the_cookie_as_it_was_set() {
    let world = World::new();
    let grant = world.grant().await;
    world.advance(Duration::from_mins(14));
    world.answers("/token", [world.token()]);
    let RefreshOutcome::Rotated(renewed) = outcome(&world, &grant).await else { panic!("not renewed") };
    assert_ne!(renewed.field(grant::JWT), grant.field(grant::JWT));
    assert_eq!(renewed.field(grant::SESSION), grant.field(grant::SESSION));
    assert_eq!(renewed.access_expires_at, Some(world.now() + QUARTER));
    let asked = world.take_requests();
    let request = &asked[0];
    assert_eq!(request.uri().to_string(), format!("{AUTH}/token?disableCookieCache=true"));
    assert_eq!(header(request, "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
    assert_eq!((header(request, "origin"), header(request, "authorization")), (Some(ORIGIN), None));
}

#[tokio::test]
async fn it_is_due_before_the_end_and_harmless_to_repeat() {
    let world = World::new();
    let grant = world.grant().await;
    assert_eq!(world.provider.refresh_timing(&grant), RefreshTiming::Before(Duration::from_mins(1)));
    assert_eq!(world.provider.repetition(&grant), Repetition::Free);
}

#[tokio::test]
async fn a_renewed_cookie_comes_with_its_new_end() {
    let world = World::new();
    let grant = world.grant().await;
    world.advance(Duration::from_hours(25));
    let given = setting(world.token(), &format!("{COOKIE}={VALUE}; Max-Age={WEEK}; Path=/"));
    world.answers("/token", [given]);
    let RefreshOutcome::Rotated(renewed) = outcome(&world, &grant).await else { panic!("not renewed") };
    assert_eq!(renewed.refresh_expires_at, Some(world.now() + Duration::from_secs(WEEK)));
}

/// The auth server renews a session once a day and says so once.
#[tokio::test]
async fn a_session_lives_on_although_the_answer_that_renewed_it_was_lost() {
    let world = World::new();
    let grant = world.grant().await;
    world.advance(Duration::from_hours(25));
    world.answers("/token", [lost(), world.token()]);
    assert!(matches!(outcome(&world, &grant).await, RefreshOutcome::InDoubt { .. }));
    let RefreshOutcome::Rotated(renewed) = outcome(&world, &grant).await else { panic!("not renewed") };
    assert_eq!(renewed.refresh_expires_at, Some(world.now() + Duration::from_secs(WEEK)));
}

#[tokio::test]
async fn a_session_that_is_never_renewed_ends_when_it_was_said_to() {
    let world = World::new();
    let session = setting(answer(200, &signed_in_answer()), &format!("{COOKIE}={VALUE}; Path=/"));
    world.answers("/sign-in/email", [setting(session, "better-auth.dont_remember=true.c2ln; Path=/")]);
    let grant = world.grant().await;
    world.advance(Duration::from_hours(20));
    world.answers("/token", [world.token()]);
    let RefreshOutcome::Rotated(renewed) = outcome(&world, &grant).await else { panic!("not renewed") };
    assert_eq!(renewed.refresh_expires_at, grant.refresh_expires_at);
    assert_eq!(grant.refresh_expires_at, Some(world.now() + Duration::from_hours(4)));
}

#[tokio::test]
async fn the_end_of_a_session_is_a_401_of_the_auth_server_or_null() {
    for ended in [
        error(401, "UNAUTHORIZED"),
        error(401, "FAILED_TO_GET_SESSION"),
        text(200, "null"),
        text(200, " null\n"),
    ] {
        let world = World::new();
        let grant = world.grant().await;
        world.answers("/token", [ended.clone()]);
        let outcome = outcome(&world, &grant).await;
        assert!(
            matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)),
            "{ended:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_limit_and_a_wrong_origin_are_not_the_end() {
    for (refused, wait) in [
        (throttled(), Some(9)),
        (error(403, "SESSION_NOT_FRESH"), None),
        (error(403, "INVALID_ORIGIN"), None),
    ] {
        let world = World::new();
        let grant = world.grant().await;
        world.answers("/token", [refused]);
        let RefreshOutcome::Unspent { retry_after, .. } = outcome(&world, &grant).await else {
            panic!("the session was lost");
        };
        assert_eq!(retry_after, wait.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn a_wait_is_bounded_and_the_standard_header_counts_first() {
    for (given, secs) in [("7", Some(7)), ("99999999999999", Some(86_400)), ("soon", None), ("-1", None)] {
        let limited = with_header(text(429, ""), "x-retry-after", given).unwrap();
        assert_eq!(wire::retry_after(&limited), secs.map(Duration::from_secs), "{given}");
    }
    let limited = with_header(throttled(), "retry-after", "3").unwrap();
    assert_eq!(wire::retry_after(&limited), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn nonsense_never_ends_a_session() {
    for answers in nonsense() {
        let world = World::new();
        let grant = world.grant().await;
        world.answers("/token", [answers.clone()]);
        let outcome = outcome(&world, &grant).await;
        let is_kept = matches!(outcome, RefreshOutcome::InDoubt { .. } | RefreshOutcome::Unspent { .. });
        assert!(is_kept, "{answers:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_genuine_is_not_used_and_ends_nothing() {
    let world = World::new();
    let grant = world.grant().await;
    let mut wrong_times = world.claims();
    wrong_times["exp"] = 1.into();
    let foreign = signing::signed_by_other(KID, &world.claims());
    let unknown = signing::signed_by_other("of nobody", &world.claims());
    for token in [
        answer(200, &json!({ "token": foreign })),
        answer(200, &json!({ "token": unknown })),
        answer(200, &json!({ "token": "not.a.token" })),
        token_of(&wrong_times),
        token_of(&json!({ "sub": "u1" })),
    ] {
        world.answers("/token", [token.clone()]);
        let outcome = outcome(&world, &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Unspent { .. }), "{token:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn missing_keys_end_nothing() {
    let world = World::new();
    let grant = world.grant().await;
    // Longer than keys are kept while their server is away.
    world.advance(Duration::from_hours(48));
    world.answers("/jwks", [text(503, "")]);
    world.answers("/token", [world.token()]);
    let outcome = outcome(&world, &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Unspent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_session_never_becomes_another_persons() {
    let world = World::new();
    let grant = world.grant().await;
    let mut claims = world.claims();
    claims["sub"] = "u2".into();
    world.answers("/token", [token_of(&claims)]);
    assert!(matches!(outcome(&world, &grant).await, RefreshOutcome::Rejected(_)));
}

#[tokio::test]
async fn a_renewal_brings_what_is_new_about_the_person() {
    let world = World::new();
    let grant = world.grant().await;
    let mut claims = world.claims();
    claims["email"] = "Countess@Test.com".into();
    claims["role"] = "user".into();
    claims.as_object_mut().unwrap().remove("name");
    world.answers("/token", [token_of(&claims)]);
    let RefreshOutcome::Rotated(renewed) = outcome(&world, &grant).await else { panic!("not renewed") };
    let identity = renewed.identity.unwrap();
    assert_eq!(identity.email.as_deref(), Some("countess@test.com"));
    assert!(!identity.has_role("admin") && identity.has_role("user"));
    assert_eq!(identity.claims["name"], "Ada", "what is not said stays");
}

#[tokio::test]
async fn the_session_of_another_auth_server_is_sent_nowhere() {
    let world = World::new();
    let grant = world.grant().await;
    let moved = World::with(|settings| settings.auth_url = "https://other.test/api/auth".parse().unwrap());
    assert!(!moved.provider.is_ours(&grant));
    assert!(matches!(outcome(&moved, &grant).await, RefreshOutcome::Rejected(_)));
    moved.provider.sign_out(&caller(), &grant).await.unwrap();
    assert!(moved.take_calls().is_empty());
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_url_ends_no_session() {
    let (without, with) = (
        World::new(),
        World::with(|settings| {
            settings.auth_url = format!("{AUTH}/").parse().unwrap();
        }),
    );
    // As an older version marked it, which took the URL as it stood.
    let older = with.grant().await.with(4, "SVra-ObldRj9aS6B");
    for world in [&without, &with] {
        for grant in [&without.grant().await, &with.grant().await, &older] {
            assert!(world.provider.is_ours(grant));
            assert!(matches!(outcome(world, grant).await, RefreshOutcome::Rotated(_)));
        }
    }
}

#[tokio::test]
async fn nothing_sent_and_nothing_answered_are_told_apart() {
    let world = World::new();
    let grant = world.grant().await;
    world.answers("/token", [Err(TransportError::NotSent("refused".to_owned())), lost()]);
    assert!(matches!(outcome(&world, &grant).await, RefreshOutcome::NotSent(_)));
    assert!(matches!(outcome(&world, &grant).await, RefreshOutcome::InDoubt { answered: false, .. }));
    assert_eq!(world.take_calls().len(), 2, "the provider never repeats by itself");
}
