//! Signing in with a second step: `POST /v1/auth/tokens` with a `challenge` and a `code`.

use std::time::Duration;

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApi, USER, authenticator::enable};

/// A sign-in with the right password, up to its second step.
async fn first_step(api: &TestApi) -> String {
    challenge_in(&api.tokens(&json!({ "email": USER, "password": PASSWORD })).await)
}

#[track_caller]
fn challenge_in(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["error"]),
        (StatusCode::UNAUTHORIZED, &json!("SECOND_FACTOR")),
        "{body}"
    );
    body["challenge"].as_str().unwrap().to_owned()
}

async fn second_step(api: &TestApi, challenge: &str, code: &str) -> Answer {
    api.tokens(&json!({ "challenge": challenge, "code": code })).await
}

/// Until another code counts.
fn pass(api: &TestApi) {
    api.clock.advance(Duration::from_secs(30));
}

#[tokio::test]
async fn a_password_alone_gives_a_challenge_which_a_code_completes_once() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    pass(&api);
    let answer = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    let challenge = challenge_in(&answer);
    let expected = json!({
        "statusCode": 401,
        "message": "A code is required",
        "error": "SECOND_FACTOR",
        "challenge": challenge,
        "expiresAt": "2026-11-21T10:59:22.360Z",
        "methods": ["TOTP", "RECOVERY_CODE"],
    });
    assert_eq!(answer.json(), expected);

    let tokens = second_step(&api, &challenge, &app.code(&api)).await.into_tokens();
    assert_eq!(api.user(&tokens.access).await["email"], USER);
    pass(&api);
    let again = second_step(&api, &challenge, &app.code(&api)).await;
    again.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn a_wrong_password_gives_no_challenge() {
    let api = TestApi::new().await;
    enable(&api, USER).await;
    let wrong = json!({ "email": USER, "password": "not this one" });
    api.tokens(&wrong).await.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_code_is_accepted_once_and_none_before_it_is() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    let challenge = first_step(&api).await;
    let used = second_step(&api, &challenge, &app.code(&api)).await;
    used.assert_error(401, "Invalid credentials", "Unauthorized");
    let older = second_step(&api, &challenge, &app.code_in(&api, -1)).await;
    older.assert_error(401, "Invalid credentials", "Unauthorized");
    let newer = second_step(&api, &challenge, &app.code_in(&api, 1)).await;
    assert_eq!(newer.status, StatusCode::CREATED, "{newer:?}");
}

#[tokio::test]
async fn a_code_counts_one_step_before_and_after_its_own() {
    for (steps, expected) in [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)] {
        let api = TestApi::new().await;
        let (app, _) = enable(&api, USER).await;
        api.clock.advance(Duration::from_mins(5));
        let challenge = first_step(&api).await;
        let answer = second_step(&api, &challenge, &app.code_in(&api, steps)).await;
        assert_eq!(answer.status, expected, "{steps} steps");
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let api = TestApi::new().await;
    let (_, codes) = enable(&api, USER).await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    let challenge = first_step(&api).await;
    assert_eq!(second_step(&api, &challenge, &typed).await.status, StatusCode::CREATED);
    let challenge = first_step(&api).await;
    let again = second_step(&api, &challenge, &codes[3]).await;
    again.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(second_step(&api, &challenge, &codes[4]).await.status, StatusCode::CREATED);
    let mails = api.mails_to(USER).await;
    assert_eq!(mails[0].subject, "A recovery code of your account has been used · Ironleaf");
}

#[tokio::test]
async fn a_challenge_ends_after_ten_minutes() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    let challenge = first_step(&api).await;
    api.clock.advance(Duration::from_secs(599));
    assert_eq!(second_step(&api, &challenge, &app.code(&api)).await.status, StatusCode::CREATED);
    let challenge = first_step(&api).await;
    api.clock.advance(Duration::from_mins(10));
    let late = second_step(&api, &challenge, &app.code(&api)).await;
    late.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn a_challenge_is_of_one_account() {
    let api = TestApi::new().await;
    enable(&api, USER).await;
    let (admins, admins_codes) = enable(&api, crate::support::ADMIN).await;
    pass(&api);
    let challenge = first_step(&api).await;
    for code in [admins.code(&api), admins_codes[0].clone()] {
        let answer = second_step(&api, &challenge, &code).await;
        answer.assert_error(401, "Invalid credentials", "Unauthorized");
    }
}

