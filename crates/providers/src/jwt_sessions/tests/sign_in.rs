use super::*;

#[tokio::test]
async fn a_person_signs_in_by_one_call_and_the_tokens_own_times_count() {
    // The dates of the answer are wrong on purpose: `exp` is right.
    let body = with(login(), "access_expires_at", "2099-01-15 09:00:00 +0000");
    let (provider, script) = scripted(settings(), [answer(200, &body)]);
    let signed_in = provider.sign_in(&caller(), password(), None).await.unwrap();
    assert_eq!(script.asked(), ["POST /api/login"]);
    assert_eq!(script.body(0), json!({ "email": "user@test.com", "password": "password1" }));
    assert_eq!(script.header(0, "x-forwarded-for").as_deref(), Some("::1"));
    let grant = signed_in.grant;
    assert_eq!(exposed(&grant, ACCESS_TOKEN), Some(access(1).as_str()));
    assert_eq!(exposed(&grant, REFRESH_TOKEN), Some(refresh_token().as_str()));
    assert_eq!(exposed(&grant, CSRF), Some("bWFzazE="));
    let received_at = start() + Duration::from_secs(1);
    assert_eq!(grant.access_expires_at, Some(received_at + Duration::from_hours(1)));
    assert_eq!(grant.access_lifetime, Some(Duration::from_hours(1)));
    assert_eq!(grant.refresh_expires_at, Some(received_at + Duration::from_hours(168)));
    assert_eq!(signed_in.authenticated_at, received_at);
    let identity = grant.identity.unwrap();
    assert_eq!((identity.id.as_str(), identity.address()), ("7", Some("user@test.com")));
}

#[tokio::test]
async fn the_life_of_a_token_is_counted_from_its_receipt_whatever_the_clocks_say() {
    // The API's clock is an hour behind, which its `Date` shows, or `iat`.
    let behind = START_SECS - 3600;
    let body = with(login(), "access", jwt(&json!({ "user_id": 7, "exp": behind + 600 })));
    let dated = with_header(answer(200, &body), "date", &httpdate_of(behind));
    let issued = with(login(), "access", jwt(&json!({ "user_id": 7, "iat": behind, "exp": behind + 600 })));
    // Neither token says an end: the dates of the answer do, in either form.
    let opaque = jwt(&json!({ "user_id": 7 }));
    let of_answer =
        with(with(login(), "access", opaque.clone()), "access_expires_at", "2027-01-15 08:10:01 +0000");
    let iso = with(of_answer.clone(), "access_expires_at", "2027-01-15T08:10:01Z");
    for (answer, secs) in [
        (dated, 600),
        (answer(200, &issued), 600),
        (answer(200, &of_answer), 600),
        (answer(200, &iso), 600),
        (answer(200, &with(of_answer.clone(), "access_expires_at", "soon")), 3600),
        (answer(200, &with(of_answer.clone(), "access_expires_at", 7)), 3600),
        (answer(200, &without(of_answer, "access_expires_at")), 3600),
    ] {
        let (provider, _) = scripted(settings(), [answer]);
        let grant = provider.sign_in(&caller(), password(), None).await.unwrap().grant;
        assert_eq!(grant.access_lifetime, Some(Duration::from_secs(secs)));
        assert_eq!(grant.access_expires_at, Some(start() + Duration::from_secs(1 + secs)));
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_is_not_the_persons() {
    let me = |field: &str, value: Value| with(json!({ "id": 7, "email": "User@Test.com" }), field, value);
    let is_theirs = |verified_field: Option<&str>, record: Value| {
        let verified_field = verified_field.map(str::to_owned);
        let (me_path, id_field) = (Some("me".to_owned()), "id".to_owned());
        let settings = JwtSessionsSettings { me_path, id_field, verified_field, ..settings() };
        async move {
            let (provider, _) = scripted(settings, [answer(200, &login()), answer(200, &record)]);
            let identity =
                provider.sign_in(&caller(), password(), None).await.unwrap().grant.identity.unwrap();
            assert_eq!(identity.address(), Some("user@test.com"), "it is shown: {record}");
            identity.email.is_some()
        }
    };
    // The address that somebody typed, and one that the API states.
    assert!(!is_theirs(None, json!({ "id": 7 })).await);
    assert!(!is_theirs(Some("verified"), json!({ "id": 7, "verified": true })).await);
    assert!(is_theirs(None, me("verified", json!(false))).await);
    for (value, expected) in [
        (json!(true), true),
        (json!(1), true),
        (json!("2026-11-29T12:00:00Z"), true),
        (json!(false), false),
        (json!(0), false),
        (json!(""), false),
        (json!("False"), false),
        (Value::Null, false),
        (json!({}), false),
    ] {
        assert_eq!(is_theirs(Some("verified"), me("verified", value.clone())).await, expected, "{value}");
    }
    assert!(!is_theirs(Some("verified"), json!({ "id": 7, "email": "User@Test.com" })).await);
}

fn httpdate_of(secs: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(secs))
}

#[tokio::test]
async fn names_and_paths_are_settings() {
    let settings = JwtSessionsSettings {
        login_path: "/v2/session/".to_owned(),
        me_path: Some("v2/me".to_owned()),
        login_email_field: "user.email".to_owned(),
        login_password_field: "user.password".to_owned(),
        id_field: "data.id".to_owned(),
        email_field: "data.attributes.email".to_owned(),
        roles_field: Some("data.attributes.roles".to_owned()),
        access_header: http::HeaderName::from_static("x-access"),
        ..settings()
    };
    let me = json!({ "data": { "id": "u-1", "attributes": { "email": "Ada@Test.com", "roles": ["admin", "admin", 3] } } });
    let (provider, script) = scripted(settings, [answer(201, &login()), answer(200, &me)]);
    let grant = provider.sign_in(&caller(), password(), None).await.unwrap().grant;
    assert_eq!(script.asked(), ["POST /api/v2/session/", "GET /api/v2/me"]);
    assert_eq!(script.body(0), json!({ "user": { "email": "user@test.com", "password": "password1" } }));
    assert_eq!(script.header(1, "x-access"), Some(format!("Bearer {}", access(1))));
    assert_eq!(script.header(1, "authorization"), None);
    let identity = grant.identity.unwrap();
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("u-1", Some("ada@test.com")));
    let roles: Vec<&str> = identity.roles.iter().map(ironleaf_api_types::Role::name).collect();
    assert_eq!(roles, ["admin", "3"]);
}

