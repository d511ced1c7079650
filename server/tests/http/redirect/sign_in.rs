//! The sign-in page and the way to the provider and back.

use std::time::Duration;

use axum::body::Body;
use http::Method;

use super::provider::NAME;
use super::world::{World, assert_shows, come_back, leave, state_in};

#[tokio::test]
async fn the_sign_in_page_has_one_button_and_nothing_to_type() {
    let world = World::new().await;
    for path in ["/login", "/login?return_to=/account"] {
        let page = world.browser().get(path).await;
        assert_eq!(page.status, 200);
        for there in
            ["Login to your account", "Continue with Example &amp; Sons", "/api/sign-in-with-provider"]
        {
            assert!(page.body.contains(there), "{there}: {}", page.body);
        }
        for absent in
            ["password", r#"type="email""#, "/register", "/reset-password", ".wasm", "/api/sign-in\""]
        {
            assert!(!page.body.contains(absent), "{absent}: {}", page.body);
        }
        assert!(page.header("content-security-policy").contains("form-action 'self';"));
    }
}

#[tokio::test]
async fn a_person_signs_in_and_is_where_they_wanted_to_be() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/account?tab=mail").await.location(), "/login?return_to=/account?tab=mail");
    let page = browser.get("/login?return_to=/account?tab=mail").await.body;
    assert!(page.contains(r#"name="return_to" value="/account?tab=mail""#), "{page}");
    let state = leave(&mut browser, "return_to=/account?tab%3Dmail").await;
    let answer = come_back(&mut browser, &format!("code=ada&state={state}&iss=https://id.test")).await;
    assert_eq!((answer.status, answer.location()), (303, "/account?tab=mail"));
    assert!(answer.header("cache-control").contains("no-store"));
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    let callback = "http://127.0.0.1:3000/auth/callback".to_owned();
    assert_eq!(world.provider.authorizations(), [(callback, false)]);
}

/// Chromium applies `form-action` to every redirect that follows a form.
#[tokio::test]
async fn a_form_leads_to_the_provider_by_a_page_and_not_by_a_redirect() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in-with-provider", "").await;
    assert_eq!((answer.status, answer.location(), answer.header("cache-control")), (200, "", "no-store"));
    let url = format!("https://id.test/authorize?client_id=app&amp;state={}", state_in(&answer.body));
    for there in [
        format!(r#"<meta http-equiv="refresh" content="0;url={url}">"#),
        format!(r#"href="{url}""#),
        "Continue to Example &amp; Sons".to_owned(),
        "<h1>".to_owned(),
    ] {
        assert!(answer.body.contains(&there), "{there}: {}", answer.body);
    }
    assert!(!answer.body.contains("<form"), "{}", answer.body);
    assert!(answer.header("content-security-policy").contains("form-action 'self';"));
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_script_gets_the_address_of_the_provider() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/sign-in-with-provider", "return_to=/account").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let next = json["next"].as_str().unwrap();
    assert!(next.starts_with("https://id.test/authorize?") && json["message"].is_null(), "{json}");
    let back = come_back(&mut browser, &format!("code=ada&state={}", state_in(next))).await;
    assert_eq!(back.location(), "/account");
    world.provider.is_down(true);
    let answer = world.browser().post("/api/sign-in-with-provider", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    let mut script = world.browser();
    script.headers.insert("accept", "application/json".to_owned());
    let answer = script.post("/api/sign-in-with-provider", "").await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.body.contains(r#""code":"unavailable""#) && !answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn whoever_leaves_without_remember_me_comes_back_for_as_long_as_the_browser_is_open() {
    let world = World::new().await;
    let page = world.browser().get("/login").await.body;
    assert!(page.contains(r#"name="remember_me_offered""#) && page.contains("Remember me"), "{page}");
    for (fields, is_remembered) in
        [("remember_me_offered=yes", false), ("remember_me_offered=yes&remember_me=on", true), ("", true)]
    {
        let mut browser = world.browser();
        let state = leave(&mut browser, fields).await;
        let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
        let cookies = answer.set_cookies("ironleaf-session");
        assert!(!cookies.is_empty());
        assert!(
            cookies.iter().all(|cookie| cookie.contains("Max-Age=") == is_remembered),
            "{fields} {cookies:?}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_on_the_sign_in_page() {
    let world = World::new().await;
    world.provider.is_down(true);
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in-with-provider", "return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let page = browser.get("/login?return_to=/account").await.body;
    assert!(
        page.contains("We cannot reach our servers right now") && page.contains("Continue with"),
        "{page}"
    );
    // The number of the request that failed, and not that of this page.
    assert!(page.contains(&format!("Reference: {}", answer.header("x-request-id"))), "{page}");
}

#[tokio::test]
async fn two_tabs_are_gone_at_once_and_both_come_back() {
    let world = World::new().await;
    let mut browser = world.browser();
    let first = leave(&mut browser, "return_to=/account?tab%3D1").await;
    let second = leave(&mut browser, "return_to=/account?tab%3D2").await;
    for (state, place) in [(second, "/account?tab=2"), (first, "/account?tab=1")] {
        let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
        assert_eq!((answer.status, answer.location()), (303, place));
        assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    }
}

#[tokio::test]
async fn ten_abandoned_attempts_leave_no_pile_of_cookies() {
    let world = World::new().await;
    let mut browser = world.browser();
    let mut state = String::new();
    for _ in 0..10 {
        state = leave(&mut browser, "return_to=/account").await;
        world.advance(Duration::from_secs(5));
    }
    let bytes: usize = browser.cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
    assert!(browser.cookies.len() <= 6 && bytes < 3 * 1024, "{bytes}: {:?}", browser.cookies.keys());
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
}

#[tokio::test]
async fn only_a_post_of_this_site_leads_to_the_provider() {
    let world = World::new().await;
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        let answer = world.browser().send(method.clone(), "/api/sign-in-with-provider", Body::empty()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    let mut elsewhere = world.browser();
    elsewhere.headers.insert("sec-fetch-site", "cross-site".to_owned());
    assert_eq!(elsewhere.post("/api/sign-in-with-provider", "").await.status, 403);
    assert!(world.provider.authorizations().is_empty());
}

#[tokio::test]
async fn a_place_elsewhere_is_not_returned_to() {
    let world = World::new().await;
    for place in ["https://evil.example/", "//evil.example/", "/\\evil.example"] {
        let mut browser = world.browser();
        let state = leave(&mut browser, &format!("return_to={place}")).await;
        let answer = come_back(&mut browser, &format!("code=ada&state={state}&return_to={place}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{place}");
    }
}

#[tokio::test]
async fn a_new_sign_in_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let old = browser.clone();
    assert_eq!(browser.get("/login?return_to=/account").await.location(), "/account");
    let state = leave(&mut browser, "").await;
    assert_eq!(come_back(&mut browser, &format!("code=bob&state={state}")).await.status, 303);
    assert_shows(&browser.get("/account").await, Some("bob@test.com"));
    world.settled().await;
    assert_shows(&old.clone().get("/account").await, None);
}

#[tokio::test]
async fn with_the_core_api_there_is_nothing_of_this() {
    let world = crate::world::World::new().await;
    let mut browser = world.browser();
    for path in ["/api/sign-in-with-provider", "/api/confirm-with-provider"] {
        assert_eq!(browser.post(path, "").await.status, 404, "{path}");
    }
    assert_eq!(browser.post("/auth/back-channel-logout", "logout_token=x").await.status, 404);
    assert_eq!(browser.get("/auth/callback?code=a&state=b").await.status, 404);
    assert!(browser.get("/login").await.body.contains("Forgot Password") && !NAME.is_empty());
}