#[tokio::test]
async fn wrong_codes_make_the_next_one_wait_but_no_recovery_code() {
    let api = TestApi::new().await;
    let (app, codes) = enable(&api, USER).await;
    pass(&api);
    let wrong = app.wrong_code(&api);
    for _ in 0..5 {
        let challenge = first_step(&api).await;
        assert_eq!(second_step(&api, &challenge, &wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    let challenge = first_step(&api).await;
    let refused = second_step(&api, &challenge, &app.code(&api)).await;
    refused.assert_error(429, "Too Many Requests", "Too Many Requests");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(second_step(&api, &challenge, &codes[0]).await.status, StatusCode::CREATED);

    let challenge = first_step(&api).await;
    pass(&api);
    assert_eq!(second_step(&api, &challenge, &app.wrong_code(&api)).await.status, StatusCode::UNAUTHORIZED);
    let refused = second_step(&api, &challenge, &app.code(&api)).await;
    assert_eq!(refused.header("retry-after"), "60", "each wait is twice as long");
    api.clock.advance(Duration::from_mins(1));
    assert_eq!(second_step(&api, &challenge, &app.code(&api)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_link_of_an_e_mail_needs_the_second_step_and_is_used_up_by_the_first() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    pass(&api);
    api.tokens(&json!({ "email": USER })).await;
    let link = api.mailed_token(USER).await;
    let challenge = challenge_in(&api.refresh(USER, &link).await);
    api.refresh(USER, &link).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let tokens = second_step(&api, &challenge, &app.code(&api)).await.into_tokens();
    api.refresh(USER, &tokens.refresh).await.into_tokens();
}

#[tokio::test]
async fn a_changed_password_voids_the_challenges_of_the_old_one() {
    let api = TestApi::new().await;
    let (app, codes) = enable(&api, USER).await;
    pass(&api);
    let challenge = first_step(&api).await;
    let other = first_step(&api).await;
    let tokens = second_step(&api, &other, &app.code(&api)).await.into_tokens();
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "a new password" })).await;
    let late = second_step(&api, &challenge, &codes[0]).await;
    late.assert_error(400, "Invalid token", "Bad Request");
}

/// A sign-in with a password that sends an access token along.
async fn confirm(api: &TestApi, access: &str, password: &str) -> Answer {
    let body = json!({ "email": USER, "password": password });
    api.post("/v1/auth/tokens").bearer(access).json(&body).send().await
}

#[tokio::test]
async fn whoever_is_signed_in_proves_with_the_password_alone_that_it_is_still_them() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    pass(&api);
    let challenge = first_step(&api).await;
    let tokens = second_step(&api, &challenge, &app.code(&api)).await.into_tokens();
    confirm(&api, &tokens.access, PASSWORD).await.into_tokens();
    let wrong = confirm(&api, &tokens.access, "not this one").await;
    wrong.assert_error(401, "Invalid credentials", "Unauthorized");

    let stranger = api.sign_in(crate::support::ADMIN, PASSWORD).await;
    challenge_in(&confirm(&api, &stranger.access, PASSWORD).await);
    challenge_in(&confirm(&api, "not a token", PASSWORD).await);
    // Presented again, it ends its family.
    for expected in [StatusCode::CREATED, StatusCode::UNAUTHORIZED] {
        assert_eq!(api.refresh(USER, &tokens.refresh).await.status, expected);
    }
    challenge_in(&confirm(&api, &tokens.access, PASSWORD).await);
}

#[tokio::test]
async fn an_access_token_that_has_expired_spares_nobody_the_code() {
    let api = TestApi::new().await;
    let (app, _) = enable(&api, USER).await;
    pass(&api);
    let challenge = first_step(&api).await;
    let tokens = second_step(&api, &challenge, &app.code(&api)).await.into_tokens();
    api.clock.advance(Duration::from_mins(20));
    challenge_in(&confirm(&api, &tokens.access, PASSWORD).await);
}

#[tokio::test]
async fn the_second_step_may_end_the_other_sessions_as_the_first_one_asked() {
    let api = TestApi::new().await;
    let (app, codes) = enable(&api, USER).await;
    pass(&api);
    let challenge = first_step(&api).await;
    let other = second_step(&api, &challenge, &app.code(&api)).await.into_tokens();
    let body = json!({ "email": USER, "password": PASSWORD, "invalidateTokens": true });
    let challenge = challenge_in(&api.tokens(&body).await);
    second_step(&api, &challenge, &codes[0]).await.into_tokens();
    assert_eq!(api.refresh(USER, &other.refresh).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_code_is_a_refused_sign_in_for_its_person() {
    let api = TestApi::new().await;
    let (app, codes) = enable(&api, USER).await;
    let challenge = first_step(&api).await;
    second_step(&api, &challenge, &app.wrong_code(&api)).await;
    let tokens = second_step(&api, &challenge, &codes[0]).await.into_tokens();
    let answer = api.get("/v1/user/users/current/activity").bearer(&tokens.access).send().await.json();
    let types: Vec<&Value> = answer["items"].as_array().unwrap().iter().map(|item| &item["type"]).collect();
    assert_eq!(types[..3], ["SIGNED_IN", "RECOVERY_CODE_USED", "SIGN_IN_FAILED"]);
}

#[tokio::test]
async fn a_challenge_without_a_code_is_invalid_and_one_that_nobody_has_is_over() {
    let api = TestApi::new().await;
    let answer = api.tokens(&json!({ "challenge": "x" })).await;
    assert_eq!(answer.issues()[0].0, "code");
    second_step(&api, "x", "123456").await.assert_error(400, "Invalid token", "Bad Request");
}

/// Somebody has used an account, and its owner takes the address back.
async fn take_back(api: &TestApi) {
    let token = api.way_back(USER).await;
    assert_eq!(api.restore_address(&token).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_address_that_is_taken_back_takes_the_code_of_an_attacker_away() {
    let api = TestApi::new().await;
    let (attacker, _) = enable(&api, USER).await;
    api.change_address(&attacker.access, "new@test.com").await;
    take_back(&api).await;
    let link = api.mailed_token(USER).await;
    let tokens = api.refresh(USER, &link).await.into_tokens();
    let state = api.get("/v1/user/users/current/authenticator").bearer(&tokens.access).send().await;
    assert_eq!(state.json()["item"], json!({ "enabled": false, "recoveryCodesLeft": 0 }));
}

#[tokio::test]
async fn an_address_that_is_taken_back_leaves_a_code_that_was_there_long_before() {
    let api =
        TestApi::with(Config { access_token_ttl: Duration::from_hours(24 * 30), ..Config::in_memory() })
            .await;
    let (owner, _) = enable(&api, USER).await;
    api.clock.advance(Duration::from_hours(7 * 24));
    api.change_address(&owner.access, "new@test.com").await;
    take_back(&api).await;
    let link = api.mailed_token(USER).await;
    challenge_in(&api.refresh(USER, &link).await);
}
