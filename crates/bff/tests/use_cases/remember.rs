//! Whether a session outlives the browser and an hour without a request, as the person has chosen.

use std::time::Duration;

use http::StatusCode;

use crate::world::{Browser, World};

const MINUTE: Duration = Duration::from_mins(1);

async fn signed_in(world: &World, remember: &str) -> Browser {
    let mut browser = world.browser();
    let answer = browser.post(&format!("/sign-in?remember={remember}")).await;
    assert_eq!(answer, (StatusCode::OK, "signed in".to_owned()));
    browser
}

async fn there_and_back(browser: &mut Browser, start: &str) {
    let (status, url) = browser.get(start).await;
    assert_eq!(status, StatusCode::OK, "{url}");
    let state = url.split("state=").nth(1).unwrap();
    let (status, answer) = browser.get(&format!("/finish?code=a-code&state={state}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// Whether the session is there after the browser was closed, and whether it is there after an hour without a request.
async fn outlives(world: &World, browser: &Browser) -> (bool, bool) {
    let is_there = async |mut browser: Browser| browser.who().await.starts_with("user@test.com");
    assert!(is_there(browser.clone()).await);
    let mut closed = browser.clone();
    closed.restart();
    let outlives_browser = is_there(closed).await;
    world.advance(60 * MINUTE);
    (outlives_browser, is_there(browser.clone()).await)
}

#[tokio::test]
async fn whoever_is_remembered_outlives_the_browser_and_an_hour() {
    let world = World::new();
    let browser = signed_in(&world, "yes").await;
    assert_eq!(outlives(&world, &browser).await, (true, true));
    let mut browser = world.browser();
    there_and_back(&mut browser, "/start").await;
    assert_eq!(outlives(&world, &browser).await, (true, true));
}

#[tokio::test]
async fn whoever_is_not_remembered_outlives_neither_the_browser_nor_an_hour() {
    let world = World::new();
    let browser = signed_in(&world, "no").await;
    assert_eq!(outlives(&world, &browser).await, (false, false));
    let mut browser = world.browser();
    there_and_back(&mut browser, "/start?remember=no").await;
    assert_eq!(outlives(&world, &browser).await, (false, false));
}

#[tokio::test]
async fn a_request_within_the_hour_keeps_the_session_of_whoever_is_not_remembered() {
    let world = World::new();
    let mut browser = signed_in(&world, "no").await;
    for minutes in (50..500).step_by(50) {
        world.advance(50 * MINUTE);
        assert!(browser.who().await.starts_with("user@test.com"), "after {minutes} minutes");
    }
    world.settled().await;
    assert!(world.provider.refreshes() > 1, "its tokens were refreshed on the way");
    assert_eq!(outlives(&world, &browser).await, (false, false));
}

#[tokio::test]
async fn an_older_tab_that_takes_over_newer_tokens_leaves_it_at_that() {
    let world = World::new();
    let mut browser = signed_in(&world, "no").await;
    let mut older = browser.clone();
    world.advance(50 * MINUTE);
    assert!(browser.who().await.starts_with("user@test.com"));
    assert!(older.who().await.starts_with("user@test.com"), "it adopts the head");
    assert_eq!(outlives(&world, &older).await, (false, false));
}

#[tokio::test]
async fn a_proof_of_who_somebody_is_leaves_it_at_what_they_have_chosen() {
    for (remember, expected) in [("yes", (true, true)), ("no", (false, false))] {
        let world = World::new();
        let mut browser = signed_in(&world, remember).await;
        assert_eq!(browser.post("/confirm?password=password1").await.1, "Ok(())");
        assert_eq!(outlives(&world, &browser).await, expected, "confirmed, {remember}");

        let mut browser = signed_in(&world, remember).await;
        there_and_back(&mut browser, "/restart").await;
        assert_eq!(outlives(&world, &browser).await, expected, "at the provider, {remember}");

        world.provider.wants_current_password();
        let mut browser = signed_in(&world, remember).await;
        assert_eq!(browser.post("/change-password?current=password1").await.1, "Ok(())");
        assert_eq!(outlives(&world, &browser).await, expected, "another password, {remember}");
    }
}

#[tokio::test]
async fn the_next_sign_in_asks_anew() {
    let world = World::new();
    let mut browser = signed_in(&world, "no").await;
    assert_eq!(browser.post("/sign-in").await.0, StatusCode::OK);
    assert_eq!(outlives(&world, &browser).await, (true, true), "nothing was said this time");
    assert_eq!(browser.post("/sign-in?remember=no").await.0, StatusCode::OK);
    assert_eq!(outlives(&world, &browser).await, (false, false));
}