#[tokio::test]
async fn tokens_may_come_in_cookies() {
    let body = json!({ "csrf": "bWFzazE=" });
    let answer = with_header(answer(200, &body), "set-cookie", "jwt_access=e30.e30.b2xk; Path=/");
    let answer = with_header(answer, "set-cookie", &format!("jwt_access={}; Path=/; HttpOnly", access(1)));
    let answer = with_header(answer, "set-cookie", &format!("jwt_refresh={}; HttpOnly", refresh_token()));
    let (provider, _) = scripted(with_cookies(), [answer]);
    let grant = provider.sign_in(&caller(), password(), None).await.unwrap().grant;
    assert_eq!(exposed(&grant, ACCESS_TOKEN), Some(access(1).as_str()));
    assert_eq!(exposed(&grant, REFRESH_TOKEN), Some(refresh_token().as_str()));
}

#[tokio::test]
async fn a_refusal_is_told_apart_from_a_failure_by_the_status_alone() {
    for (answer, expected) in [
        (text(401, "Not authorized"), SignInError::InvalidCredentials),
        (text(401, "<h1>Unauthorized</h1>"), SignInError::InvalidCredentials),
        (text(404, "<h1>Not found</h1>"), SignInError::InvalidCredentials),
        (answer(422, &json!({ "errors": ["x"] })), SignInError::InvalidCredentials),
        (text(403, ""), SignInError::Forbidden),
        (throttled(), SignInError::TooManyRequests { retry_after: Some(Duration::from_secs(30)) }),
    ] {
        let (provider, _) = scripted(settings(), [answer]);
        assert_eq!(provider.sign_in(&caller(), password(), None).await.err(), Some(expected));
    }
}

#[tokio::test]
async fn nonsense_signs_nobody_in() {
    for answer in [
        text(200, ""),
        text(200, "<html>"),
        text(204, ""),
        text(302, ""),
        text(400, ""),
        text(500, "Oops"),
        text(503, "<h1>Down</h1>"),
        text(200, "[]"),
        text(200, "7"),
        text(200, "\"\""),
        lost(),
        unreachable(),
    ] {
        let shown = format!("{answer:?}");
        let (provider, _) = scripted(settings(), [answer]);
        let error = provider.sign_in(&caller(), password(), None).await.err();
        assert!(matches!(error, Some(SignInError::Unavailable(_))), "{shown}: {error:?}");
    }
}

