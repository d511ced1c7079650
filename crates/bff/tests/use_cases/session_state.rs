//! What a script may know of the session.

use std::time::Duration;

use http::StatusCode;

use crate::provider::GRANT_LIFE;
use crate::world::{Browser, World};

const DAY: Duration = Duration::from_hours(24);
const ABSOLUTE_TIMEOUT: Duration = Duration::from_hours(30 * 24);

/// When the clocks of the tests begin, in seconds since 1970.
const START: u64 = 1_800_000_000;

async fn state(browser: &mut Browser) -> String {
    let (status, state) = browser.get("/session-state").await;
    assert_eq!(status, StatusCode::OK);
    state
}

/// Somebody's session, which ends at the latest, and if nobody comes, as long after the start as this.
fn ends(latest: Duration, idle: Duration) -> String {
    format!("somebody {} {}", START + latest.as_secs(), START + idle.as_secs())
}

#[tokio::test]
async fn a_guest_has_a_session_and_is_nobody() {
    let world = World::new();
    let mut browser = world.browser();
    assert_eq!(state(&mut browser).await, "nobody");
    browser.get("/guest").await;
    assert!(state(&mut browser).await.starts_with("a guest "), "{}", state(&mut browser).await);
}

#[tokio::test]
async fn a_grant_whose_end_nothing_moves_is_the_end() {
    let world = World::new();
    world.provider.ends_grants(false);
    let mut browser = world.signed_in().await;
    assert_eq!(state(&mut browser).await, ends(GRANT_LIFE, GRANT_LIFE.min(7 * DAY)));
}

#[tokio::test]
async fn a_grant_that_refreshes_renew_ends_if_nobody_comes() {
    let world = World::new();
    world.provider.ends_grants(true);
    let mut browser = world.signed_in().await;
    assert_eq!(state(&mut browser).await, ends(ABSOLUTE_TIMEOUT, GRANT_LIFE.min(7 * DAY)));
}

#[tokio::test]
async fn to_ask_is_no_use_of_the_session() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    for _ in 1..7 {
        world.advance(DAY);
        assert_eq!(state(&mut browser).await, ends(ABSOLUTE_TIMEOUT, 7 * DAY));
    }
    world.advance(DAY);
    assert_eq!(state(&mut browser).await, "nobody");
    assert_eq!(world.provider.refreshes(), 0);
}
