//! `/confirm`: the provider asks the person again who they are.

use std::time::Duration;

use super::world::{World, assert_shows, come_back, state_in};
use crate::browser::Browser;

/// Ada, who has signed in a while ago, on her way to the provider.
async fn on_the_way(world: &World) -> (Browser, String) {
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(16));
    let page = browser.get("/confirm?return_to=/account").await;
    assert_eq!(page.status, 200);
    for there in
        ["Confirm it's you", "Continue with Example &amp; Sons", "ada@test.com", "/api/confirm-with-provider"]
    {
        assert!(page.body.contains(there), "{there}: {}", page.body);
    }
    assert!(!page.body.contains(r#"type="password""#) && !page.body.contains("Forgot"), "{}", page.body);
    let answer = browser.post("/api/confirm-with-provider", "return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (200, ""), "{}", answer.body);
    assert!(world.provider.authorizations().last().unwrap().1, "the person has to prove who they are");
    (browser, state_in(&answer.body))
}

#[tokio::test]
async fn who_proves_it_goes_on_with_their_change() {
    let world = World::new().await;
    let (mut browser, state) = on_the_way(&world).await;
    let before = browser.session_cookies();
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert_ne!(browser.session_cookies(), before);
    assert!(browser.get("/account").await.body.contains("Thank you. You can make your change now."));
}

#[tokio::test]
async fn what_proves_nothing_changes_nothing() {
    for (code, age, words) in [
        ("bob", Duration::ZERO, "Somebody else has logged in at Example &amp; Sons"),
        ("ada", Duration::from_mins(30), "did not ask you again who you are"),
    ] {
        let world = World::new().await;
        world.provider.authenticated_ago(age);
        let (mut browser, state) = on_the_way(&world).await;
        let answer = come_back(&mut browser, &format!("code={code}&state={state}")).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        let again = r#"<a href="/confirm?return_to=/account" class="button primary wide">Try again"#;
        assert!(answer.body.contains(again), "{}", answer.body);
        assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    }
}

#[tokio::test]
async fn who_declines_is_still_signed_in() {
    let world = World::new().await;
    let (mut browser, state) = on_the_way(&world).await;
    let answer = come_back(&mut browser, &format!("error=access_denied&state={state}")).await;
    assert_eq!(answer.status, 403);
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
}

#[tokio::test]
async fn nobody_has_nothing_to_confirm() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/confirm?return_to=/account").await.location(), "/login?return_to=/account");
    let answer = browser.post("/api/confirm-with-provider", "return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/confirm-with-provider", "").await;
    assert!(answer.status == 401 && answer.body.contains("signed_out"), "{}", answer.body);
    assert_eq!(browser.post("/api/confirm-password", "password=x").await.status, 404);
}
