//! Wrong settings are told apart from an API that is away.

use super::*;
use crate::test_log::Log;

/// What an answer whose setting is certainly wrong has in the log.
async fn misconfigured(provider: &JwtSessionsProvider) -> String {
    match provider.sign_in(&caller(), password(), None).await {
        Err(SignInError::Misconfigured(detail)) => detail,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_to_the_login_says_which_setting_is_wrong() {
    let path = "check JWT_SESSIONS_LOGIN_PATH and CORE_API_URL";
    for (body, expected) in [
        (without(login(), "access"), format!("without `access`: {path}, or JWT_SESSIONS_ACCESS_COOKIE")),
        (without(login(), "refresh"), format!("without `refresh`: {path}, or JWT_SESSIONS_REFRESH_COOKIE")),
        (with(login(), "access", "no token"), format!(", and `access` is not a JWT: {path}")),
        (with(login(), "access", ""), format!(", and `access` is not a JWT: {path}")),
        (with(login(), "access", json!({})), format!(", and `access` is not a JWT: {path}")),
        (with(login(), "refresh", "a.b.c\r\nx: y"), format!(", and `refresh` is not a JWT: {path}")),
        (with(login(), "refresh", 7), format!(", and `refresh` is not a JWT: {path}")),
    ] {
        let (provider, _) = scripted(settings(), [answer(200, &body)]);
        let detail = misconfigured(&provider).await;
        assert!(detail.starts_with("POST /api/login answered 200") && detail.contains(&expected), "{detail}");
    }
}

#[tokio::test]
async fn a_404_of_the_login_is_a_wrong_password_and_the_log_names_the_settings() {
    let log = Log::start();
    let (provider, _) = scripted(settings(), [text(404, "<h1>Not found</h1>"), text(405, "")]);
    let refused = provider.sign_in(&caller(), password(), None).await.err();
    assert_eq!(refused, Some(SignInError::InvalidCredentials));
    let settings = "(JWT_SESSIONS_LOGIN_PATH, JWT_SESSIONS_LOGIN_EMAIL, JWT_SESSIONS_LOGIN_PASSWORD)";
    assert!(log.text().contains(settings), "{}", log.text());

    let failed = provider.sign_in(&caller(), password(), None).await.err();
    let expected = "POST /api/login answered 405: check JWT_SESSIONS_LOGIN_PATH and CORE_API_URL";
    assert_eq!(failed, Some(SignInError::Unavailable(expected.to_owned())));
}

#[tokio::test]
async fn an_answer_about_the_person_says_which_setting_is_wrong_and_the_tokens_are_given_back() {
    let no_id = "the answer of me has no data.id: check JWT_SESSIONS_PERSON_ID";
    for (me, is_certain, expected) in [
        (text(404, "<html>"), true, "GET /api/me answered 404: check JWT_SESSIONS_ME_PATH"),
        (text(405, ""), true, "GET /api/me answered 405: check JWT_SESSIONS_ME_PATH"),
        (answer(200, &json!({ "id": 7 })), true, no_id),
        (answer(200, &json!({ "data": { "id": "" } })), true, no_id),
        (
            text(200, "<html>"),
            false,
            "GET /api/me answered 200 with no JSON object: check JWT_SESSIONS_ME_PATH",
        ),
        (
            text(401, ""),
            false,
            "GET /api/me answered 401: check JWT_SESSIONS_TRANSPORT and JWT_SESSIONS_ACCESS_HEADER",
        ),
        (text(503, ""), false, "GET /api/me answered 503"),
    ] {
        let (me_path, id_field) = (Some("me".to_owned()), "data.id".to_owned());
        let settings = JwtSessionsSettings { me_path, id_field, ..settings() };
        let (provider, script) = scripted(settings, [answer(200, &login()), me, text(200, "ok")]);
        let error = provider.sign_in(&caller(), password(), None).await.err();
        let detail = expected.to_owned();
        let fault =
            if is_certain { SignInError::Misconfigured(detail) } else { SignInError::Unavailable(detail) };
        assert_eq!(error, Some(fault));
        assert_eq!(script.asked(), ["POST /api/login", "GET /api/me", "DELETE /api/logout"]);
    }
}

#[tokio::test]
async fn a_token_of_nobody_names_the_setting_and_is_given_back() {
    let nobody = with(login(), "access", jwt(&json!({ "uid": 1 })));
    let (provider, script) = scripted(settings(), [answer(200, &nobody), text(500, "")]);
    let detail = misconfigured(&provider).await;
    assert!(detail.contains("has no user_id: check JWT_SESSIONS_PERSON_ID"), "{detail}");
    assert_eq!(script.asked(), ["POST /api/login", "DELETE /api/logout"]);
}

#[tokio::test]
async fn a_refresh_and_a_sign_out_name_their_call() {
    let grant = grant().await;
    let answers = [text(404, ""), answer(200, &without(refreshed(), "access")), text(404, "")];
    let (provider, _) = scripted(settings(), answers);
    for expected in [
        "POST /api/refresh answered 404: check JWT_SESSIONS_REFRESH_PATH",
        "POST /api/refresh answered 200 without `access`: check JWT_SESSIONS_REFRESH_PATH",
    ] {
        match provider.refresh(&caller(), &grant).await {
            RefreshOutcome::InDoubt { detail, .. } => assert!(detail.starts_with(expected), "{detail}"),
            outcome => panic!("{outcome:?}"),
        }
    }
    let Err(error) = provider.sign_out(&caller(), &grant).await else { panic!("it failed") };
    let expected = "DELETE /api/logout answered 404: check JWT_SESSIONS_LOGOUT_PATH";
    assert!(error.to_string().ends_with(expected), "{error}");
}
