//! The cookie of a session that is over goes with the answer that says so, and no sign-in is undone by it.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;
use tokio::sync::Semaphore;

use crate::provider::ACCESS_LIFE;
use crate::world::{Browser, World, pass};

const SESSION: &str = "ironleaf-session";
const REFUSED: &str = "Rejected(InvalidGrant)";

/// A browser whose session the provider has ended, which nobody has been told yet.
async fn refused(world: &World) -> Browser {
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_LIFE);
    world.provider.refuses_refreshes();
    assert_eq!(browser.who().await, "nobody");
    assert!(browser.cookies().contains_key(SESSION), "nobody was told");
    browser
}

#[tokio::test]
async fn the_answer_that_tells_the_end_removes_the_cookie_and_the_next_one_has_nothing_to_tell() {
    let world = World::new();
    let mut browser = refused(&world).await;
    assert_eq!(browser.get("/why").await.1, REFUSED);
    assert!(!browser.cookies().contains_key(SESSION), "{:?}", browser.cookies());
    assert!(browser.cookies().contains_key("ironleaf-device"), "no other cookie goes with it");
    assert_eq!(browser.get("/why").await.1, "");
}

#[tokio::test]
async fn a_script_that_finds_the_end_by_itself_is_told_once() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_LIFE);
    world.provider.refuses_refreshes();
    let told = browser.get("/guest").await;
    assert_eq!(told, (StatusCode::CONFLICT, format!("SignedOut({REFUSED})")));
    assert!(!browser.cookies().contains_key(SESSION));
}

#[tokio::test]
async fn every_other_end_removes_the_cookie_as_well() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("42", EndReason::EndedByProvider).await;
    assert_eq!(browser.get("/why").await.1, "EndedByProvider");
    assert!(!browser.cookies().contains_key(SESSION));
}

#[tokio::test]
async fn a_slow_answer_does_not_undo_a_sign_in_in_another_tab() {
    let world = World::new();
    let mut browser = refused(&world).await;
    let mut slow = browser.clone();
    let before = slow.cookies().clone();
    assert_eq!(browser.post("/sign-in").await.1, "signed in");
    for _ in 0..3 {
        slow.get("/why").await;
        assert_eq!(slow.cookies(), &before, "its answer would remove the new cookie");
    }
    assert!(browser.who().await.starts_with("user@test.com"));
    // A browser that has never got the new cookie hears of the end once more, and then no more.
    world.advance(Duration::from_secs(61));
    assert_ne!(slow.get("/why").await.1, "");
    assert!(!slow.cookies().contains_key(SESSION));
}

/// The first answer has removed the cookie, so the sign-in comes without it.
#[tokio::test]
async fn an_answer_that_is_slower_than_the_removal_and_a_sign_in_after_it_removes_nothing() {
    let world = World::new();
    let mut browser = refused(&world).await;
    let mut slow = browser.clone();
    let before = slow.cookies().clone();
    browser.get("/why").await;
    assert!(!browser.cookies().contains_key(SESSION));
    assert_eq!(browser.post("/sign-in").await.1, "signed in");
    slow.get("/why").await;
    assert_eq!(slow.cookies(), &before);
    assert!(browser.who().await.starts_with("user@test.com"));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_still_under_way_is_not_undone() {
    let world = World::new();
    let browser = refused(&world).await;
    let (mut signing_in, mut slow) = (browser.clone(), browser);
    let before = slow.cookies().clone();
    world.provider.sign_in_gate.forget_permits(Semaphore::MAX_PERMITS);
    let sign_in = tokio::spawn(async move {
        let answer = signing_in.post("/sign-in").await.1;
        (answer, signing_in)
    });
    pass(Duration::from_millis(10)).await;
    assert_eq!(slow.get("/why").await.1, REFUSED);
    assert_eq!(slow.cookies(), &before);
    world.provider.sign_in_gate.add_permits(Semaphore::MAX_PERMITS);
    let (answer, mut signed_in) = sign_in.await.unwrap();
    assert_eq!(answer, "signed in");
    assert!(signed_in.who().await.starts_with("user@test.com"));
}

#[tokio::test]
async fn a_session_that_a_setting_leaves_out_keeps_its_cookie() {
    let world = World::new();
    let browser = world.signed_in().await;
    let mut elsewhere = world.after_a_restart(&browser, &["admin"]);
    let before = elsewhere.cookies().clone();
    assert_eq!(elsewhere.get("/why").await.1, "NotAllowed");
    assert_eq!(elsewhere.cookies(), &before, "the setting may be changed back");
}
