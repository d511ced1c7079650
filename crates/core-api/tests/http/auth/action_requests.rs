//! `/v1/auth/action-requests`: verifying an address.

use std::time::Duration;

use http::StatusCode;
use ironleaf_core_api::{Config, PasswordCost};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{Answer, PASSWORD, TestApi, USER};

async fn create(api: &TestApi, token: &str) -> Answer {
    api.post("/v1/auth/action-requests").json(&json!({ "token": token })).send().await
}

/// The state of a request, once it is done.
async fn outcome(api: &TestApi, created: &Answer) -> Value {
    api.api.settled().await;
    let id = created.json()["item"]["id"].as_str().unwrap().to_owned();
    let answer = api.get(&format!("/v1/auth/action-requests/{id}")).send().await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["item"]["status"].clone()
}

#[tokio::test]
async fn the_token_in_the_link_verifies_the_address() {
    let api = TestApi::new().await;
    let tokens = api.register("new@test.com").await;
    let user = api.user(&tokens.access).await;
    assert_eq!((&user["roles"], &user["unverifiedEmail"]), (&json!([]), &json!("new@test.com")));

    let token = api.mailed_token("new@test.com").await;
    let link = format!("http://127.0.0.1:3000/email-verification?token={token}");
    assert_eq!(api.mails_to("new@test.com").await[0].link, link);
    api.clock.advance(Duration::from_secs(1));
    let answer = create(&api, &token).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let item = answer.json()["item"].clone();
    assert_eq!(item.as_object().unwrap().len(), 3);
    assert_eq!((&item["action"], &item["status"]), (&json!("EMAIL_VERIFICATION"), &json!("PROCESSING")));
    assert_eq!(outcome(&api, &answer).await, "COMPLETED");

    let verified = api.user(&tokens.access).await;
    assert_eq!(verified["roles"], json!(["VERIFIED_USER"]));
    assert_eq!(verified.get("unverifiedEmail"), None);
    assert_eq!(verified["updatedAt"], "2026-11-21T10:48:53.360Z");
}

#[tokio::test]
async fn a_link_opened_twice_completes_twice() {
    let api = TestApi::new().await;
    api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    for _ in 0..2 {
        let answer = create(&api, &token).await;
        assert_eq!(outcome(&api, &answer).await, "COMPLETED");
    }
}

/// A full disk fails in the same way: after the request was accepted, and before anything is decided.
#[tokio::test]
async fn a_request_whose_processing_failed_is_processed_when_somebody_asks_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { password_cost: PasswordCost::FOR_TESTS, ..Config::development(folder.path()) };
    let api = TestApi::with(config).await;
    api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    let file = SqliteConnectOptions::new().filename(folder.path().join("core-api.sqlite3"));
    let mut database = SqliteConnection::connect_with(&file).await.unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'no room'); END";
    database.execute(refuse).await.unwrap();
    let created = create(&api, &token).await;
    assert_eq!(outcome(&api, &created).await, "PROCESSING");

    api.clock.advance(Duration::from_secs(1));
    let id = created.json()["item"]["id"].as_str().unwrap().to_owned();
    let asked = || api.get(&format!("/v1/auth/action-requests/{id}")).send();
    assert_eq!(asked().await.status, StatusCode::INTERNAL_SERVER_ERROR);
    database.execute("DROP TRIGGER refuse").await.unwrap();
    assert_eq!(asked().await.json()["item"]["status"], "COMPLETED");
    assert_eq!(outcome(&api, &created).await, "COMPLETED");
}

#[tokio::test]
async fn anything_but_a_living_token_from_a_link_is_refused_at_once() {
    let api = TestApi::new().await;
    let tokens = api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{message}.{first}{}", &signature[1..]);
    for wrong in ["", " ", "x", "a.b.c", "\u{0}", message, &tokens.access, &tokens.refresh, &tampered] {
        create(&api, wrong).await.assert_error(400, "Invalid token", "Bad Request");
    }
    assert_eq!(api.user(&tokens.access).await["unverifiedEmail"], "new@test.com");
    api.clock.advance(Duration::from_hours(7 * 24));
    create(&api, &token).await.assert_error(400, "Invalid token", "Bad Request");
}

#[tokio::test]
async fn the_token_from_a_link_is_no_bearer() {
    let api = TestApi::new().await;
    api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    api.current(&token).await.assert_error(401, "Unauthorized", "Unauthorized");
}

#[tokio::test]
async fn the_link_of_an_address_that_was_changed_again_fails() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "first@test.com" })).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "second@test.com" })).await;
    let token = api.mailed_token("first@test.com").await;
    let answer = create(&api, &token).await;
    assert_eq!(outcome(&api, &answer).await, "FAILED");
    let token = api.mailed_token("second@test.com").await;
    let answer = create(&api, &token).await;
    assert_eq!(outcome(&api, &answer).await, "COMPLETED");
    assert_eq!(api.user(&tokens.access).await["email"], "second@test.com");
}

#[tokio::test]
async fn an_address_that_somebody_else_registered_meanwhile_fails() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "wanted@test.com" })).await;
    let token = api.mailed_token("wanted@test.com").await;
    api.register("wanted@test.com").await;
    let answer = create(&api, &token).await;
    assert_eq!(outcome(&api, &answer).await, "FAILED");
    assert_eq!(api.user(&tokens.access).await["email"], USER);
}

#[tokio::test]
async fn the_link_of_a_deleted_person_fails() {
    let api = TestApi::new().await;
    let tokens = api.register("new@test.com").await;
    let token = api.mailed_token("new@test.com").await;
    let id = api.user_id(&tokens.access).await;
    let path = format!("/v1/user/users/{id}");
    api.request(http::Method::DELETE, &path).bearer(&tokens.access).send().await;
    let answer = create(&api, &token).await;
    assert_eq!(outcome(&api, &answer).await, "FAILED");
}

#[tokio::test]
async fn an_unknown_request_is_not_found() {
    let api = TestApi::new().await;
    for id in ["2f1c1df2-0c5a-4d9c-9d5e-0f7a4f1a3c11", "x", "%FF"] {
        let answer = api.get(&format!("/v1/auth/action-requests/{id}")).send().await;
        answer.assert_error(404, "Not Found", "Not Found");
    }
}

#[tokio::test]
async fn a_request_without_a_token_is_invalid() {
    let api = TestApi::new().await;
    let answer = api.post("/v1/auth/action-requests").json(&json!({})).send().await;
    let message = "Invalid input: expected string, received undefined";
    assert_eq!(answer.issues(), [("token".into(), message.into(), "invalid_type".into())]);
}
