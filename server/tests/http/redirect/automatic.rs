//! `OIDC_AUTO_REDIRECT=true`: the sign-in page leads to the provider without a click, and never in a circle.

use axum::body::Body;
use http::Method;

use super::world::{World, assert_shows, come_back, state_in};
use crate::browser::Answer;

/// The variable belongs to this provider, so the settings name it.
pub(crate) const AUTOMATIC: [(&str, &str); 5] = [
    ("PROVIDER", "oidc"),
    ("OIDC_ISSUER", "https://id.test"),
    ("OIDC_CLIENT_ID", "app"),
    ("OIDC_CLIENT_SECRET", "a client secret"),
    ("OIDC_AUTO_REDIRECT", "true"),
];

#[track_caller]
fn assert_has_button(page: &Answer) {
    assert!(page.body.contains("Continue with Example &amp; Sons"), "{} {}", page.status, page.location());
}

/// By a page, and not by a redirect: a form may have led here, and Chromium applies `form-action` to all that follows it.
#[track_caller]
fn assert_leads_on(page: &Answer) {
    assert_eq!((page.status, page.location()), (200, ""));
    assert!(page.body.contains("Continue to Example &amp; Sons"), "{}", page.body);
    assert!(
        page.body.contains("<meta http-equiv=\"refresh\" content=\"0;url=https://id.test/authorize?"),
        "{}",
        page.body
    );
    assert!(page.header("cache-control").contains("no-store"));
}

#[tokio::test]
async fn a_visitor_is_led_to_the_provider_and_back() {
    let world = World::with(&AUTOMATIC).await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/account").await.location(), "/login?return_to=/account");
    let answer = browser.get("/login?return_to=/account").await;
    assert_leads_on(&answer);
    let back = come_back(&mut browser, &format!("code=ada&state={}", state_in(&answer.body))).await;
    assert_eq!(back.location(), "/account");
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    assert_eq!(browser.get("/login").await.location(), "/");
}

#[tokio::test]
async fn the_page_is_not_kept_for_the_next_visitor() {
    let world = World::with(&AUTOMATIC).await;
    world.provider.is_down(true);
    let page = world.browser().get("/login").await;
    assert_has_button(&page);
    assert_eq!((page.status, page.header("retry-after").is_empty()), (503, false));
    assert!(page.body.contains("We cannot reach our servers right now"), "{}", page.body);
    world.provider.is_down(false);
    assert_leads_on(&world.browser().get("/login").await);
}

#[tokio::test]
async fn after_a_failure_the_person_decides() {
    let world = World::with(&AUTOMATIC).await;
    let mut browser = world.browser();
    let state = state_in(&browser.get("/login").await.body);
    assert_eq!(come_back(&mut browser, &format!("error=access_denied&state={state}")).await.status, 403);
    for _ in 0..2 {
        assert_has_button(&browser.get("/login").await);
    }
    let answer = browser.post("/api/sign-in-with-provider", "").await;
    come_back(&mut browser, &format!("code=ada&state={}", state_in(&answer.body))).await;
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
}

#[tokio::test]
async fn after_a_sign_out_the_person_decides_until_they_have_forgotten_it() {
    let world = World::with(&AUTOMATIC).await;
    let mut browser = world.signed_in().await;
    browser.post("/api/sign-out", "").await;
    assert!(browser.get("/").await.body.contains("You have been logged out."));
    assert_has_button(&browser.get("/login").await);
    world.advance(std::time::Duration::from_secs(601));
    assert_leads_on(&browser.get("/login").await);
}

#[tokio::test]
async fn a_message_is_shown_before_the_person_is_led_on() {
    let world = World::with(&AUTOMATIC).await;
    let mut browser = world.signed_in().await;
    world.provider.reject_refreshes();
    world.advance(std::time::Duration::from_mins(30));
    assert_shows(&browser.get("/account").await, None);
    let page = browser.get("/login?return_to=/account").await;
    assert_has_button(&page);
    assert!(page.body.contains("Your session has expired"), "{}", page.body);
}

#[tokio::test]
async fn what_only_looks_is_not_led_on() {
    let world = World::with(&AUTOMATIC).await;
    assert_eq!(world.browser().send(Method::HEAD, "/login", Body::empty()).await.status, 200);
    for (name, value) in [("sec-purpose", "prefetch"), ("sec-fetch-dest", "iframe")] {
        let mut browser = world.browser();
        browser.headers.insert(name, value.to_owned());
        assert_has_button(&browser.get("/login").await);
    }
    assert!(world.provider.authorizations().is_empty());
    // And none of these pages is kept for the next visitor.
    assert_leads_on(&world.browser().get("/login").await);
}
