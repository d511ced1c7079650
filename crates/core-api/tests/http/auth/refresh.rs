//! `POST /v1/auth/tokens` with a refresh token: rotation.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, TestApi, USER, jwt_parts};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_refresh_gives_a_new_pair_of_the_same_family() {
    let api = TestApi::new().await;
    let first = api.sign_in(USER, PASSWORD).await;
    let answer = api.refresh(USER, &first.refresh).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("idempotent-refresh"), "true");
    assert_eq!(answer.json()["item"]["ttlSeconds"], 1200);
    let second = answer.into_tokens();
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(jwt_parts(&first.access).1["fam"], jwt_parts(&second.access).1["fam"]);
    assert_eq!(api.refresh(USER, &second.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_used_token_is_refused_and_its_family_ends() {
    let api = TestApi::new().await;
    let other = api.sign_in(USER, PASSWORD).await;
    let first = api.sign_in(USER, PASSWORD).await;
    let second = api.refresh(USER, &first.refresh).await.into_tokens();
    for token in [&first.refresh, &second.refresh, &first.refresh] {
        let answer = api.refresh(USER, token).await;
        answer.assert_error(401, "Invalid credentials", "Unauthorized");
    }
    assert_eq!(api.current(&second.access).await.status, StatusCode::OK, "issued access tokens live on");
    assert_eq!(
        api.refresh(USER, &other.refresh).await.status,
        StatusCode::CREATED,
        "another family lives on"
    );
    let stats = api.api.stats();
    assert_eq!((stats.refreshes_accepted, stats.refreshes_refused, stats.families_revoked), (2, 3, 1));
}

#[tokio::test]
async fn a_used_token_that_has_expired_since_still_ends_its_family() {
    let api = TestApi::new().await;
    let first = api.sign_in(USER, PASSWORD).await;
    api.clock.advance(6 * DAY);
    let second = api.refresh(USER, &first.refresh).await.into_tokens();
    api.clock.advance(2 * DAY);
    for token in [&first.refresh, &second.refresh] {
        api.refresh(USER, token).await.assert_error(401, "Invalid credentials", "Unauthorized");
    }
    assert_eq!(api.api.stats().families_revoked, 1);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    api.clock.advance(7 * DAY);
    api.refresh(USER, &tokens.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.api.stats().families_revoked, 0);
}

#[tokio::test]
async fn the_token_of_somebody_else_is_refused_and_not_consumed() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    for email in [ADMIN, "nobody@test.com"] {
        api.refresh(email, &tokens.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
    }
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_made_up_token_is_refused() {
    let api = TestApi::new().await;
    for token in ["x", "00000000-0000-4000-8000-000000000000", "\u{0}", &"x".repeat(10_000)] {
        api.refresh(USER, token).await.assert_error(401, "Invalid credentials", "Unauthorized");
    }
    assert_eq!(api.api.stats().refreshes_refused, 4);
}

#[tokio::test]
async fn a_verified_change_of_address_asks_for_the_new_one_and_keeps_the_token() {
    let api = TestApi::new().await;
    let tokens = api.register("old@test.com").await;
    let id = api.user_id(&tokens.access).await;
    let change = json!({ "email": "new@test.com" });
    api.patch_user(&id, &tokens.access, &change).await;
    let token = api.mailed_token("new@test.com").await;
    api.verify(&token).await;

    let answer = api.refresh("old@test.com", &tokens.refresh).await;
    answer.assert_error(401, "Invalid credentials", "Unauthorized");
    let refreshed = api.refresh("new@test.com", &tokens.refresh).await.into_tokens();
    assert_eq!(jwt_parts(&refreshed.access).1["email"], "new@test.com");
}

#[tokio::test]
async fn a_role_that_is_missing_refuses_and_does_not_consume() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let body = json!({ "email": USER, "refreshToken": tokens.refresh, "role": "ADMIN" });
    api.tokens(&body).await.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn invalidate_tokens_ends_every_family_but_the_one_that_refreshes() {
    let api = TestApi::new().await;
    let other = api.sign_in(USER, PASSWORD).await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let body = json!({ "email": USER, "refreshToken": tokens.refresh, "invalidateTokens": true });
    let next = api.tokens(&body).await.into_tokens();
    assert_eq!(api.refresh(USER, &other.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.refresh(USER, &next.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_20_refreshes_at_once_one_is_accepted_and_the_family_ends() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let refreshes: Vec<_> = (0..20)
        .map(|_| {
            let (api, token) = (api.clone(), tokens.refresh.clone());
            tokio::spawn(async move { api.refresh(USER, &token).await })
        })
        .collect();
    let mut accepted = Vec::new();
    for refresh in refreshes {
        let answer = refresh.await.unwrap();
        if answer.status == StatusCode::CREATED {
            accepted.push(answer.into_tokens());
        } else {
            answer.assert_error(401, "Invalid credentials", "Unauthorized");
        }
    }
    assert_eq!(accepted.len(), 1);
    let stats = api.api.stats();
    assert_eq!((stats.refreshes_accepted, stats.refreshes_refused, stats.families_revoked), (1, 19, 1));
    assert_eq!(api.refresh(USER, &accepted[0].refresh).await.status, StatusCode::UNAUTHORIZED);
}
