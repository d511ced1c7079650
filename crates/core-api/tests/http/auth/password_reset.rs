//! `POST /v1/auth/tokens` with only an e-mail address.

use std::time::Duration;

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::json;

use crate::support::{PASSWORD, TestApi, USER};

#[tokio::test]
async fn every_address_is_told_to_check_its_e_mail() {
    let api = TestApi::new().await;
    for body in [
        json!({ "email": USER }),
        json!({ "email": USER, "password": "" }),
        json!({ "email": USER, "refreshToken": "" }),
        json!({ "email": "nobody@test.com" }),
    ] {
        let answer = api.tokens(&body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.json(), json!({ "item": { "action": "CHECK_EMAIL" } }));
    }
    assert_eq!(api.mails_to(USER).await.len(), 3);
    assert_eq!(api.mails_to("nobody@test.com").await.len(), 0);
}

#[tokio::test]
async fn the_link_leads_to_the_web_application() {
    let config = Config { public_origin: "https://app.example.com".to_owned(), ..Config::in_memory() };
    let api = TestApi::with(config).await;
    api.tokens(&json!({ "email": "USER@test.com" })).await;
    let token = api.mailed_token(USER).await;
    let mails = api.mails_to(USER).await;
    let link = format!("https://app.example.com/login?email=user%40test.com&token={token}&action=password");
    assert_eq!(mails[0].link, link);
    assert!(mails[0].text.contains(&link));
    assert!(mails[0].html.contains(&link.replace('&', "&amp;")));
}

#[tokio::test]
async fn the_token_in_the_link_signs_in_once() {
    let api = TestApi::new().await;
    let elsewhere = api.sign_in(USER, PASSWORD).await;
    api.tokens(&json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    let tokens = api.refresh(USER, &token).await.into_tokens();
    assert_eq!(api.user(&tokens.access).await["email"], USER);

    api.refresh(USER, &token).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        api.refresh(USER, &elsewhere.refresh).await.status,
        StatusCode::CREATED,
        "a family of its own"
    );
}

#[tokio::test]
async fn a_new_password_set_by_the_link_ends_what_was_before_it() {
    let api = TestApi::new().await;
    let before = api.sign_in(USER, PASSWORD).await;
    api.tokens(&json!({ "email": USER })).await;
    let unused = api.mailed_token(USER).await;
    api.clock.advance(Duration::from_secs(1));
    api.tokens(&json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    assert_ne!(unused, token);

    let tokens = api.refresh(USER, &token).await.into_tokens();
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "password": "a new password" })).await;
    assert_eq!(api.refresh(USER, &before.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.refresh(USER, &unused).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
    api.sign_in(USER, "a new password").await;
}

#[tokio::test]
async fn the_link_lives_for_an_hour() {
    let api = TestApi::new().await;
    api.tokens(&json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    api.clock.advance(Duration::from_hours(1));
    api.refresh(USER, &token).await.assert_error(401, "Invalid credentials", "Unauthorized");
}
