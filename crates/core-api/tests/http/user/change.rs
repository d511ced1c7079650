//! `PATCH /v1/user/users/{id}`.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{ADMIN, Answer, PASSWORD, TestApi, Tokens, USER};

struct People {
    api: TestApi,
    user: Tokens,
    user_id: String,
    admin: Tokens,
    admin_id: String,
}

impl People {
    async fn new() -> Self {
        let api = TestApi::new().await;
        let (user, admin) = (api.sign_in(USER, PASSWORD).await, api.sign_in(ADMIN, PASSWORD).await);
        let user_id = api.user_id(&user.access).await;
        let admin_id = api.user_id(&admin.access).await;
        Self { api, user, user_id, admin, admin_id }
    }

    async fn change(&self, id: &str, access: &str, body: &Value) -> Answer {
        let path = format!("/v1/user/users/{id}");
        self.api.request(http::Method::PATCH, &path).bearer(access).json(body).send().await
    }
}

#[tokio::test]
async fn a_new_address_waits_until_it_is_verified() {
    let people = People::new().await;
    let api = &people.api;
    api.clock.advance(Duration::from_secs(5));
    let answer =
        people.change(&people.user_id, &people.user.access, &json!({ "email": "New@Test.com" })).await;
    assert_eq!(answer.status, StatusCode::OK);
    let user = answer.json()["item"].clone();
    assert_eq!((&user["email"], &user["unverifiedEmail"]), (&json!(USER), &json!("new@test.com")));
    assert_eq!(user["updatedAt"], "2026-11-21T10:48:57.360Z");
    api.sign_in(USER, PASSWORD).await;

    let token = api.mailed_token("new@test.com").await;
    api.verify(&token).await;
    let user = api.user(&people.user.access).await;
    assert_eq!((&user["email"], user.get("unverifiedEmail")), (&json!("new@test.com"), None));
    let old = json!({ "email": USER, "password": PASSWORD });
    api.tokens(&old).await.assert_error(401, "Invalid credentials", "Unauthorized");
    api.sign_in("new@test.com", PASSWORD).await;
}

#[tokio::test]
async fn the_same_address_again_sends_the_e_mail_again() {
    let api = TestApi::new().await;
    let tokens = api.register("new@test.com").await;
    let id = api.user_id(&tokens.access).await;
    let user = api.patch_user(&id, &tokens.access, &json!({ "email": "new@test.com" })).await;
    assert_eq!(user["unverifiedEmail"], "new@test.com");
    assert_eq!(api.mails_to("new@test.com").await.len(), 2);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_taken_whatever_its_case() {
    let people = People::new().await;
    let answer =
        people.change(&people.user_id, &people.user.access, &json!({ "email": "Admin@test.com" })).await;
    answer.assert_error(409, "A user with this email already exists", "Conflict");
    assert_eq!(people.api.user(&people.user.access).await.get("unverifiedEmail"), None);
}

#[tokio::test]
async fn a_new_password_ends_the_other_families_and_keeps_the_asking_one() {
    let people = People::new().await;
    let api = &people.api;
    let other = api.sign_in(USER, PASSWORD).await;
    let body = json!({ "password": "a new password" });
    let answer = people.change(&people.user_id, &people.user.access, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    api.refresh(USER, &other.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.refresh(USER, &people.user.refresh).await.status, StatusCode::CREATED);
    assert_eq!(api.refresh(ADMIN, &people.admin.refresh).await.status, StatusCode::CREATED);
    let old = json!({ "email": USER, "password": PASSWORD });
    api.tokens(&old).await.assert_error(401, "Invalid credentials", "Unauthorized");
    api.sign_in(USER, "a new password").await;
    assert_eq!(api.api.stats().families_revoked, 1);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_every_family_of_the_person() {
    let people = People::new().await;
    let body = json!({ "password": "a new password" });
    let answer = people.change(&people.user_id, &people.admin.access, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(people.api.refresh(USER, &people.user.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(people.api.refresh(ADMIN, &people.admin.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_new_password_has_8_characters_at_least() {
    let people = People::new().await;
    let answer = people.change(&people.user_id, &people.user.access, &json!({ "password": "1234567" })).await;
    let message = "Password must be at least 8 characters";
    assert_eq!(answer.issues(), [("password".into(), message.into(), "too_small".into())]);
}

#[tokio::test]
async fn roles_are_for_administrators_to_change() {
    let people = People::new().await;
    let roles = json!({ "roles": ["ADMIN"] });
    let answer = people.change(&people.user_id, &people.user.access, &roles).await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    let answer = people.change(&people.user_id, &people.admin.access, &roles).await;
    assert_eq!(answer.json()["item"]["roles"], json!(["ADMIN"]));
    let answer = people.change(&people.admin_id, &people.user.access, &json!({ "roles": [] })).await;
    assert_eq!(answer.json()["item"]["roles"], json!([]), "the new administrator can, at once");
}

#[tokio::test]
async fn somebody_else_is_out_of_reach() {
    let people = People::new().await;
    let body = json!({ "password": "a new password" });
    let answer = people.change(&people.admin_id, &people.user.access, &body).await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    people.api.sign_in(ADMIN, PASSWORD).await;
}

#[tokio::test]
async fn a_person_who_is_not_there_is_not_found() {
    let people = People::new().await;
    let id = "2f1c1df2-0c5a-4d9c-9d5e-0f7a4f1a3c11";
    for body in [json!({}), json!({ "email": "new@test.com" })] {
        let answer = people.change(id, &people.admin.access, &body).await;
        answer.assert_error(404, "Not Found", "Not Found");
    }
}

#[tokio::test]
async fn no_change_changes_nothing() {
    let people = People::new().await;
    let before = people.api.user(&people.user.access).await;
    people.api.clock.advance(Duration::from_secs(5));
    let answer = people.change(&people.user_id, &people.user.access, &json!({ "name": "unknown" })).await;
    assert_eq!(answer.json()["item"], before);
}

/// The `updatedAt` of the person, in quotation marks.
async fn version(people: &People) -> String {
    let user = people.api.user(&people.user.access).await;
    format!("\"{}\"", user["updatedAt"].as_str().unwrap())
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_changed() {
    let people = People::new().await;
    let path = format!("/v1/user/users/{}", people.user_id);
    let send = async |method: http::Method, seen: &str, body: Value| {
        let call = people.api.request(method, &path).bearer(&people.admin.access).header("if-match", seen);
        if body.is_null() { call.send().await } else { call.json(&body).send().await }
    };
    let with_roles = |roles: Value| json!({ "roles": roles });
    let seen = version(&people).await;
    let admin = send(http::Method::PATCH, &seen, with_roles(json!(["ADMIN"]))).await;
    assert_eq!(admin.status, StatusCode::OK);
    // Within the same millisecond.
    assert_ne!(version(&people).await, seen);
    for (method, body) in [(http::Method::PATCH, with_roles(json!([]))), (http::Method::DELETE, Value::Null)]
    {
        let refused = send(method, &seen, body).await;
        refused.assert_error(412, "The person has changed", "Precondition Failed");
        assert_eq!(people.api.user(&people.user.access).await["roles"], json!(["ADMIN"]));
    }
    assert_eq!(send(http::Method::PATCH, "*", with_roles(json!([]))).await.status, StatusCode::OK);
    let seen = version(&people).await;
    assert_eq!(send(http::Method::DELETE, &seen, Value::Null).await.status, StatusCode::NO_CONTENT);
}
