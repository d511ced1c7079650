use proptest::prelude::*;

use super::*;

async fn renewed(provider: &JwtSessionsProvider, grant: &Grant) -> Grant {
    match provider.refresh(&caller(), grant).await {
        RefreshOutcome::Rotated(grant) => grant,
        other => panic!("not renewed: {other:?}"),
    }
}

#[tokio::test]
async fn a_refresh_brings_a_new_access_token_and_csrf_value_and_the_refresh_token_and_its_end_stay() {
    let old = grant().await;
    let (provider, script) = scripted(settings(), [answer(200, &refreshed())]);
    let new = renewed(&provider, &old).await;
    assert_eq!(script.asked(), ["POST /api/refresh"]);
    assert_eq!(script.header(0, "x-refresh-token"), Some(refresh_token()));
    assert_eq!(script.header(0, "content-length").as_deref(), Some("0"));
    for name in ["authorization", "cookie", "x-csrf-token"] {
        assert_eq!(script.header(0, name), None, "{name}");
    }
    assert_eq!(exposed(&new, ACCESS_TOKEN), Some(access(2).as_str()));
    assert_eq!(exposed(&new, CSRF), Some("bWFzazI="));
    assert_eq!(
        (new.field(REFRESH_TOKEN), new.refresh_expires_at),
        (old.field(REFRESH_TOKEN), old.refresh_expires_at)
    );
    assert_eq!(new.identity, old.identity);
}

#[tokio::test]
async fn a_csrf_value_that_cannot_be_sent_is_not_kept() {
    for value in
        [json!(7), json!(""), json!("a b"), json!("a\r\nb"), json!("A".repeat(513)), json!(["bWFzazI="])]
    {
        let (provider, _) =
            scripted(with_cookies(), [answer(200, &with(refreshed(), "csrf", value.clone()))]);
        let new = renewed(&provider, &grant().await).await;
        assert_eq!(exposed(&new, CSRF), None, "{value}");
    }
}

#[tokio::test]
async fn a_csrf_value_of_the_last_access_token_is_not_kept_beside_a_new_one() {
    let (provider, _) = scripted(settings(), [answer(200, &without(refreshed(), "csrf"))]);
    let new = renewed(&provider, &grant().await).await;
    assert_eq!((exposed(&new, ACCESS_TOKEN), exposed(&new, CSRF)), (Some(access(2).as_str()), None));
}

#[tokio::test]
async fn a_refresh_token_that_an_application_exchanges_replaces_the_old_one() {
    let other = jwt(&json!({ "ruid": 2, "exp": START_SECS + 1 + 60 }));
    let (provider, _) = scripted(settings(), [answer(200, &with(refreshed(), "refresh", other.as_str()))]);
    let new = renewed(&provider, &grant().await).await;
    assert_eq!(exposed(&new, REFRESH_TOKEN), Some(other.as_str()));
    assert_eq!(new.refresh_expires_at, Some(start() + Duration::from_secs(61)));
}

