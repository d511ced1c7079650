//! Wrong settings are told apart from an API that is away.

use super::*;
use crate::test_log::Log;

/// Why nobody can sign in, and whether it is certain that a setting is wrong.
async fn fault(
    answers: impl IntoIterator<Item = Answer>,
    change: impl FnOnce(&mut CookieApiSettings),
) -> (bool, String, Vec<String>) {
    let (provider, script) = scripted_with(answers, change);
    let (is_certain, detail) = match sign_in(&provider).await {
        Err(SignInError::Misconfigured(detail)) => (true, detail),
        Err(SignInError::Unavailable(detail)) => (false, detail),
        other => panic!("{other:?}"),
    };
    (is_certain, detail, script.asked().into_iter().map(|(call, _)| call).collect())
}

#[tokio::test]
async fn an_answer_to_the_login_says_which_setting_is_wrong() {
    let ok = || answer(200, &json!({ "message": "ok" }));
    let check = "check COOKIE_API_LOGIN_PATH and CORE_API_URL";
    let no_access =
        "POST /api/auth/login answered 200 with no cookie access_token: check COOKIE_API_ACCESS_COOKIE";
    let no_refresh =
        "POST /api/auth/login answered 200 with no cookie refresh_token: check COOKIE_API_REFRESH_COOKIE";
    for (answer, is_certain, detail) in [
        (error(404, &json!("Cannot POST")), true, format!("POST /api/auth/login answered 404: {check}")),
        (error(405, &json!("Not allowed")), true, format!("POST /api/auth/login answered 405: {check}")),
        (text(404, "<html>"), false, format!("POST /api/auth/login answered 404: {check}")),
        (text(405, ""), false, format!("POST /api/auth/login answered 405: {check}")),
        (sets(ok(), "token=a1"), true, no_access.to_owned()),
        (sets(ok(), "access_token=a1"), true, no_refresh.to_owned()),
        (text(200, "<html>"), false, no_access.to_owned()),
        (error(503, &json!("Away")), false, "POST /api/auth/login answered 503".to_owned()),
        (text(301, ""), true, format!("POST /api/auth/login answered 301: {check}")),
        (text(308, "<html>"), true, format!("POST /api/auth/login answered 308: {check}")),
        (text(302, ""), false, "POST /api/auth/login answered 302".to_owned()),
    ] {
        let (certain, told, _) = fault([answer.clone()], |_| {}).await;
        assert_eq!((certain, told), (is_certain, detail), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_about_the_person_says_which_setting_is_wrong_and_the_cookies_are_given_back() {
    let no_id = "the answer of /users/me has no data.id: check COOKIE_API_ME_ID";
    for (answer, is_certain, detail) in [
        (error(404, &json!("?")), true, "GET /api/users/me answered 404: check COOKIE_API_ME_PATH"),
        (error(405, &json!("?")), true, "GET /api/users/me answered 405: check COOKIE_API_ME_PATH"),
        (text(404, "<html>"), false, "GET /api/users/me answered 404: check COOKIE_API_ME_PATH"),
        (error(401, &json!("?")), true, "GET /api/users/me answered 401: check COOKIE_API_ACCESS_COOKIE"),
        (text(401, "<html>"), false, "GET /api/users/me answered 401: check COOKIE_API_ACCESS_COOKIE"),
        (me(), true, no_id),
        (answer(200, &json!({ "data": { "id": null } })), true, no_id),
        (
            text(200, "<html>"),
            false,
            "GET /api/users/me answered 200 with no JSON object: check COOKIE_API_ME_PATH",
        ),
        (error(500, &json!("?")), false, "GET /api/users/me answered 500"),
    ] {
        let answers = [tokens("a1", "r1"), answer.clone(), text(204, "")];
        let (certain, told, asked) =
            fault(answers, |settings| settings.person.id = "data.id".to_owned()).await;
        assert_eq!((certain, told.as_str()), (is_certain, detail), "{answer:?}");
        assert_eq!(asked.last().unwrap(), "POST /api/auth/logout");
    }
}

#[tokio::test]
async fn a_400_is_a_wrong_password_and_the_log_names_the_fields() {
    for (status, is_told) in [(400, true), (401, false)] {
        let log = Log::start();
        let (provider, _) = scripted([error(status, &json!("?"))]);
        assert_eq!(sign_in(&provider).await.err(), Some(SignInError::InvalidCredentials));
        let names_fields = log.text().contains("(COOKIE_API_EMAIL_FIELD, COOKIE_API_PASSWORD_FIELD)");
        assert_eq!(names_fields, is_told, "{status}: {}", log.text());
    }
}

#[tokio::test]
async fn a_refresh_and_a_sign_out_name_their_call() {
    let grant = grant().await;
    let (provider, _) = scripted([text(404, ""), tokens("a2", ""), text(404, "")]);
    for expected in [
        "POST /api/auth/refresh answered 404: check COOKIE_API_REFRESH_PATH",
        "POST /api/auth/refresh answered 200 with no cookie refresh_token: check COOKIE_API_REFRESH_COOKIE",
    ] {
        match provider.refresh(&caller(), &grant).await {
            RefreshOutcome::InDoubt { detail, .. } => assert_eq!(detail, expected),
            outcome => panic!("{outcome:?}"),
        }
    }
    let Err(error) = provider.sign_out(&caller(), &grant).await else { panic!("it failed") };
    let expected = "POST /api/auth/logout answered 404: check COOKIE_API_LOGOUT_PATH";
    assert!(error.to_string().ends_with(expected), "{error}");
}
