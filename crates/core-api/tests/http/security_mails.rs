//! The e-mails that tell a person what has happened to their account.

use std::time::Duration;

use http::{Method, StatusCode};
use ironleaf_core_api::Message;
use serde_json::{Value, json};

use crate::support::{ADMIN, PASSWORD, TestApi, Tokens, USER};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
const WHEN: &str = "When: 21 November 2026, 10:48 UTC\n";
const FROM: &str = "From: Firefox on Linux, address 203.0.113.9\n";

/// A call of the application for a person with Firefox at 203.0.113.9.
async fn call(api: &TestApi, method: Method, path: &str, access: &str, body: &Value) -> StatusCode {
    let call = api
        .request(method, path)
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-user-agent", FIREFOX)
        .bearer(access)
        .json(body);
    call.send().await.status
}

async fn sign_in_from(api: &TestApi, device: &str) -> Tokens {
    let body = json!({ "email": USER, "password": PASSWORD });
    let call = api
        .post("/v1/auth/tokens")
        .header("x-device-id", device)
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-user-agent", FIREFOX)
        .json(&body);
    call.send().await.into_tokens()
}

async fn titles(api: &TestApi, email: &str) -> Vec<String> {
    let mails = api.mails_to(email).await;
    mails.into_iter().map(|mail| mail.subject).collect()
}

#[track_caller]
fn assert_says(mail: &Message, what: &str, link: &str) {
    assert_eq!(mail.subject, format!("{what} · Ironleaf"));
    assert_eq!(mail.link, format!("http://127.0.0.1:3000{link}"));
    for said in [what, WHEN, FROM] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    assert!(mail.html.contains("Firefox on Linux, address 203.0.113.9"), "{}", mail.html);
}

#[tokio::test]
async fn a_sign_in_from_a_browser_that_was_not_known_is_told_once() {
    let api = TestApi::new().await;
    sign_in_from(&api, "laptop").await;
    assert_eq!(titles(&api, USER).await, Vec::<String>::new(), "the first one is expected");
    sign_in_from(&api, "phone").await;
    let mails = api.mails_to(USER).await;
    assert_eq!(mails.len(), 1);
    assert_says(&mails[0], "New sign-in to your account", "/reset-password");
    for device in ["laptop", "phone"] {
        sign_in_from(&api, device).await;
    }
    assert_eq!(api.mails_to(USER).await.len(), 1, "both are known now");
}

#[tokio::test]
async fn a_browser_without_an_identifier_is_known_by_its_kind_and_network() {
    let api = TestApi::new().await;
    let sign_in = async |address: &str, user_agent: &str| {
        let body = json!({ "email": USER, "password": PASSWORD });
        let call = api.post("/v1/auth/tokens").json(&body);
        let call = call.header("x-forwarded-for", address).header("x-forwarded-user-agent", user_agent);
        assert_eq!(call.send().await.status, StatusCode::CREATED);
        api.mails_to(USER).await.len()
    };
    assert_eq!(sign_in("203.0.113.9", FIREFOX).await, 0);
    assert_eq!(sign_in("203.0.113.77", &FIREFOX.replace("153", "154")).await, 0);
    assert_eq!(sign_in("198.51.100.1", FIREFOX).await, 1);
    assert_eq!(sign_in("203.0.113.9", "curl/8.5.0").await, 2);
}

