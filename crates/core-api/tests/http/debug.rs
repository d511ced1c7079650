//! `GET /v1/debug/stats` and `GET /v1/health`.

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::json;

use crate::support::{PASSWORD, TestApi, USER};

#[tokio::test]
async fn it_is_healthy() {
    let api = TestApi::new().await;
    let answer = api.get("/v1/health").send().await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "ok": true })));
}

#[tokio::test]
async fn the_counters_count() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    for _ in 0..2 {
        api.refresh(USER, &tokens.refresh).await;
    }
    let expected =
        json!({ "signIns": 1, "refreshesAccepted": 1, "refreshesRefused": 1, "familiesRevoked": 1 });
    assert_eq!(api.get("/v1/debug/stats").send().await.json(), expected);
}

#[tokio::test]
async fn outside_of_development_nobody_is_seeded_and_nothing_is_shown() {
    let api = TestApi::with(Config { development: false, ..Config::in_memory() }).await;
    for path in ["/v1/debug/stats", "/outbox", "/outbox/1"] {
        api.get(path).send().await.assert_error(404, "Not Found", "Not Found");
    }
    let body = json!({ "email": USER, "password": PASSWORD });
    api.tokens(&body).await.assert_error(401, "Invalid credentials", "Unauthorized");
    api.register("new@test.com").await;
    let home = api.get("/").send().await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(!home.text().contains("outbox"));
}
