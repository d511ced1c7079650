//! An authenticator app that somebody else has set up: the way back in the e-mail about it.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, TestApi, USER,
    authenticator::{AUTHENTICATOR, App, CONFIRMATION, enable},
};

/// Follows the reset link, and returns how the account signs in now.
async fn state_after_reset(api: &TestApi) -> Value {
    let link = api.mailed_token(USER).await;
    let tokens = api.refresh(USER, &link).await.into_tokens();
    api.get(AUTHENTICATOR).bearer(&tokens.access).send().await.json()["item"].clone()
}

fn off() -> Value {
    json!({ "enabled": false, "recoveryCodesLeft": 0 })
}

#[tokio::test]
async fn its_owner_takes_the_account_back_with_the_e_mail_about_it() {
    let api = TestApi::new().await;
    let (attacker, codes) = enable(&api, USER).await;
    let told = api.mails_to(USER).await[0].clone();
    assert!(told.text.contains("The link is good for 7 days.\n"), "{}", told.text);
    let answer = api.restore_address(&api.way_back(USER).await).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!(answer.json()["item"]["email"], USER);

    api.current(&attacker.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    let with_password = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    with_password.assert_error(401, "Invalid credentials", "Unauthorized");
    let delete = api.request(Method::DELETE, AUTHENTICATOR).bearer(&attacker.access);
    let refused = delete.json(&json!({ "code": codes[0] })).send().await;
    refused.assert_error(401, "Unauthorized", "Unauthorized");
    assert_eq!(state_after_reset(&api).await, off());
}

async fn told_of_removal(api: &TestApi, email: &str) -> usize {
    let is_of_removal = |text: &str| text.contains("authenticator app") && text.contains("removed");
    let mails = api.mails_to(email).await;
    // The e-mail about the app says what its link does.
    mails.iter().filter(|mail| !mail.link.contains("/restore-address") && is_of_removal(&mail.text)).count()
}

/// The kinds of events since the way back was followed, newest first.
async fn kinds_after_reset(api: &TestApi) -> Vec<Value> {
    let link = api.mailed_token(USER).await;
    let tokens = api.refresh(USER, &link).await.into_tokens();
    let answer = api.get("/v1/user/users/current/activity").bearer(&tokens.access).send().await.json();
    let kinds: Vec<Value> =
        answer["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect();
    let followed = kinds.iter().position(|kind| kind == "EMAIL_RESTORED").unwrap();
    kinds[..=followed].to_vec()
}

#[tokio::test]
async fn its_removal_is_shown_and_told_to_every_address() {
    let api = TestApi::new().await;
    let (attacker, _) = enable(&api, USER).await;
    let token = api.way_back(USER).await;
    api.change_address(&attacker.access, "new@test.com").await;
    api.restore_address(&token).await;
    assert_eq!(told_of_removal(&api, USER).await, 1);
    assert_eq!(told_of_removal(&api, "new@test.com").await, 1);
    assert_eq!(kinds_after_reset(&api).await, ["SIGNED_IN", "SECOND_FACTOR_DISABLED", "EMAIL_RESTORED"]);
}

#[tokio::test]
async fn without_an_app_no_removal_is_shown_or_told() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    // Its first code is awaited.
    App::begin(&api, &tokens.access).await;
    api.change_address(&tokens.access, "new@test.com").await;
    api.restore_address(&api.way_back(USER).await).await;
    assert_eq!(told_of_removal(&api, USER).await + told_of_removal(&api, "new@test.com").await, 0);
    assert_eq!(kinds_after_reset(&api).await, ["SIGNED_IN", "EMAIL_RESTORED"]);
}

#[tokio::test]
async fn the_way_back_works_once_and_for_seven_days() {
    for (hours, status) in [(7 * 24 - 1, StatusCode::CREATED), (7 * 24, StatusCode::BAD_REQUEST)] {
        let api = TestApi::new().await;
        enable(&api, USER).await;
        let token = api.way_back(USER).await;
        api.clock.advance(Duration::from_hours(hours));
        assert_eq!(api.restore_address(&token).await.status, status);
        api.clock.advance(Duration::from_mins(10));
        api.restore_address(&token).await.assert_error(400, "Invalid token", "Bad Request");
    }
}

#[tokio::test]
async fn nothing_that_is_changed_after_it_keeps_the_owner_out() {
    let api = TestApi::new().await;
    let (attacker, codes) = enable(&api, USER).await;
    let token = api.way_back(USER).await;
    let delete = api.request(Method::DELETE, AUTHENTICATOR).bearer(&attacker.access);
    assert_eq!(delete.json(&json!({ "code": codes[0] })).send().await.status, StatusCode::NO_CONTENT);
    api.change_address(&attacker.access, "attacker@test.com").await;
    let second = App::begin(&api, &attacker.access).await;
    let body = json!({ "code": second.code(&api) });
    let answer = api.post(CONFIRMATION).bearer(&attacker.access).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let of_attacker = api.way_back("attacker@test.com").await;

    assert_eq!(api.restore_address(&token).await.json()["item"]["email"], USER);
    api.restore_address(&of_attacker).await.assert_error(400, "Invalid token", "Bad Request");
    assert_eq!(state_after_reset(&api).await, off());
}

#[tokio::test]
async fn an_address_that_was_never_verified_gets_no_way_back() {
    let api = TestApi::new().await;
    api.register("typo@test.com").await;
    enable(&api, "typo@test.com").await;
    let links: Vec<_> = api.mails_to("typo@test.com").await.into_iter().map(|mail| mail.link).collect();
    assert_eq!((links.len(), links[0].contains("/email-verification?")), (1, true), "{links:?}");
}

#[tokio::test]
async fn the_way_back_reserves_no_address() {
    let api = TestApi::new().await;
    let (owner, _) = enable(&api, USER).await;
    let path = format!("/v1/user/users/{}", api.user_id(&owner.access).await);
    let deleted = api.request(Method::DELETE, &path).bearer(&owner.access).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    api.register(USER).await;
}