#[tokio::test]
async fn a_link_from_an_e_mail_is_a_sign_in_from_its_browser() {
    let api = TestApi::new().await;
    sign_in_from(&api, "laptop").await;
    api.tokens(&json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    let body = json!({ "email": USER, "refreshToken": token });
    let answer = api.post("/v1/auth/tokens").header("x-device-id", "phone").json(&body).send().await;
    let tokens = answer.into_tokens();
    api.refresh(USER, &tokens.refresh).await.into_tokens();
    let titles = titles(&api, USER).await;
    assert_eq!(titles, ["New sign-in to your account · Ironleaf", "Set a new password · Ironleaf"]);
}

#[tokio::test]
async fn nobody_is_flooded_with_e_mails_about_new_browsers() {
    let api = TestApi::new().await;
    for number in 0..60 {
        sign_in_from(&api, &format!("browser {number}")).await;
    }
    assert_eq!(api.mails_to(USER).await.len(), 3);
    api.clock.advance(Duration::from_hours(24));
    for number in 60..70 {
        sign_in_from(&api, &format!("browser {number}")).await;
    }
    assert_eq!(api.mails_to(USER).await.len(), 6);
}

#[tokio::test]
async fn a_browser_is_forgotten_after_half_a_year_or_by_fifty_others() {
    let api = TestApi::new().await;
    sign_in_from(&api, "laptop").await;
    api.clock.advance(Duration::from_hours(179 * 24));
    sign_in_from(&api, "laptop").await;
    assert_eq!(api.mails_to(USER).await.len(), 0);
    api.clock.advance(Duration::from_hours(180 * 24));
    sign_in_from(&api, "laptop").await;
    assert_eq!(api.mails_to(USER).await.len(), 1, "away for too long, but not the first one");
    for number in 0..50 {
        api.clock.advance(Duration::from_hours(24));
        sign_in_from(&api, &format!("browser {number}")).await;
    }
    assert_eq!(api.mails_to(USER).await.len(), 51);
    sign_in_from(&api, "browser 0").await;
    assert_eq!(api.mails_to(USER).await.len(), 51, "one of the latest fifty");
    sign_in_from(&api, "laptop").await;
    assert_eq!(api.mails_to(USER).await.len(), 52);
}

#[tokio::test]
async fn a_new_password_is_told() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let path = format!("/v1/user/users/{}", api.user_id(&tokens.access).await);
    let body = json!({ "password": "a new password" });
    assert_eq!(call(&api, Method::PATCH, &path, &tokens.access, &body).await, StatusCode::OK);
    let mails = api.mails_to(USER).await;
    assert_eq!(mails.len(), 1);
    assert_says(&mails[0], "Your password has been changed", "/reset-password");
    assert!(!mails[0].text.contains("a new password\n"), "{}", mails[0].text);
}

#[tokio::test]
async fn a_password_that_an_administrator_set_is_told_without_their_address() {
    let api = TestApi::new().await;
    let (user, admin) = (api.sign_in(USER, PASSWORD).await, api.sign_in(ADMIN, PASSWORD).await);
    let path = format!("/v1/user/users/{}", api.user_id(&user.access).await);
    let body = json!({ "password": "a new password" });
    assert_eq!(call(&api, Method::PATCH, &path, &admin.access, &body).await, StatusCode::OK);
    let mails = api.mails_to(USER).await;
    assert!(mails[0].text.contains("From: an administrator of this site\n"), "{}", mails[0].text);
    assert!(!mails[0].text.contains("203.0.113.9") && api.mails_to(ADMIN).await.is_empty());
}

#[tokio::test]
async fn a_deleted_account_is_told_to_the_address_that_it_had() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let path = format!("/v1/user/users/{}", api.user_id(&tokens.access).await);
    let deleted = call(&api, Method::DELETE, &path, &tokens.access, &json!({})).await;
    assert_eq!(deleted, StatusCode::NO_CONTENT);
    let mails = api.mails_to(USER).await;
    assert_eq!(mails.len(), 1);
    assert_says(&mails[0], "Your account has been deleted", "/");
}

#[tokio::test]
async fn a_changed_address_is_told_to_the_old_one() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let path = format!("/v1/user/users/{}", api.user_id(&tokens.access).await);
    let body = json!({ "email": "new@test.com" });
    assert_eq!(call(&api, Method::PATCH, &path, &tokens.access, &body).await, StatusCode::OK);
    assert!(api.mails_to(USER).await.is_empty(), "it has not changed yet");
    let token = api.mailed_token("new@test.com").await;
    let body = json!({ "token": token });
    let accepted = call(&api, Method::POST, "/v1/auth/action-requests", "", &body).await;
    assert_eq!(accepted, StatusCode::ACCEPTED);
    let mails = api.mails_to(USER).await;
    assert_eq!(mails.len(), 1);
    let back = api.mailed_token(USER).await;
    assert_says(&mails[0], "Your e-mail address has been changed", &format!("/restore-address?token={back}"));
    assert!(!mails[0].text.contains("new@test.com"), "the new address is not the old mailbox's to know");
}

#[tokio::test]
async fn an_address_that_was_never_verified_gets_none_of_them() {
    let api = TestApi::new().await;
    let tokens = api.register("typo@test.com").await;
    let id = api.user_id(&tokens.access).await;
    let body = json!({ "email": "typo@test.com", "password": PASSWORD });
    api.post("/v1/auth/tokens").header("x-device-id", "another").json(&body).send().await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "a new password" })).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "right@test.com" })).await;
    api.verify(&api.mailed_token("right@test.com").await).await;
    assert_eq!(titles(&api, "typo@test.com").await, ["Verify your e-mail address · Ironleaf"]);
}