#[tokio::test]
async fn only_a_401_ends_a_session() {
    let grant = grant().await;
    for answer in [
        text(401, "Unauthorized"),
        text(401, "<h1>Unauthorized</h1>"),
        text(401, ""),
        answer(401, &refreshed()),
    ] {
        let (provider, _) = scripted(settings(), [answer]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "{outcome:?}");
    }
    for answer in [
        text(200, ""),
        text(200, "<html>"),
        text(204, ""),
        text(302, ""),
        text(400, "Bad Request"),
        text(403, "Forbidden"),
        text(404, "<h1>Not found</h1>"),
        text(411, ""),
        text(422, "{}"),
        text(500, "Oops"),
        text(502, "<html>"),
        text(200, "{\"access\":\"e30.e30"),
        answer(200, &without(refreshed(), "access")),
        answer(200, &with(refreshed(), "access", "no token")),
        answer(200, &with(refreshed(), "access", Value::Bool(true))),
        answer(200, &with(refreshed(), "refresh", "no token")),
        answer(500, &refreshed()),
        lost(),
    ] {
        let text = format!("{answer:?}");
        let whole = !text.starts_with("Err");
        let (provider, script) = scripted(settings(), [answer]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(
            matches!(outcome, RefreshOutcome::InDoubt { answered, .. } if answered == whole),
            "{text}: {outcome:?}"
        );
        assert_eq!(script.asked().len(), 1, "{text}: presented again");
    }
    let (provider, _) = scripted(settings(), [unreachable()]);
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::NotSent(_)));
    let (provider, _) = scripted(settings(), [throttled()]);
    let wait = Some(Duration::from_secs(30));
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(
        matches!(outcome, RefreshOutcome::Unspent { retry_after, .. } if retry_after == wait),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_reuse_handler_decides_when_to_refresh_and_how_long_a_lost_answer_rests() {
    let grant = grant().await;
    let (provider, _) = scripted(settings(), []);
    assert_eq!(provider.refresh_timing(&grant), RefreshTiming::AfterExpiry);
    let rest = Rest::of(Duration::from_hours(1));
    assert_eq!(provider.repetition(&grant), Repetition::AskAgain(rest));
    assert!(rest.unanswered > Duration::from_hours(1), "the unseen token may have been issued late");
    let mut unknown = grant.clone();
    unknown.access_lifetime = None;
    assert_eq!(provider.repetition(&unknown), Repetition::AskAgain(rest));

    let without = JwtSessionsSettings { has_reuse_handler: false, ..settings() };
    let (provider, _) = scripted(without, []);
    assert_eq!(provider.refresh_timing(&grant), RefreshTiming::Before(Duration::from_mins(1)));
    assert_eq!(provider.repetition(&grant), Repetition::Free);
}

#[tokio::test]
async fn what_is_new_about_the_person_is_taken_from_the_new_token() {
    let settings = || JwtSessionsSettings { roles_field: Some("roles".to_owned()), ..settings() };
    let payload = json!({ "user_id": 7, "email": "new@test.com", "roles": ["admin"] });
    let body = with(refreshed(), "access", jwt(&payload));
    let (provider, script) = scripted(settings(), [answer(200, &body)]);
    let identity = renewed(&provider, &grant().await).await.identity.unwrap();
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("7", Some("new@test.com")));
    assert_eq!(identity.unverified_email, None, "the API states the address now");
    assert!(identity.has_role("admin"));
    assert_eq!(script.asked().len(), 1);

    let nobody = with(refreshed(), "access", jwt(&json!({ "uid": 1 })));
    let (provider, _) = scripted(settings(), [answer(200, &nobody)]);
    let old = grant().await;
    assert_eq!(renewed(&provider, &old).await.identity, old.identity);
}

#[tokio::test]
async fn roles_that_a_renewal_does_not_mention_stay_and_an_empty_list_takes_them_away() {
    let settings = |me_path: Option<&str>| JwtSessionsSettings {
        roles_field: Some("roles".to_owned()),
        me_path: me_path.map(str::to_owned),
        ..settings()
    };
    let login = with(login(), "access", jwt(&json!({ "user_id": 7, "roles": ["admin"] })));
    let (provider, _) = scripted(settings(None), [answer(200, &login)]);
    let known = provider.sign_in(&caller(), password(), None).await.unwrap().grant;
    for (said, is_admin) in [
        (json!({ "user_id": 7 }), true),
        (json!({ "user_id": 7, "email": "new@test.com" }), true),
        (json!({ "user_id": 7, "roles": [] }), false),
        (json!({ "user_id": 7, "roles": null }), false),
        (json!({ "user_id": 7, "roles": ["editor"] }), false),
    ] {
        let of_token = answer(200, &with(refreshed(), "access", jwt(&said)));
        let (provider, _) = scripted(settings(None), [of_token]);
        let by_token = renewed(&provider, &known).await.identity.unwrap();
        let (provider, _) = scripted(settings(Some("me")), [answer(200, &refreshed()), answer(200, &said)]);
        let by_record = renewed(&provider, &known).await.identity.unwrap();
        assert_eq!((by_token.has_role("admin"), by_record.has_role("admin")), (is_admin, is_admin), "{said}");
    }
}

#[tokio::test]
async fn a_session_never_turns_into_that_of_another_person() {
    let body = with(refreshed(), "access", jwt(&json!({ "user_id": 8 })));
    let (provider, script) = scripted(settings(), [answer(200, &body), text(204, "")]);
    let outcome = provider.refresh(&caller(), &grant().await).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
    assert_eq!(script.asked(), ["POST /api/refresh", "DELETE /api/logout"], "nobody holds the tokens");
}

