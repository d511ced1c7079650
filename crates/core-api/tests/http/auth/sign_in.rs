//! `POST /v1/auth/tokens` with a password.

use std::time::Duration;

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::json;

use crate::support::{ADMIN, PASSWORD, TestApi, USER, jwt_parts};

#[tokio::test]
async fn a_password_gives_a_pair_of_tokens() {
    let api = TestApi::new().await;
    let answer = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("idempotent-refresh"), "true");
    assert_eq!(answer.header("cache-control"), "no-store");
    let item = &answer.json()["item"];
    assert_eq!(item.as_object().unwrap().len(), 4, "{item}");
    assert_eq!(item["ttlSeconds"], 1200);
    assert_eq!(item["expiresAt"], "2026-11-21T11:08:52.000Z");
    let refresh: uuid::Uuid = item["refreshToken"].as_str().unwrap().parse().unwrap();
    assert_eq!(refresh.get_version_num(), 4);
    assert_eq!(api.user(item["accessToken"].as_str().unwrap()).await["email"], USER);
}

#[tokio::test]
async fn an_access_token_carries_the_claims_of_the_contract() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(ADMIN, PASSWORD).await;
    let (header, claims) = jwt_parts(&tokens.access);
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("EdDSA"), Some("JWT")));
    let user = api.user(&tokens.access).await;
    let family: uuid::Uuid = claims["fam"].as_str().unwrap().parse().unwrap();
    let expected = json!({
        "sub": user["id"], "email": ADMIN, "iat": 1_795_258_132, "exp": 1_795_259_332, "fam": family,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn access_tokens_of_one_family_minted_in_one_second_are_identical() {
    let api = TestApi::new().await;
    let first = api.sign_in(USER, PASSWORD).await;
    let second = api.refresh(USER, &first.refresh).await.into_tokens();
    assert_eq!(first.access, second.access);
    api.clock.advance(Duration::from_secs(1));
    let third = api.refresh(USER, &second.refresh).await.into_tokens();
    assert_ne!(second.access, third.access);
}

#[tokio::test]
async fn the_case_of_an_address_makes_no_difference() {
    let api = TestApi::new().await;
    let tokens = api.sign_in("User@TEST.com", PASSWORD).await;
    assert_eq!(jwt_parts(&tokens.access).1["email"], USER);
    assert_eq!(api.refresh("USER@test.com", &tokens.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_wrong_password_is_refused_whatever_its_length() {
    let api = TestApi::new().await;
    for password in ["x", "password2", "PASSWORD1", " password1", &"x".repeat(10_000)] {
        let answer = api.tokens(&json!({ "email": USER, "password": password })).await;
        answer.assert_error(401, "Invalid credentials", "Unauthorized");
    }
}

#[tokio::test]
async fn an_unknown_address_is_refused_like_a_wrong_password() {
    let api = TestApi::new().await;
    let unknown = api.tokens(&json!({ "email": "nobody@test.com", "password": PASSWORD })).await;
    let wrong = api.tokens(&json!({ "email": USER, "password": "password2" })).await;
    assert_eq!((unknown.status, unknown.bytes), (wrong.status, wrong.bytes));
}

#[tokio::test]
async fn a_role_admits_only_those_who_have_it() {
    let api = TestApi::new().await;
    let admin = |email: &str| json!({ "email": email, "password": PASSWORD, "role": "ADMIN" });
    assert_eq!(api.tokens(&admin(ADMIN)).await.status, StatusCode::CREATED);
    api.tokens(&admin(USER)).await.assert_error(401, "Invalid credentials", "Unauthorized");
    let verified = json!({ "email": USER, "password": PASSWORD, "role": "VERIFIED_USER" });
    assert_eq!(api.tokens(&verified).await.status, StatusCode::CREATED);
    assert_eq!(api.api.stats().sign_ins, 2);
}

#[tokio::test]
async fn invalidate_tokens_ends_every_other_family() {
    let api = TestApi::new().await;
    let before = [api.sign_in(USER, PASSWORD).await, api.sign_in(USER, PASSWORD).await];
    let stranger = api.sign_in(ADMIN, PASSWORD).await;
    let body = json!({ "email": USER, "password": PASSWORD, "invalidateTokens": true });
    let tokens = api.tokens(&body).await.into_tokens();
    for ended in &before {
        let answer = api.refresh(USER, &ended.refresh).await;
        answer.assert_error(401, "Invalid credentials", "Unauthorized");
        assert_eq!(api.current(&ended.access).await.status, StatusCode::OK, "issued access tokens live on");
    }
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
    assert_eq!(api.refresh(ADMIN, &stranger.refresh).await.status, StatusCode::CREATED);
    assert_eq!(api.api.stats().families_revoked, 2);
}

#[tokio::test]
async fn a_mark_is_found_in_every_token() {
    let mark = "LEAKMARK42";
    let api = TestApi::with(Config { token_mark: Some(mark.to_owned()), ..Config::in_memory() }).await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let patterns = ironleaf_core_api::leak_patterns(mark);
    for token in [&tokens.access, &tokens.refresh] {
        assert!(patterns.iter().any(|pattern| token.contains(pattern)), "{token}");
    }
    assert_eq!(api.user(&tokens.access).await["email"], USER);
    assert_eq!(api.refresh(USER, &tokens.refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn lives_are_configurable_down_to_a_second() {
    let config = Config {
        access_token_ttl: Duration::from_secs(1),
        refresh_token_ttl: Duration::from_secs(2),
        ..Config::in_memory()
    };
    let api = TestApi::with(config).await;
    let answer = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    assert_eq!(answer.json()["item"]["ttlSeconds"], 1);
    assert_eq!(answer.json()["item"]["expiresAt"], "2026-11-21T10:48:53.000Z");
    let tokens = answer.into_tokens();
    assert_eq!(api.current(&tokens.access).await.status, StatusCode::OK);
    api.clock.advance(Duration::from_secs(1));
    api.current(&tokens.access).await.assert_error(401, "Unauthorized", "Unauthorized");
    api.clock.advance(Duration::from_secs(1));
    api.refresh(USER, &tokens.refresh).await.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn more_sign_ins_than_turns_at_once_all_succeed() {
    let api = TestApi::with(Config { concurrent_hashes: 1, ..Config::in_memory() }).await;
    let sign_ins: Vec<_> = (0..10)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move { api.sign_in(USER, PASSWORD).await })
        })
        .collect();
    for sign_in in sign_ins {
        sign_in.await.unwrap();
    }
    assert_eq!(api.api.stats().sign_ins, 10);
}
