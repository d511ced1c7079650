//! How long a session lasts at most, whatever its person does.

use std::time::Duration;

use crate::provider::GRANT_LIFE;
use crate::world::{Browser, World};

const DAY: Duration = Duration::from_hours(24);
const ABSOLUTE_TIMEOUT: Duration = Duration::from_hours(30 * 24);

async fn left(browser: &mut Browser) -> Option<Duration> {
    browser.get("/time-left").await.1.parse().ok().map(Duration::from_secs)
}

#[tokio::test]
async fn it_lasts_until_its_absolute_timeout() {
    let world = World::new();
    assert_eq!(left(&mut world.browser()).await, None, "nobody is signed in");
    let mut browser = world.signed_in().await;
    assert_eq!(left(&mut browser).await, Some(ABSOLUTE_TIMEOUT));
    world.advance(DAY);
    assert_eq!(left(&mut browser).await, Some(29 * DAY));
    assert_eq!(browser.post("/confirm?password=password1").await.1, "Ok(())");
    assert_eq!(left(&mut browser).await, Some(ABSOLUTE_TIMEOUT), "a proof begins another session");
}

#[tokio::test]
async fn it_lasts_no_longer_than_a_grant_whose_end_nothing_moves() {
    let world = World::new();
    world.provider.ends_grants(false);
    let mut browser = world.signed_in().await;
    world.advance(DAY);
    assert_eq!(left(&mut browser).await, Some(GRANT_LIFE.saturating_sub(DAY)));
    assert!(world.provider.refreshes() > 0);
}

#[tokio::test]
async fn an_end_that_refreshes_move_is_not_one() {
    let world = World::new();
    world.provider.ends_grants(true);
    let mut browser = world.signed_in().await;
    world.advance(DAY);
    assert_eq!(left(&mut browser).await, Some(29 * DAY));
}

#[tokio::test]
async fn a_guest_has_nothing_to_stay_for() {
    let world = World::new();
    let mut browser = world.browser();
    browser.get("/guest").await;
    assert_eq!(left(&mut browser).await, None);
}
