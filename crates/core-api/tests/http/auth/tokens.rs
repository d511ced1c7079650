//! `POST /v1/auth/tokens`: signing in.

use http::StatusCode;
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
    assert_eq!(
        api.user(item["accessToken"].as_str().unwrap()).await["email"],
        USER
    );
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_pair() {
    let api = TestApi::new().await;
    let first = api.sign_in(USER, PASSWORD).await;
    let answer = api.refresh(USER, &first.refresh).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("idempotent-refresh"), "true");
    let second = answer.into_tokens();
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(
        api.refresh(USER, &second.refresh).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn an_access_token_carries_the_claims_of_the_contract() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(ADMIN, PASSWORD).await;
    let (header, claims) = jwt_parts(&tokens.access);
    assert_eq!(
        (header["alg"].as_str(), header["typ"].as_str()),
        (Some("EdDSA"), Some("JWT"))
    );
    let user = api.user(&tokens.access).await;
    let family: uuid::Uuid = claims["fam"].as_str().unwrap().parse().unwrap();
    let expected = json!({
        "sub": user["id"], "email": ADMIN, "iat": 1_795_258_132, "exp": 1_795_259_332, "fam": family,
    });
    assert_eq!(claims, expected);
}