/// Where the API has a record of the person, it may not be read in a refresh, and reading it may fail.
#[tokio::test]
async fn two_tokens_say_that_they_are_of_two_people_without_the_record_of_either() {
    let asks_me = |roles_field: Option<&str>| JwtSessionsSettings {
        me_path: Some("me".to_owned()),
        id_field: "id".to_owned(),
        roles_field: roles_field.map(str::to_owned),
        ..settings()
    };
    for (before, now, is_another) in [
        (json!({ "user_id": 7 }), json!({ "user_id": 8 }), true),
        (json!({ "user_id": 7 }), json!({ "user_id": "7" }), false),
        (json!({ "sub": "a" }), json!({ "sub": "b" }), true),
        (json!({ "sub": "access", "user_id": 7 }), json!({ "sub": "access", "user_id": 8 }), true),
        (json!({ "id": 7 }), json!({ "id": 8 }), true),
        (json!({ "sub": 7, "id": "of the token" }), json!({ "sub": 7, "id": "of another" }), false),
        (json!({ "user_id": 7 }), json!({ "uid": 8 }), false),
    ] {
        let mut known = grant().await;
        known.set(ACCESS_TOKEN, jwt(&before));
        let body = with(refreshed(), "access", jwt(&now));
        for roles in [None, Some("roles")] {
            // The record cannot be read, or the tokens are ended.
            let next = if is_another { text(204, "") } else { lost() };
            let (provider, script) = scripted(asks_me(roles), [answer(200, &body), next]);
            let outcome = provider.refresh(&caller(), &known).await;
            assert_eq!(matches!(outcome, RefreshOutcome::Rejected(_)), is_another, "{now}: {outcome:?}");
            assert_eq!(script.asked().contains(&"DELETE /api/logout".to_owned()), is_another, "{now}");
        }
    }
}

#[tokio::test]
async fn a_record_of_the_person_is_read_again_only_for_roles_and_may_fail() {
    let asks_me = |roles_field: Option<&str>| JwtSessionsSettings {
        me_path: Some("me".to_owned()),
        id_field: "id".to_owned(),
        roles_field: roles_field.map(str::to_owned),
        ..settings()
    };
    let old = grant().await;
    let (provider, script) = scripted(asks_me(None), [answer(200, &refreshed())]);
    assert_eq!(renewed(&provider, &old).await.identity, old.identity);
    assert_eq!(script.asked().len(), 1);

    let me = json!({ "id": 7, "roles": "admin" });
    let (provider, script) = scripted(asks_me(Some("roles")), [answer(200, &refreshed()), answer(200, &me)]);
    let new = renewed(&provider, &old).await.identity.unwrap();
    assert!(
        new.has_role("admin") && new.email.is_none() && new.address() == Some("user@test.com"),
        "{new:?}"
    );
    assert_eq!(script.header(1, "authorization"), Some(format!("Bearer {}", access(2))));

    for me in [lost(), text(500, ""), text(401, ""), text(200, "<html>")] {
        let (provider, _) = scripted(asks_me(Some("roles")), [answer(200, &refreshed()), me]);
        assert_eq!(renewed(&provider, &old).await.identity, old.identity);
    }
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_ends_without_a_call() {
    let mut grant = grant().await;
    grant.remove(REFRESH_TOKEN);
    let (provider, script) = scripted(settings(), []);
    assert!(matches!(provider.refresh(&caller(), &grant).await, RefreshOutcome::Rejected(_)));
    assert_eq!(provider.sign_out(&caller(), &grant).await, Ok(()));
    assert!(script.asked().is_empty());
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    /// For any answer: no panic, and only a 401 ends a session.
    #[test]
    fn no_other_answer_ends_a_session(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        run(async {
            let (provider, _) = scripted(settings(), [text(status, body)]);
            match provider.refresh(&caller(), &grant().await).await {
                RefreshOutcome::InDoubt { answered: true, .. } => {}
                RefreshOutcome::Unspent { .. } => assert_eq!(status, 429),
                RefreshOutcome::Rejected(_) => assert_eq!(status, 401),
                other => panic!("{status}: {other:?}"),
            }
        });
    }

    /// Whatever times a token and the answer around it state, the grant has an end after its receipt.
    #[test]
    fn no_time_is_too_far_away(exp in any::<f64>(), iat in any::<f64>(), date in ".{0,30}") {
        run(async {
            let token = jwt(&json!({ "user_id": 7, "exp": exp, "iat": iat }));
            let body = with(with(refreshed(), "access", token), "access_expires_at", date);
            let (provider, _) = scripted(settings(), [answer(200, &body)]);
            let new = renewed(&provider, &grant().await).await;
            assert!(new.access_lifetime.is_some_and(|lifetime| !lifetime.is_zero()));
            assert!(new.access_expires_at.is_none_or(|end| end > start()));
        });
    }
}
