use ironleaf_auth::{Rejection, Rest};

use super::*;

#[tokio::test]
async fn both_cookies_are_replaced_and_the_person_stays() {
    let (provider, script) = scripted([tokens("a2", "r2")]);
    let old = grant().await;
    let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else { panic!("not rotated") };
    assert_eq!(
        script.asked(),
        [asked("POST /api/auth/refresh", "refresh_token=r1")],
        "without the access cookie"
    );
    assert_eq!((new.field(ACCESS), new.field(REFRESH)), (Some(&"a2".into()), Some(&"r2".into())));
    assert_eq!((new.access_expires_at, new.identity), (Some(now() + HALF_HOUR), old.identity));
}

#[tokio::test]
async fn within_a_second_the_api_gives_the_same_cookies_again() {
    let (provider, _) = scripted([tokens("a1", "r1")]);
    let old = grant().await;
    let RefreshOutcome::Rotated(new) = provider.refresh(&caller(), &old).await else { panic!("not rotated") };
    assert_eq!(new.field(REFRESH), old.field(REFRESH));
}

#[tokio::test]
async fn only_a_refusal_of_the_api_itself_ends_a_session() {
    let grant = grant().await;
    for (status, message, expected) in [
        (401, json!("Unauthorized"), Rejection::InvalidGrant),
        (403, json!("Access Denied"), Rejection::Reused),
        (403, json!(["Access Denied"]), Rejection::Reused),
    ] {
        let (provider, _) = scripted([error(status, &message)]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(reason) if reason == expected), "{outcome:?}");
    }
    let (provider, _) = scripted_with([error(403, &json!("Forbidden"))], |settings| {
        settings.reuse_ends = RefreshReuse::Nothing;
    });
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "nothing notices a reuse");
    for answer in nonsense() {
        let (provider, script) = scripted([answer.clone()]);
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::InDoubt { answered: true, .. }), "{answer:?}: {outcome:?}");
        assert_eq!(script.asked().len(), 1, "presented again");
    }
    let (provider, _) = scripted([lost(), unreachable()]);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::InDoubt { answered: false, .. }), "{outcome:?}");
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::NotSent(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_throttled_refresh_has_not_spent_the_cookie() {
    let throttled = || error(429, &json!("ThrottlerException: Too Many Requests"));
    for (answer, wait_secs) in [
        (header(throttled(), RETRY_AFTER.as_str(), "17"), Some(17)),
        (throttled(), None),
        (text(429, "<h1>Slow down</h1>"), None),
        // Cookies beside it change nothing: the API did not look at the request.
        (sets(sets(throttled(), "access_token=x"), "refresh_token=x"), None),
    ] {
        let (provider, _) = scripted([answer]);
        let outcome = provider.refresh(&caller(), &grant().await).await;
        let RefreshOutcome::Unspent { retry_after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(retry_after, wait_secs.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn a_grant_without_a_refresh_cookie_is_over_without_a_call() {
    let (provider, script) = scripted([]);
    let mut grant = grant().await;
    grant.remove(REFRESH);
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
    assert_eq!(script.asked(), []);
}

#[tokio::test]
async fn what_a_reuse_costs_decides_about_a_repetition() {
    let second = Duration::from_secs(1);
    for (reuse_ends, reuse_grace, expected) in [
        (RefreshReuse::Person, Duration::ZERO, Repetition::Never),
        (RefreshReuse::Person, second, Repetition::Never),
        (RefreshReuse::Session, Duration::ZERO, Repetition::AskAgain(Rest::SHORT)),
        (RefreshReuse::Session, second, Repetition::Recognised { within: second, then: Rest::SHORT }),
        (RefreshReuse::Nothing, Duration::ZERO, Repetition::Free),
    ] {
        let (provider, _) = scripted_with([], |settings| {
            (settings.reuse_ends, settings.reuse_grace) = (reuse_ends, reuse_grace);
        });
        assert_eq!(provider.repetition(&grant().await), expected);
    }
}

#[tokio::test]
async fn a_missing_refresh_cookie_is_the_old_one_only_where_reuse_costs_nothing() {
    let ok = sets(answer(200, &json!({ "message": "ok" })), "access_token=a2; Max-Age=60");
    for (reuse_ends, stays) in
        [(RefreshReuse::Person, false), (RefreshReuse::Session, false), (RefreshReuse::Nothing, true)]
    {
        let (provider, _) = scripted_with([ok.clone()], |settings| settings.reuse_ends = reuse_ends);
        let old = grant().await;
        match provider.refresh(&caller(), &old).await {
            RefreshOutcome::Rotated(new) => {
                assert!(stays, "{reuse_ends:?}");
                assert_eq!((new.field(ACCESS), new.field(REFRESH)), (Some(&"a2".into()), old.field(REFRESH)));
                assert_eq!(new.refresh_expires_at, old.refresh_expires_at);
            }
            outcome => assert!(!stays && matches!(outcome, RefreshOutcome::InDoubt { .. }), "{outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_session_never_turns_into_that_of_another_person() {
    let of = |person: &str, number: u64| jwt(&json!({ "sub": person, "iat": number, "exp": number + 1800 }));
    let mut known = grant().await;
    known.set(ACCESS, of("p1", 1));

    let (provider, _) = scripted([tokens(&of("p1", 2), "r2")]);
    let outcome = provider.refresh(&caller(), &known).await;
    assert!(matches!(outcome, RefreshOutcome::Rotated(_)), "{outcome:?}");

    // Whether or not they can be given back.
    for given_back in [answer(200, &json!({})), lost()] {
        let (provider, script) = scripted([tokens(&of("p2", 2), "r2"), given_back]);
        let outcome = provider.refresh(&caller(), &known).await;
        assert!(matches!(outcome, RefreshOutcome::Rejected(Rejection::InvalidGrant)), "{outcome:?}");
        let cookies = format!("access_token={}; refresh_token=r2", of("p2", 2));
        assert_eq!(script.asked()[1], asked("POST /api/auth/logout", &cookies), "nobody holds them");
    }
}
