use axum::body::Body;
use http::Method;

use crate::browser::{Answer, Browser};
use crate::world::World;

async fn post_raw(browser: &mut Browser, content_type: &str, body: impl Into<Body>) -> Answer {
    browser.headers.insert("content-type", content_type.to_owned());
    browser.send(Method::POST, "/api/sign-in", body.into()).await
}

#[tokio::test]
async fn json_where_a_form_is_expected_is_415() {
    let world = World::new().await;
    let answer = post_raw(&mut world.browser(), "application/json", r#"{"email":"#).await;
    assert_eq!(answer.status, 415);
    assert!(answer.body.contains("application/x-www-form-urlencoded"));
}

#[tokio::test]
async fn a_missing_or_malformed_field_is_400_and_says_nothing_of_the_framework() {
    let world = World::new().await;
    for form in ["", "email=user@test.com", "password=x", "email[a]=b&password=x", "%%%"] {
        let answer = world.browser().post("/api/sign-in", form).await;
        assert_eq!(answer.status, 400, "{form}: {}", answer.body);
        assert!(answer.body.contains("A field is missing or malformed."), "{form}: {}", answer.body);
        assert!(
            !answer.body.contains("serde") && !answer.body.contains("ServerFn"),
            "{form}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_large_body_is_413_announced_or_not() {
    let world = World::new().await;
    let form = format!("email={}", "a".repeat(1_000_000));
    let mut browser = world.browser();
    let announced = browser.headers.insert("content-length", form.len().to_string());
    assert!(announced.is_none());
    assert_eq!(browser.post("/api/sign-in", &form).await.status, 413);
    let silent = world.browser().post("/api/sign-in", &form).await;
    assert_eq!(silent.status, 413);
    assert!(silent.body.contains("larger than it may be"));
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let world = World::new().await;
    for path in [
        "/nowhere",
        "/api/nowhere",
        "/pkg/nowhere.js",
        "/nowhere/",
        "/%00",
        "/../etc/passwd",
        "/pkg/../../Cargo.toml",
    ] {
        let answer = world.browser().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("Page not found"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones() {
    let world = World::new().await;
    let answer = world.browser().get("/api/sign-in").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    assert!(answer.body.contains("That is not possible here"));
    let answer = world.browser().send(Method::DELETE, "/account", Body::empty()).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn scripts_get_their_errors_as_json_and_curl_as_text() {
    let world = World::new().await;
    let mut script = world.browser();
    script.headers.insert("accept", "application/json".to_owned());
    let answer = script.get("/nowhere").await;
    assert_eq!((answer.status, answer.header("content-type")), (404, "application/json"));
    assert!(answer.body.contains(r#""code":"not_found""#));
    let answer = script.post("/api/sign-in", "email=x").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains(r#""code":"bad_request""#), "{}", answer.body);

    let mut curl = world.browser();
    curl.headers.insert("accept", "*/*".to_owned());
    let answer = curl.get("/nowhere").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn junk_cookies_are_an_anonymous_request() {
    let world = World::new().await;
    for value in ["", "v1.", "v1.AAAA", "v9.AAAA", "\"quoted\"", "=;=;=", "ä", "%00%ff"] {
        let mut browser = world.browser();
        browser.cookies.insert("ironleaf-session".to_owned(), value.to_owned());
        browser.cookies.insert("ironleaf-message".to_owned(), value.to_owned());
        browser.cookies.insert("ironleaf-session.0".to_owned(), value.to_owned());
        assert_eq!(browser.get("/account").await.status, 303, "{value}");
        assert_eq!(browser.get("/login").await.status, 200, "{value}");
    }
}

#[tokio::test]
async fn a_form_that_never_ends_is_408() {
    let world = World::new().await;
    let mut browser = world.browser();
    let endless = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    tokio::time::pause();
    let answer = post_raw(&mut browser, "application/x-www-form-urlencoded", endless).await;
    assert_eq!(answer.status, 408);
}
