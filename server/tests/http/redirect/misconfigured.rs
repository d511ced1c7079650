//! A provider that refuses this application: no outage, and nothing that a person can change.

use super::automatic::AUTOMATIC;
use super::world::{World, assert_shows, come_back, leave};
use crate::browser::Answer;
use crate::log;

const WORDS: &str = "Logging in does not work at the moment because of a setting on our side";

#[track_caller]
fn assert_said(page: &Answer, status: u16) {
    assert_eq!((page.status, page.location()), (status, ""), "{}", page.body);
    assert!(page.body.contains(WORDS) && !page.body.contains("cannot reach our servers"), "{}", page.body);
    assert!(page.header("retry-after").is_empty() && !page.body.contains("THE_SETTING"), "{}", page.body);
}

/// The number of the request that failed, which the log has as well.
#[track_caller]
fn assert_quotes(page: &Answer, id: &str) {
    assert!(id.len() == 16 && page.body.contains(&format!("Reference: {id}")), "{id}: {}", page.body);
}

/// How many lines at this level name the setting.
fn lines_at(level: &str) -> usize {
    let log = log::of_this_test();
    log.lines().filter(|line| line.contains(level) && line.contains("check THE_SETTING")).count()
}

#[tokio::test]
async fn the_sign_in_page_says_that_trying_again_does_not_help() {
    log::keep();
    let world = World::new().await;
    world.provider.is_misconfigured(true);
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in-with-provider", "return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let page = browser.get("/login?return_to=/account").await;
    assert_said(&page, 200);
    assert_quotes(&page, answer.header("x-request-id"));
    assert!(page.body.contains("Continue with"), "{}", page.body);
    assert_eq!(lines_at("ERROR"), 1, "{}", log::of_this_test());
    // The next start, after the setting was corrected.
    world.provider.is_misconfigured(false);
    let state = leave(&mut browser, "return_to=/account").await;
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.location(), "/account");
}

#[tokio::test]
async fn a_script_gets_a_500_with_a_word_of_its_own() {
    let world = World::new().await;
    world.provider.is_misconfigured(true);
    let mut browser = world.browser();
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/sign-in-with-provider", "").await;
    assert_said(&answer, 500);
    assert_quotes(&answer, answer.header("x-request-id"));
    assert!(answer.body.contains(r#""code":"misconfigured""#), "{}", answer.body);
}

#[tokio::test]
async fn a_visitor_who_is_led_on_sees_it_on_the_sign_in_page() {
    let world = World::with(&AUTOMATIC).await;
    world.provider.is_misconfigured(true);
    let page = world.browser().get("/login").await;
    assert_said(&page, 500);
    assert_quotes(&page, page.header("x-request-id"));
}

#[tokio::test]
async fn the_callback_says_it_once_in_the_log_whichever_side_finds_out() {
    log::keep();
    let world = World::new().await;
    // What came through the browser may be anybody's, and is no error.
    for (at, query, is_misconfigured) in [
        ((1, 0), "code=ada", true),
        ((1, 1), "error=invalid_scope", false),
        ((1, 2), "error=unauthorized_client", false),
    ] {
        let mut browser = world.browser();
        let state = leave(&mut browser, "return_to=/account").await;
        world.provider.is_misconfigured(is_misconfigured);
        let page = come_back(&mut browser, &format!("{query}&state={state}")).await;
        world.provider.is_misconfigured(false);
        assert_said(&page, 500);
        assert!(
            page.body.contains(r#"<a href="/" class="button primary wide">Go to the home page"#),
            "{query}"
        );
        assert_eq!((lines_at("ERROR"), lines_at("WARN")), at, "{}", log::of_this_test());
        assert_shows(&browser.get("/account").await, None);
    }
}

#[tokio::test]
async fn nobody_fills_the_log_with_what_they_come_back_with() {
    log::keep();
    let world = World::new().await;
    for _ in 0..8 {
        let mut browser = world.browser();
        let state = leave(&mut browser, "return_to=/account").await;
        assert_said(&come_back(&mut browser, &format!("error=invalid_scope&state={state}")).await, 500);
    }
    assert_eq!((lines_at("ERROR"), lines_at("WARN")), (0, 3), "{}", log::of_this_test());
}
