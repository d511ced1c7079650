//! `GET /v1/auth/jwks`.

use http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::Value;

use crate::support::{PASSWORD, TestApi, USER, jwt_parts};

#[tokio::test]
async fn an_access_token_verifies_with_the_published_key_of_its_key_id() {
    let api = TestApi::new().await;
    let answer = api.get("/v1/auth/jwks").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    let keys: JwkSet = serde_json::from_slice(&answer.bytes).unwrap();
    assert!(answer.json()["keys"][0].get("d").is_none(), "the private key stays private");

    let access = api.sign_in(USER, PASSWORD).await.access;
    let (header, claims) = jwt_parts(&access);
    let key = keys.find(header["kid"].as_str().unwrap()).expect("the key");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    let verified =
        jsonwebtoken::decode::<Value>(&access, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap();
    assert_eq!(verified.claims, claims);
}

#[tokio::test]
async fn two_installations_have_two_keys() {
    let (one, two) = (TestApi::new().await, TestApi::new().await);
    let access = one.sign_in(USER, PASSWORD).await.access;
    two.current(&access).await.assert_error(401, "Unauthorized", "Unauthorized");
}
