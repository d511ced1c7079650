//! Signing out here, then at the provider, and back.

use axum::body::Body;
use http::Method;

use super::world::{World, assert_shows, state_in};

#[tokio::test]
async fn a_sign_out_leads_to_the_provider_and_back_and_says_so_once() {
    let world = World::new().await;
    world.provider.sign_out_elsewhere();
    let mut browser = world.signed_in().await;
    let copy = browser.clone();
    let answer = browser.post("/api/sign-out", "").await;
    assert_eq!((answer.status, answer.location(), answer.header("cache-control")), (200, "", "no-store"));
    let place =
        "https://id.test/logout?post_logout_redirect_uri=http://127.0.0.1:3000/auth/signed-out&amp;state=";
    assert!(answer.body.contains(&format!(r#"content="0;url={place}"#)), "{}", answer.body);
    assert!(answer.body.contains("Continue to Example &amp; Sons") && browser.session().is_none());
    // It is over here before the provider is asked.
    assert_shows(&copy.clone().get("/account").await, None);
    let back = format!("/auth/signed-out?state={}", state_in(&answer.body));
    let head = browser.send(Method::HEAD, &back, Body::empty()).await;
    assert_eq!((head.status, head.location()), (303, "/"), "a look uses nothing up");
    let answer = browser.get(&back).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(browser.get("/").await.body.contains("You have been logged out."));
    browser.get(&back).await;
    assert!(!browser.get("/").await.body.contains("You have been logged out."));
}

#[tokio::test]
async fn a_link_to_the_way_back_signs_nobody_out() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for query in ["", "?state=", "?state=guess", "?state=%3Cscript%3E"] {
        let answer = browser.get(&format!("/auth/signed-out{query}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/"), "{query}");
        assert!(!browser.get("/").await.body.contains("logged out"), "{query}");
    }
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    assert_eq!(browser.post("/auth/signed-out", "").await.status, 405);
}

#[tokio::test]
async fn a_script_gets_the_address_at_which_the_sign_out_ends() {
    let world = World::new().await;
    world.provider.sign_out_elsewhere();
    let mut browser = world.signed_in().await;
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/sign-out", "").await;
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert!(json["next"].as_str().unwrap().starts_with("https://id.test/logout?"), "{json}");
    assert!(json["message"].is_null() && browser.session().is_none(), "{json}");
}

#[tokio::test]
async fn without_a_session_of_the_provider_a_sign_out_stays_here() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = browser.post("/api/sign-out", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(browser.get("/").await.body.contains("You have been logged out."));
}