#[tokio::test]
async fn tokens_of_nobody_are_given_back() {
    let asks_me =
        || JwtSessionsSettings { me_path: Some("me".to_owned()), id_field: "id".to_owned(), ..settings() };
    for me in [text(500, ""), text(401, ""), text(200, "<html>"), text(200, "[]"), lost()] {
        let (provider, script) = scripted(asks_me(), [answer(200, &login()), me, text(200, "ok")]);
        let error = provider.sign_in(&caller(), password(), None).await.err();
        assert!(matches!(error, Some(SignInError::Unavailable(_))), "{error:?}");
        assert_eq!(script.asked(), ["POST /api/login", "GET /api/me", "DELETE /api/logout"]);
    }
}

#[tokio::test]
async fn a_limit_on_the_persons_record_is_a_limit_on_the_sign_in() {
    let settings =
        JwtSessionsSettings { me_path: Some("me".to_owned()), id_field: "id".to_owned(), ..settings() };
    let (provider, script) = scripted(settings, [answer(200, &login()), throttled(), text(204, "")]);
    let error = provider.sign_in(&caller(), password(), None).await.err();
    let wait = Some(Duration::from_secs(30));
    assert_eq!(error, Some(SignInError::TooManyRequests { retry_after: wait }));
    assert_eq!(script.asked().last().unwrap(), "DELETE /api/logout");
}

#[tokio::test]
async fn an_address_is_tried_as_it_was_typed_and_in_one_form_only_after_wrong_credentials() {
    let typed = |text: &str| SignIn::Password {
        email: EmailAddress::parse(text).unwrap(),
        password: "password1".into(),
    };
    let sent = |script: &Script| -> Vec<String> {
        let bodies = 0..script.asked().len();
        bodies.map(|index| script.body(index)["email"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let both = ["Eva@Test.com", "eva@test.com"];
    for (text, first, tried) in [
        ("Eva@Test.com", answer(200, &login()), &both[..1]),
        ("Eva@Test.com", text(401, ""), &both[..]),
        ("Eva@Test.com", text(404, ""), &both[..]),
        ("Eva@Test.com", text(422, ""), &both[..]),
        ("Eva@Test.com", text(403, ""), &both[..1]),
        ("Eva@Test.com", throttled(), &both[..1]),
        ("Eva@Test.com", text(500, ""), &both[..1]),
        ("Eva@Test.com", lost(), &both[..1]),
        ("eva@test.com", text(401, ""), &both[1..]),
    ] {
        let shown = format!("{text} {first:?}");
        let is_right = matches!(&first, Ok(answer) if answer.status() == 200);
        let (provider, script) = scripted(settings(), [first, text_401()]);
        let outcome = provider.sign_in(&caller(), typed(text), None).await;
        assert_eq!(outcome.is_ok(), is_right, "{shown}");
        assert_eq!(sent(&script), tried, "{shown}");
    }
    let (provider, script) = scripted(settings(), [text_401(), answer(200, &login())]);
    let grant = provider.sign_in(&caller(), typed("Eva@Test.com"), None).await.unwrap().grant;
    assert_eq!((grant.identity.unwrap().address(), sent(&script).len()), (Some("eva@test.com"), 2));
}

fn text_401() -> Answer {
    text(401, "")
}

#[tokio::test]
async fn only_passwords_sign_in() {
    let (provider, script) = scripted(settings(), []);
    let guest = provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.err();
    assert_eq!((guest, script.asked().len()), (Some(SignInError::Unsupported), 0));
}

#[tokio::test]
async fn a_thousand_roles_do_not_fill_the_cookie() {
    let roles: Vec<String> = (0..1000).map(|number| format!("role-{number:030}")).collect();
    let payload = json!({ "user_id": 7, "roles": roles });
    let settings = JwtSessionsSettings { roles_field: Some("roles".to_owned()), ..settings() };
    let body = with(login(), "access", jwt(&payload));
    let (provider, _) = scripted(settings, [answer(200, &body)]);
    let kept = provider.sign_in(&caller(), password(), None).await.unwrap().grant.identity.unwrap();
    let bytes: usize = kept.roles.iter().map(|role| role.name().len()).sum();
    assert!((1..=64).contains(&kept.roles.len()) && bytes <= 1536, "{} roles", kept.roles.len());
}
