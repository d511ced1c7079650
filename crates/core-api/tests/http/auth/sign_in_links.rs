//! `POST /v1/auth/sign-in-links`.

use std::time::Duration;

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApi, USER};

async fn ask(api: &TestApi, body: &Value) -> Answer {
    api.post("/v1/auth/sign-in-links").json(body).send().await
}

#[tokio::test]
async fn every_address_is_told_to_check_its_e_mail() {
    let api = TestApi::new().await;
    for email in [USER, "nobody@test.com"] {
        let answer = ask(&api, &json!({ "email": email })).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert_eq!(answer.json(), json!({ "item": { "action": "CHECK_EMAIL" } }));
    }
    assert_eq!(api.mails_to(USER).await.len(), 1);
    assert_eq!(api.mails_to("nobody@test.com").await.len(), 0);
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let api = TestApi::new().await;
    for body in [json!({}), json!({ "email": "nonsense" }), json!({ "email": 1 })] {
        assert_eq!(ask(&api, &body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn the_e_mail_is_about_signing_in_and_not_about_a_password() {
    let config = Config { public_origin: "https://app.example.com".to_owned(), ..Config::in_memory() };
    let api = TestApi::with(config).await;
    ask(&api, &json!({ "email": "USER@test.com" })).await;
    let token = api.mailed_token(USER).await;
    let mail = api.mails_to(USER).await.remove(0);
    assert_eq!(mail.link, format!("https://app.example.com/login?email=user%40test.com&token={token}"));
    assert!(mail.subject.starts_with("Your login link"), "{}", mail.subject);
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("The link is good for 1 hour.") && !part.contains("password"), "{part}");
    }
}

#[tokio::test]
async fn the_token_in_the_link_signs_in_once_and_leaves_the_rest_alone() {
    let api = TestApi::new().await;
    let elsewhere = api.sign_in(USER, PASSWORD).await;
    ask(&api, &json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    let tokens = api.refresh(USER, &token).await.into_tokens();
    assert_eq!(api.user(&tokens.access).await["email"], USER);
    api.refresh(USER, &token).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.refresh(USER, &elsewhere.refresh).await.status, StatusCode::CREATED);
    api.sign_in(USER, PASSWORD).await;
}

#[tokio::test]
async fn the_link_lives_for_an_hour() {
    let api = TestApi::new().await;
    ask(&api, &json!({ "email": USER })).await;
    let token = api.mailed_token(USER).await;
    api.clock.advance(Duration::from_hours(1));
    api.refresh(USER, &token).await.assert_error(401, "Invalid credentials", "Unauthorized");
}
