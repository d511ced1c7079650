use super::*;

#[tokio::test]
async fn a_person_signs_in_as_the_api_knows_them() {
    let (provider, script) = scripted([tokens("a1", "r%2F1"), me()]);
    let SignedIn { grant, authenticated_at } = sign_in(&provider).await.unwrap();
    assert_eq!(
        script.asked(),
        [asked("POST /api/auth/login", ""), asked("GET /api/users/me", "access_token=a1")],
        "the refresh cookie goes to the refresh and the sign-out only"
    );
    assert_eq!(script.body(0), json!({ "email": "user@test.com", "password": "password1" }));
    assert_eq!(script.header(0, "x-forwarded-for").as_deref(), Some("127.0.0.1"));
    assert_eq!((grant.field(ACCESS), grant.field(REFRESH)), (Some(&"a1".into()), Some(&"r%2F1".into())));
    assert_eq!((grant.access_lifetime, grant.access_expires_at), (Some(HALF_HOUR), Some(now() + HALF_HOUR)));
    assert_eq!((grant.refresh_expires_at, authenticated_at), (Some(now() + WEEK), now()));
    let identity = grant.identity.unwrap();
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("p1", Some("user@test.com")));
    assert!(identity.has_role("evaluator"));
    assert_eq!(identity.claims["name"], "Uma User");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_one_answer() {
    for refusal in [
        error(401, &json!("Invalid credentials")),
        error(400, &json!(["email must belong to an account", "password is too short"])),
        error(400, &json!("User not found")),
    ] {
        let (provider, script) = scripted([refusal]);
        assert_eq!(sign_in(&provider).await.err(), Some(SignInError::InvalidCredentials));
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test]
async fn whoever_is_not_verified_is_told_so_and_leaves_nothing_behind() {
    let (provider, _) = scripted([error(403, &json!("Email not verified"))]);
    assert_eq!(sign_in(&provider).await.err(), Some(SignInError::Forbidden));

    let (provider, script) =
        scripted([tokens("a1", "r1"), error(403, &json!("Email not verified")), answer(200, &json!({}))]);
    assert_eq!(sign_in(&provider).await.err(), Some(SignInError::Forbidden));
    let sign_out = asked("POST /api/auth/logout", "access_token=a1; refresh_token=r1");
    assert_eq!(script.asked().last(), Some(&sign_out));
}

#[tokio::test]
async fn without_a_person_nobody_is_signed_in() {
    for answer in [
        lost(),
        unreachable(),
        error(500, &json!("Internal server error")),
        text(401, "<html>"),
        text(403, "<html>"),
        text(404, "<html>"),
        text(200, "<html>"),
        answer(200, &json!([person()])),
    ] {
        for sign_out in [answer_ok(), lost()] {
            let (provider, script) = scripted([tokens("a1", "r1"), answer.clone(), sign_out]);
            let result = sign_in(&provider).await;
            assert!(matches!(result, Err(SignInError::Unavailable(_))), "{answer:?}: {result:?}");
            assert_eq!(script.asked().len(), 3, "the cookies are given back");
        }
    }
}

fn answer_ok() -> Answer {
    answer(200, &json!({ "message": "ok" }))
}

#[tokio::test]
async fn a_limit_asks_to_wait() {
    let throttled = header(error(429, &json!("ThrottlerException")), RETRY_AFTER.as_str(), "17");
    for (answer, wait_secs) in [(throttled, Some(17)), (text(429, "<h1>Slow down</h1>"), None)] {
        let retry_after = wait_secs.map(Duration::from_secs);
        for answers in [vec![answer.clone()], vec![tokens("a1", "r1"), answer, answer_ok()]] {
            let (provider, _) = scripted(answers);
            assert_eq!(sign_in(&provider).await.err(), Some(SignInError::TooManyRequests { retry_after }));
        }
    }
}

/// Some APIs compare addresses byte for byte.
#[tokio::test]
async fn an_address_is_tried_as_it_was_typed_and_then_in_lower_case() {
    let wrong = || error(401, &json!("Invalid credentials"));
    let attempt = || SignIn::Password {
        email: EmailAddress::parse("User@Test.com").unwrap(),
        password: "password1".into(),
    };
    for (answers, tried) in [
        (vec![tokens("a1", "r1"), me()], vec!["User@Test.com"]),
        (vec![wrong(), tokens("a1", "r1"), me()], vec!["User@Test.com", "user@test.com"]),
    ] {
        let (provider, script) = scripted(answers);
        provider.sign_in(&caller(), attempt(), None).await.unwrap();
        let emails: Vec<_> = (0..tried.len()).map(|index| script.body(index)["email"].clone()).collect();
        assert_eq!(emails, tried);
    }
    let (provider, script) = scripted([error(403, &json!("Locked"))]);
    assert_eq!(provider.sign_in(&caller(), attempt(), None).await.err(), Some(SignInError::Forbidden));
    assert_eq!(script.asked().len(), 1, "it is not tried again");
}

#[tokio::test]
async fn nonsense_signs_nobody_in_and_is_not_a_wrong_password() {
    for answer in nonsense().into_iter().chain([lost(), unreachable()]) {
        let (provider, script) = scripted([answer.clone()]);
        let result = sign_in(&provider).await;
        let is_of_settings = matches!(&answer, Ok(answer) if is_of_settings(answer));
        match result {
            Err(SignInError::Misconfigured(_)) => assert!(is_of_settings, "{answer:?}"),
            Err(SignInError::Unavailable(_)) => assert!(!is_of_settings, "{answer:?}"),
            result => panic!("{answer:?}: {result:?}"),
        }
        assert_eq!(script.asked().len(), 1);
    }
}

/// An object of the API without its cookies, its own 404, and another address for good.
fn is_of_settings(answer: &Response) -> bool {
    let is_object = serde_json::from_slice::<serde_json::Map<String, Value>>(answer.body()).is_ok();
    let status = answer.status().as_u16();
    is_object && matches!(status, 200 | 404) || matches!(status, 301 | 308)
}

#[tokio::test]
async fn other_ways_to_sign_in_are_not_there() {
    let (provider, _) = scripted([]);
    let result = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await;
    assert_eq!(result.err(), Some(SignInError::Unsupported));
    assert!(provider.accounts().is_none() && provider.redirect_sign_in().is_none());
}

#[tokio::test]
async fn a_life_is_the_shorter_one_of_cookie_and_token() {
    let hour = jwt(&json!({ "iat": 1_700_000_000, "exp": 1_700_003_600 }));
    for (access, attributes, secs) in [
        ("opaque", "; Max-Age=60", 60),
        (hour.as_str(), "", 3600),
        (&hour, "; Max-Age=60", 60),
        (&hour, "; Max-Age=86400", 3600),
        ("opaque", "", 300),
        ("opaque", "; Max-Age=soon", 300),
    ] {
        let answer = sets(answer_ok(), &format!("access_token={access}{attributes}"));
        let (provider, _) = scripted([sets(answer, "refresh_token=r1"), me()]);
        let grant = sign_in(&provider).await.unwrap().grant;
        assert_eq!(grant.access_lifetime, Some(Duration::from_secs(secs)), "{access} {attributes}");
        assert_eq!(grant.refresh_expires_at, Some(now() + WEEK), "as the settings say");
    }
}

#[tokio::test]
async fn the_refresh_cookie_never_outlives_the_settings() {
    for (attributes, longest) in [("; Max-Age=60", Duration::from_mins(1)), ("; Max-Age=99999999", WEEK)] {
        let answer = sets(answer_ok(), "access_token=a1; Max-Age=30");
        let (provider, _) = scripted([sets(answer, &format!("refresh_token=r1{attributes}")), me()]);
        assert_eq!(sign_in(&provider).await.unwrap().grant.refresh_expires_at, Some(now() + longest));
    }
}

/// The API gives the same cookies to two sign-ins within one second. To revoke one of them is to revoke the other.
#[tokio::test]
async fn one_refresh_cookie_is_one_sign_in_whatever_else_differs() {
    let (provider, _) = scripted([]);
    let over = grant().await.with(CSRF, "one");
    let same = over.clone().with(CSRF, "another").with(ACCESS, "a2");
    assert!(provider.is_one_sign_in(&over, &same));
    assert!(!provider.is_one_sign_in(&over, &over.clone().with(REFRESH, "r2")));
    assert!(!provider.is_one_sign_in(&Grant::default(), &Grant::default()), "nothing is known of either");
}
