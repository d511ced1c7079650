//! Other names and forms than those of `NestJS`.

use http::{HeaderName, StatusCode};

use super::*;

/// The forms of Laravel: a prefix, other field names, errors without a status, 422 for a failed validation.
fn other(settings: &mut CookieApiSettings) {
    settings.login_path = "login/".to_owned();
    settings.refresh_path = "token/renew".to_owned();
    settings.logout_path = Some("/logout/".to_owned());
    settings.me_path = "/user".to_owned();
    settings.access_cookie = "jwt".to_owned();
    settings.refresh_cookie = "jwt_refresh".to_owned();
    settings.email_field = "username".to_owned();
    settings.password_field = "pass".to_owned();
    settings.person = PersonFields {
        id: "data.id".to_owned(),
        email: "data.mail".to_owned(),
        name: vec!["data.name".to_owned()],
        roles: None,
        verified: Some("data.email_verified_at".to_owned()),
    };
    settings.status_field = None;
    settings.wrong_credentials = vec![StatusCode::UNPROCESSABLE_ENTITY];
    settings.refusals = vec![StatusCode::UNAUTHORIZED];
    settings.csrf =
        Some(CsrfPair { cookie: "XSRF-TOKEN".to_owned(), header: HeaderName::from_static("x-xsrf-token") });
}

const FIRST: &str = "XSRF-TOKEN=07070707070707070707070707070707";

fn given(access: &str, refresh: &str, csrf: Option<&str>) -> Answer {
    let answer = sets(text(204, ""), &format!("jwt={access}; Max-Age=60"));
    let answer = sets(answer, &format!("jwt_refresh={refresh}; Max-Age=600"));
    csrf.map_or_else(|| answer.clone(), |value| sets(answer.clone(), &format!("XSRF-TOKEN={value}; Path=/")))
}

fn owner() -> Answer {
    answer(
        200,
        &json!({ "data": { "id": 7, "mail": "user@test.com", "name": "Uma", "email_verified_at": null } }),
    )
}

#[tokio::test]
async fn names_paths_and_fields_are_settings() {
    let (provider, script) = scripted_with([given("a1", "r1", Some("x%3D1")), owner()], other);
    let grant = sign_in(&provider).await.unwrap().grant;
    assert_eq!(
        script.asked(),
        [asked("POST /api/login/", FIRST), asked("GET /api/user", "jwt=a1; XSRF-TOKEN=x%3D1")]
    );
    assert_eq!(script.body(0), json!({ "username": "user@test.com", "pass": "password1" }));
    assert_eq!(script.header(0, "x-xsrf-token").as_deref(), Some(&FIRST["XSRF-TOKEN=".len()..]));
    assert_eq!(script.header(1, "x-xsrf-token"), None, "a question needs no header");
    let identity = grant.identity.clone().unwrap();
    assert_eq!((identity.id.as_str(), identity.email.as_deref()), ("7", None));
    assert_eq!(identity.unverified_email.as_deref(), Some("user@test.com"));

    let (provider, script) = scripted_with([given("a2", "r2", None), text(204, "")], other);
    let RefreshOutcome::Rotated(grant) = provider.refresh(&caller(), &grant).await else {
        panic!("not rotated")
    };
    provider.sign_out(&caller(), &grant).await.unwrap();
    let cookies = "jwt=a2; jwt_refresh=r2; XSRF-TOKEN=x%3D1";
    assert_eq!(
        script.asked(),
        [
            asked("POST /api/token/renew", "jwt_refresh=r1; XSRF-TOKEN=x%3D1"),
            asked("POST /api/logout/", cookies)
        ]
    );
    for index in 0..2 {
        assert_eq!(script.header(index, "x-xsrf-token").as_deref(), Some("x=1"), "percent-decoded");
    }
}

#[tokio::test]
async fn statuses_mean_what_the_settings_say() {
    let message = json!({ "message": "These credentials do not match our records." });
    let (provider, _) = scripted_with([answer(422, &message), answer(401, &message)], other);
    assert_eq!(sign_in(&provider).await.err(), Some(SignInError::InvalidCredentials));
    assert!(matches!(sign_in(&provider).await.err(), Some(SignInError::Unavailable(_))));

    let (provider, _) =
        scripted_with([answer(401, &message), answer(403, &message), text(401, "<html>")], other);
    let grant = grant().await;
    let outcome = provider.refresh(&caller(), &grant).await;
    assert!(matches!(outcome, RefreshOutcome::Rejected(_)), "{outcome:?}");
    for _ in 0..2 {
        let outcome = provider.refresh(&caller(), &grant).await;
        assert!(matches!(outcome, RefreshOutcome::InDoubt { .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_new_value_against_forged_requests_is_kept_when_something_is_kept_anyway() {
    let (provider, _) = scripted_with([given("a1", "r1", Some("x1")), owner()], other);
    let mut grant = sign_in(&provider).await.unwrap().grant;
    let answer = sets(text(200, "ok"), "XSRF-TOKEN=x2; Path=/").unwrap();
    let asked = Asked { method: http::Method::GET, uri: "http://nest.test/api/orders".parse().unwrap() };
    let Observed::Lazily(change) = provider.observe(&grant, &asked, &answer) else { panic!("not lazily") };
    change(&mut grant);
    assert_eq!(grant.field(CSRF), Some(&"x2".into()));
    assert!(matches!(provider.observe(&grant, &asked, &answer), Observed::Nothing));
}

#[tokio::test]
async fn only_the_api_itself_teaches_the_value_against_forged_requests() {
    let (provider, _) = scripted_with([given("a1", "r1", Some("x1")), owner()], other);
    let grant = sign_in(&provider).await.unwrap().grant;
    let answer = sets(text(200, "ok"), "XSRF-TOKEN=x2; Path=/").unwrap();
    for (uri, teaches) in [
        ("http://nest.test/api/orders", true),
        // Frameworks have the endpoint for it beside their API.
        ("http://nest.test/csrf-cookie", true),
        ("http://nest.test:80/api/orders", true),
        ("http://nest.test:8080/api/orders", false),
        ("https://nest.test/api/orders", false),
        ("http://other.test/api/orders", false),
        ("http://nest.test.other.test/api/orders", false),
        ("http://nest.test@other.test/api/orders", false),
    ] {
        for method in [http::Method::GET, http::Method::POST] {
            let asked = Asked { method, uri: uri.parse().unwrap() };
            let learned = matches!(provider.observe(&grant, &asked, &answer), Observed::Lazily(_));
            assert_eq!(learned, teaches, "{uri}");
        }
    }
    let asked = Asked { method: http::Method::GET, uri: "http://nest.test/api/orders".parse().unwrap() };
    let foreign = Grant::default().with(CSRF, "x1");
    assert!(matches!(provider.observe(&foreign, &asked, &answer), Observed::Nothing), "not one of ours");
}
