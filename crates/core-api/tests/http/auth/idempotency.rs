//! `POST /v1/auth/tokens` with a refresh token and an `Idempotency-Key`.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApi, USER};

const MINUTE: Duration = Duration::from_mins(1);

async fn refresh(api: &TestApi, token: &str, key: &str) -> Answer {
    let body = json!({ "email": USER, "refreshToken": token });
    api.post("/v1/auth/tokens").header("idempotency-key", key).json(&body).send().await
}

#[tokio::test]
async fn the_same_token_and_key_give_the_very_same_pair() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let first = refresh(&api, &tokens.refresh, "key-1").await;
    let second = refresh(&api, &tokens.refresh, "key-1").await;
    assert_eq!((first.status, &first.bytes), (StatusCode::CREATED, &second.bytes));
    api.clock.advance(9 * MINUTE);
    let third = refresh(&api, &tokens.refresh, "key-1").await;
    let (first_item, third_item) = (first.json()["item"].clone(), third.json()["item"].clone());
    assert_eq!(first_item["expiresAt"], third_item["expiresAt"]);
    assert_eq!((&first_item["ttlSeconds"], &third_item["ttlSeconds"]), (&json!(1200), &json!(660)));

    let next = third.into_tokens();
    assert_eq!(first.into_tokens(), next);
    assert_eq!(api.current(&next.access).await.status, StatusCode::OK);
    assert_eq!(api.refresh(USER, &next.refresh).await.status, StatusCode::CREATED);
    assert_eq!(api.api.stats().families_revoked, 0);
}

#[tokio::test]
async fn the_answer_is_repeated_even_after_its_token_was_used() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let first = refresh(&api, &tokens.refresh, "key-1").await.into_tokens();
    let successor = refresh(&api, &first.refresh, "key-2").await.into_tokens();
    assert_eq!(refresh(&api, &tokens.refresh, "key-1").await.into_tokens(), first);
    assert_eq!(refresh(&api, &successor.refresh, "key-3").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn after_10_minutes_it_is_a_reuse() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let next = refresh(&api, &tokens.refresh, "key-1").await.into_tokens();
    api.clock.advance(10 * MINUTE);
    let answer = refresh(&api, &tokens.refresh, "key-1").await;
    answer.assert_error(401, "Invalid credentials", "Unauthorized");
    assert_eq!(api.refresh(USER, &next.refresh).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.api.stats().families_revoked, 1);
}

#[tokio::test]
async fn another_key_or_none_is_a_reuse() {
    for key in [Some("key-2"), None] {
        let api = TestApi::new().await;
        let tokens = api.sign_in(USER, PASSWORD).await;
        let next = refresh(&api, &tokens.refresh, "key-1").await.into_tokens();
        let answer = match key {
            Some(key) => refresh(&api, &tokens.refresh, key).await,
            None => api.refresh(USER, &tokens.refresh).await,
        };
        answer.assert_error(401, "Invalid credentials", "Unauthorized");
        assert_eq!(api.refresh(USER, &next.refresh).await.status, StatusCode::UNAUTHORIZED);
        let repeated = refresh(&api, &tokens.refresh, "key-1").await;
        assert_eq!(repeated.status, StatusCode::UNAUTHORIZED, "a dead family repeats nothing");
    }
}

#[tokio::test]
async fn a_key_on_the_second_presentation_only_is_a_reuse() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
    assert_eq!(refresh(&api, &tokens.refresh, "key-1").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(api.api.stats().families_revoked, 1);
}

#[tokio::test]
async fn one_key_with_two_tokens_gives_two_pairs() {
    let api = TestApi::new().await;
    let (one, two) = (api.sign_in(USER, PASSWORD).await, api.sign_in(USER, PASSWORD).await);
    let one = refresh(&api, &one.refresh, "key-1").await.into_tokens();
    let two = refresh(&api, &two.refresh, "key-1").await.into_tokens();
    assert_ne!(one.refresh, two.refresh);
}

#[tokio::test]
async fn a_repeated_answer_keeps_the_address_it_was_given_with() {
    let api = TestApi::new().await;
    let tokens = api.register("old@test.com").await;
    let keyed = |email: &str| json!({ "email": email, "refreshToken": tokens.refresh });
    let call = |email: &str| api.post("/v1/auth/tokens").header("idempotency-key", "k").json(&keyed(email));
    let first = call("old@test.com").send().await;

    let id = api.user_id(&tokens.access).await;
    api.patch_user(&id, &tokens.access, &json!({ "email": "new@test.com" })).await;
    let token = api.mailed_token("new@test.com").await;
    api.verify(&token).await;
    assert_eq!(call("new@test.com").send().await.bytes, first.bytes);
}

#[tokio::test]
async fn a_key_is_short_and_visible() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    for key in ["", "two words", &"k".repeat(256)] {
        let answer = refresh(&api, &tokens.refresh, key).await;
        assert_eq!(answer.issues()[0].0, "Idempotency-Key");
    }
    assert_eq!(refresh(&api, &tokens.refresh, &"k".repeat(255)).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_20_refreshes_at_once_with_one_key_all_give_the_same_pair() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let refreshes: Vec<_> = (0..20)
        .map(|_| {
            let (api, token) = (api.clone(), tokens.refresh.clone());
            tokio::spawn(async move { refresh(&api, &token, "key-1").await })
        })
        .collect();
    let mut pairs = Vec::new();
    for refresh in refreshes {
        pairs.push(refresh.await.unwrap().into_tokens());
    }
    pairs.dedup();
    assert_eq!(pairs.len(), 1);
    let stats = api.api.stats();
    assert_eq!((stats.refreshes_accepted, stats.refreshes_refused, stats.families_revoked), (20, 0, 0));
    assert_eq!(api.refresh(USER, &pairs[0].refresh).await.status, StatusCode::CREATED);
}
