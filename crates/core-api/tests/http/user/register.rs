//! `POST /v1/user/users`.

use http::StatusCode;
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, TestApi, USER};

#[tokio::test]
async fn registering_gives_an_unverified_person_and_sends_an_e_mail() {
    let api = TestApi::new().await;
    let body = json!({ "email": "New@Test.com", "password": PASSWORD });
    let answer = api.post("/v1/user/users").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let user = &answer.json()["item"];
    let id: uuid::Uuid = user["id"].as_str().unwrap().parse().unwrap();
    let now = "2026-11-21T10:48:52.360Z";
    let expected = json!({
        "id": id, "email": "new@test.com", "roles": [], "createdAt": now, "updatedAt": now,
        "unverifiedEmail": "new@test.com",
    });
    assert_eq!(user, &expected);
    assert_eq!(api.mails_to("new@test.com").await.len(), 1);
    api.sign_in("new@test.com", PASSWORD).await;
}

#[tokio::test]
async fn any_password_of_8_characters_or_more_is_kept_exactly() {
    let api = TestApi::new().await;
    let long = "long ".repeat(50);
    for (number, password) in ["12345678", " spaces ", "ünïcödé✓", &long].into_iter().enumerate() {
        let email = format!("person{number}@test.com");
        let body = json!({ "email": email, "password": password });
        assert_eq!(api.post("/v1/user/users").json(&body).send().await.status, StatusCode::CREATED);
        api.sign_in(&email, password).await;
        let trimmed = json!({ "email": email, "password": format!("{password} ") });
        assert_eq!(api.tokens(&trimmed).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_address_is_registered_once_whatever_its_case() {
    let api = TestApi::new().await;
    for email in [USER, "USER@TEST.COM"] {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = api.post("/v1/user/users").json(&body).send().await;
        answer.assert_error(409, "A user with this email already exists", "Conflict");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_10_registrations_of_one_address_at_once_one_succeeds() {
    let api = TestApi::new().await;
    let registrations: Vec<_> = (0..10)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move {
                let body = json!({ "email": "new@test.com", "password": PASSWORD });
                api.post("/v1/user/users").json(&body).send().await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for registration in registrations {
        statuses.push(registration.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 9][..]].concat());
}

#[tokio::test]
async fn only_an_administrator_registers_somebody_without_a_password() {
    let api = TestApi::new().await;
    let body = json!({ "email": "new@test.com" });
    let answer = api.post("/v1/user/users").json(&body).send().await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    let user = api.sign_in(USER, PASSWORD).await.access;
    let answer = api.post("/v1/user/users").bearer(&user).json(&body).send().await;
    answer.assert_error(403, "Forbidden", "Forbidden");
    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    let answer = api.post("/v1/user/users").bearer(&admin).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(api.mails_to("new@test.com").await.len(), 1);

    let guess = json!({ "email": "new@test.com", "password": PASSWORD });
    api.tokens(&guess).await.assert_error(401, "Invalid credentials", "Unauthorized");
    api.tokens(&body).await;
    let token = api.mailed_token("new@test.com").await;
    assert_eq!(api.refresh("new@test.com", &token).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_bad_bearer_is_refused_even_where_none_is_needed() {
    let api = TestApi::new().await;
    let body = json!({ "email": "new@test.com", "password": PASSWORD });
    let answer = api.post("/v1/user/users").bearer("x").json(&body).send().await;
    answer.assert_error(401, "Unauthorized", "Unauthorized");
}
