//! The error table of the contract, row by row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Method, StatusCode};
use ironleaf_core_api::{Config, system_random};
use serde_json::json;

use crate::support::{ADMIN, Answer, PASSWORD, TestApi, USER};

#[tokio::test]
async fn wrong_credentials_of_any_kind_are_401_invalid_credentials() {
    let api = TestApi::new().await;
    let used = api.sign_in(USER, PASSWORD).await.refresh;
    api.refresh(USER, &used).await;
    let somebody_elses = api.sign_in(ADMIN, PASSWORD).await.refresh;
    let expired = api.sign_in(USER, PASSWORD).await.refresh;
    let check = async |body: serde_json::Value| {
        api.tokens(&body).await.assert_error(401, "Invalid credentials", "Unauthorized");
    };
    check(json!({ "email": USER, "password": "wrong password" })).await;
    check(json!({ "email": "nobody@test.com", "password": PASSWORD })).await;
    check(json!({ "email": USER, "refreshToken": "bad" })).await;
    check(json!({ "email": USER, "refreshToken": used })).await;
    check(json!({ "email": USER, "refreshToken": somebody_elses })).await;
    api.clock.advance(Duration::from_hours(7 * 24));
    check(json!({ "email": USER, "refreshToken": expired })).await;
}

#[tokio::test]
async fn a_missing_malformed_expired_or_tampered_bearer_is_401_unauthorized() {
    let api = TestApi::new().await;
    let tokens = api.sign_in(USER, PASSWORD).await;
    let (message, signature) = tokens.access.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let admins = api.sign_in(ADMIN, PASSWORD).await.access;
    let admins_claims = admins.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let altered = format!("{header}.{admins_claims}.{signature}");
    let bearer = |token: &str| format!("Bearer {token}");
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Basic dTpw",
        &tokens.access,
        &bearer(&tokens.refresh),
        &bearer(message),
        &bearer(&unsigned),
        &bearer(&altered),
        &bearer(&format!("{}x", tokens.access)),
        &bearer(&format!("{} {}", tokens.access, tokens.access)),
    ] {
        let answer = api.get("/v1/user/users/current").header("authorization", value).send().await;
        answer.assert_error(401, "Unauthorized", "Unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let missing = api.get("/v1/user/users/current").send().await;
    missing.assert_error(401, "Unauthorized", "Unauthorized");
    let twice = api.get("/v1/user/users/current").bearer(&tokens.access).bearer(&tokens.access).send().await;
    twice.assert_error(401, "Unauthorized", "Unauthorized");

    // Its exp is a whole second, and the clock is 360 ms into one. So the last valid moment is 640 ms before 20 minutes
    // are over.
    api.clock.advance(Duration::from_mins(20) - Duration::from_millis(361));
    assert_eq!(api.current(&tokens.access).await.status, StatusCode::OK);
    api.clock.advance(Duration::from_millis(1));
    api.current(&tokens.access).await.assert_error(401, "Unauthorized", "Unauthorized");
}

#[tokio::test]
async fn every_protected_route_asks_for_the_bearer_first() {
    let api = TestApi::new().await;
    let id = "2f1c1df2-0c5a-4d9c-9d5e-0f7a4f1a3c11";
    for (method, path) in [
        (Method::GET, "/v1/user/users".to_owned()),
        (Method::GET, "/v1/user/users/current".to_owned()),
        (Method::GET, format!("/v1/user/users/{id}")),
        (Method::PATCH, format!("/v1/user/users/{id}")),
        (Method::DELETE, format!("/v1/user/users/{id}")),
        (Method::GET, "/v1/user/users/x".to_owned()),
    ] {
        let answer = api.request(method, &path).body("no JSON").send().await;
        answer.assert_error(401, "Unauthorized", "Unauthorized");
    }
}

#[tokio::test]
async fn what_is_not_ones_to_do_is_403() {
    let api = TestApi::new().await;
    let user = api.sign_in(USER, PASSWORD).await.access;
    let id = api.user_id(&user).await;
    let admin_id = api.user_id(&api.sign_in(ADMIN, PASSWORD).await.access).await;
    let other = format!("/v1/user/users/{admin_id}");
    let own = format!("/v1/user/users/{id}");
    let forbidden = |answer: Answer| answer.assert_error(403, "Forbidden", "Forbidden");
    forbidden(api.get(&other).bearer(&user).send().await);
    forbidden(api.request(Method::PATCH, &other).bearer(&user).json(&json!({})).send().await);
    forbidden(api.request(Method::DELETE, &other).bearer(&user).send().await);
    forbidden(api.request(Method::PATCH, &own).bearer(&user).json(&json!({ "roles": [] })).send().await);
    forbidden(api.post("/v1/user/users").json(&json!({ "email": "new@test.com" })).send().await);
    forbidden(api.get("/v1/user/users").bearer(&user).send().await);
}

#[tokio::test]
async fn a_taken_address_is_409_on_register_and_on_update() {
    let api = TestApi::new().await;
    let body = json!({ "email": "ADMIN@test.com", "password": PASSWORD });
    let taken =
        |answer: Answer| answer.assert_error(409, "A user with this email already exists", "Conflict");
    taken(api.post("/v1/user/users").json(&body).send().await);
    let user = api.sign_in(USER, PASSWORD).await.access;
    let id = api.user_id(&user).await;
    let own = format!("/v1/user/users/{id}");
    taken(api.request(Method::PATCH, &own).bearer(&user).json(&body).send().await);
}

#[tokio::test]
async fn wrong_types_bad_addresses_and_short_passwords_are_400_with_every_issue() {
    let api = TestApi::new().await;
    let body = json!({ "email": "no address", "password": "1234567" });
    let issues = api.post("/v1/user/users").json(&body).send().await.issues();
    let expected = [
        ("email", "Invalid email address", "invalid_format"),
        ("password", "Password must be at least 8 characters", "too_small"),
    ];
    assert_eq!(issues, expected.map(|(path, message, code)| (path.into(), message.into(), code.into())));

    let body = json!({ "email": 1, "password": null, "refreshToken": [], "role": "KING", "invalidateTokens": "yes" });
    let issues = api.tokens(&body).await.issues();
    let expected = [
        ("email", "Invalid input: expected string, received number", "invalid_type"),
        ("password", "Invalid input: expected string, received null", "invalid_type"),
        ("refreshToken", "Invalid input: expected string, received array", "invalid_type"),
        ("role", "Invalid option: expected one of \"ADMIN\"|\"VERIFIED_USER\"", "invalid_value"),
        ("invalidateTokens", "Invalid input: expected boolean, received string", "invalid_type"),
    ];
    assert_eq!(issues, expected.map(|(path, message, code)| (path.into(), message.into(), code.into())));

    let admin = api.sign_in(ADMIN, PASSWORD).await.access;
    let id = api.user_id(&admin).await;
    let own = format!("/v1/user/users/{id}");
    for roles in [json!("ADMIN"), json!(["KING"]), json!([1]), json!(null)] {
        let body = json!({ "roles": roles });
        let answer = api.request(Method::PATCH, &own).bearer(&admin).json(&body).send().await;
        assert_eq!(answer.issues()[0].0, "roles");
    }
    assert_eq!(api.tokens(&json!({})).await.issues()[0].0, "email");
}

#[tokio::test]
async fn an_unknown_route_or_method_is_404() {
    let api = TestApi::new().await;
    for (method, path) in [
        (Method::GET, "/v1"),
        (Method::GET, "/v1/nothing"),
        (Method::GET, "/auth/tokens"),
        (Method::GET, "/v1/auth/tokens"),
        (Method::PUT, "/v1/auth/tokens"),
        (Method::OPTIONS, "/v1/auth/tokens"),
        (Method::POST, "/v1/auth/tokens/"),
        (Method::POST, "/v1/user/users/current"),
        (Method::PUT, "/v1/user/users/2f1c1df2-0c5a-4d9c-9d5e-0f7a4f1a3c11"),
        (Method::POST, "/v1/health"),
        (Method::DELETE, "/"),
        (Method::from_bytes(b"BREW").unwrap(), "/"),
    ] {
        let answer = api.request(method, path).send().await;
        answer.assert_error(404, "Not Found", "Not Found");
    }
}

#[tokio::test]
async fn a_failure_inside_is_a_500_that_says_nothing() {
    let broken = Arc::new(AtomicBool::new(false));
    let (switch, random) = (Arc::clone(&broken), system_random());
    let config = Config {
        random: Arc::new(move |bytes| {
            assert!(!switch.load(Ordering::SeqCst), "the cause, which nobody may read");
            random(bytes);
        }),
        ..Config::in_memory()
    };
    let api = TestApi::with(config).await;
    broken.store(true, Ordering::SeqCst);
    let answer = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    answer.assert_error(500, "Internal Server Error", "Internal Server Error");
    broken.store(false, Ordering::SeqCst);
    api.sign_in(USER, PASSWORD).await;
}
