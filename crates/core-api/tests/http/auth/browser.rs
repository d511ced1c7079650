//! `Auth-Context: browser`: the refresh token travels as a cookie.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApi, USER};

async fn tokens(api: &TestApi, body: &Value, cookie: Option<&str>) -> Answer {
    let call = api.post("/v1/auth/tokens").header("auth-context", "browser").json(body);
    match cookie {
        Some(cookie) => call.header("cookie", cookie).send().await,
        None => call.send().await,
    }
}

/// The `name=value` of the cookie that was set, after its attributes were checked.
fn cookie(answer: &Answer) -> String {
    let (pair, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=604800; Path=/v1/auth/tokens; HttpOnly; Secure; SameSite=Strict");
    pair.to_owned()
}

#[tokio::test]
async fn the_refresh_token_is_set_as_a_cookie_and_taken_from_there() {
    let api = TestApi::new().await;
    let answer = tokens(&api, &json!({ "email": USER, "password": PASSWORD }), None).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["item"].get("refreshToken"), None);
    let first = cookie(&answer);
    let value = first.strip_prefix("refresh-token=").unwrap();
    assert!(value.parse::<uuid::Uuid>().is_ok(), "{value}");

    let body = json!({ "email": USER, "refreshToken": "" });
    let answer = tokens(&api, &body, Some(&format!("theme=dark; {first}"))).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["item"].get("refreshToken"), None);
    let second = cookie(&answer);
    assert_ne!(first, second);

    let answer = tokens(&api, &json!({ "email": USER }), Some(&first)).await;
    answer.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn without_the_header_the_cookie_is_neither_set_nor_read() {
    let api = TestApi::new().await;
    let signed_in = api.tokens(&json!({ "email": USER, "password": PASSWORD })).await;
    assert_eq!(signed_in.header("set-cookie"), "");
    let refresh = signed_in.into_tokens().refresh;
    let call = api.post("/v1/auth/tokens").json(&json!({ "email": USER }));
    let answer = call.header("cookie", &format!("refresh-token={refresh}")).send().await;
    assert_eq!(answer.json(), json!({ "item": { "action": "CHECK_EMAIL" } }));
    assert_eq!(api.refresh(USER, &refresh).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_cookie_can_be_expired() {
    let api = TestApi::new().await;
    let answer = api.request(http::Method::DELETE, "/v1/auth/refresh-token-cookies").send().await;
    assert_eq!((answer.status, answer.bytes.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(
        answer.header("set-cookie"),
        "refresh-token=; Max-Age=0; Path=/v1/auth/tokens; HttpOnly; Secure; SameSite=Strict"
    );
}
