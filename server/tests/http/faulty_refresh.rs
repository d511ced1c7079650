//! The core API fails during a refresh.

use std::time::Duration;

use tokio::time::Instant;

use crate::browser::{Answer, Browser, SESSION};
use crate::network::{Moment, Outcome};
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);
const TOKENS: &str = "/auth/tokens";

/// The limit for a page. It has no margin for a slow machine, because the clock is virtual.
const PAGE_LIMIT: Duration = Duration::from_secs(3);

/// The limit for a page that waits for a refresh that has not failed yet.
const SLOW_REFRESH_LIMIT: Duration = Duration::from_millis(5_500);

/// After this time, an undecided refresh is repeated, where a repetition may cost the family.
const UNTIL_ASKED_AGAIN: Duration = Duration::from_secs(61);

const FAULTS: [Outcome; 6] = [
    Outcome::Answer(503, "{}"),
    Outcome::Answer(500, r#"{"statusCode":500,"message":"Internal server error"}"#),
    Outcome::Answer(201, "<html>garbage"),
    Outcome::Answer(401, "<html>a gateway's own"),
    Outcome::Reset,
    Outcome::Stall,
];

/// Requests a page while the core API fails.
async fn assert_waits_and_keeps_the_session(browser: &mut Browser, fault: &str) -> Answer {
    let before = browser.session().cloned();
    let begun = Instant::now();
    let page = browser.get("/account").await;
    // A refresh that hangs may only be slow.
    let limit = if fault.contains("Stall") { SLOW_REFRESH_LIMIT } else { PAGE_LIMIT };
    assert!(begun.elapsed() < limit, "{fault}: {:?}", begun.elapsed());
    assert_eq!(page.status, 503, "{fault}: {}", page.location());
    assert!(page.body.contains("Temporarily unavailable"), "{fault}");
    assert!(page.header("retry-after").parse::<u64>().unwrap() > 0, "{fault}");
    assert!(page.set_cookies(SESSION).is_empty() && browser.session() == before.as_ref(), "{fault}");
    page
}

/// Meets each fault once before the token is consumed and once after. Returns the number of lost sessions, and of
/// faults after the consumption.
async fn count_losses(world: &World) -> (u32, u32) {
    let (mut lost, mut consumed) = (0, 0);
    for moment in [Moment::Before, Moment::After] {
        for outcome in FAULTS {
            let fault = format!("{moment:?} {outcome:?}");
            let mut browser = world.signed_in().await;
            world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
            world.network.fail_at(moment, TOKENS, outcome);
            let page = assert_waits_and_keeps_the_session(&mut browser, &fault).await;
            world.network.heal();
            consumed += u32::from(moment == Moment::After);
            lost += u32::from(!finds_its_session(world, &mut browser, page, &fault).await);
        }
    }
    (lost, consumed)
}

/// Comes back as often as the page asks for it. Returns whether the session is still there.
async fn finds_its_session(world: &World, browser: &mut Browser, mut page: Answer, fault: &str) -> bool {
    while page.status == 503 {
        let wait = Duration::from_secs(page.header("retry-after").parse().unwrap());
        tokio::time::advance(wait).await;
        world.advance(wait);
        page = browser.get("/account").await;
    }
    if page.status == 303 {
        assert_eq!(page.location(), "/login?return_to=/account", "{fault}");
        return false;
    }
    assert!(page.status == 200 && page.body.contains("user@test.com"), "{fault}: {}", page.status);
    true
}

#[tokio::test]
async fn a_core_api_that_recognises_a_repetition_loses_no_session() {
    let world = World::new().await;
    world.signed_in().await;
    tokio::time::pause();
    let (lost, consumed) = count_losses(&world).await;
    println!("faults after consumption: {consumed}, sessions lost: {lost}");
    assert_eq!(lost, 0);
    assert_eq!(world.stats().families_revoked, 0);
}

#[tokio::test]
async fn with_the_recorded_contract_only_a_consumed_token_loses_its_session() {
    let world = World::new().await;
    world.network.keep_to_the_recorded_contract();
    world.signed_in().await;
    tokio::time::pause();
    let (lost, consumed) = count_losses(&world).await;
    println!("faults after consumption: {consumed}, sessions lost: {lost}");
    assert_eq!(lost, consumed);
    assert_eq!(world.stats().families_revoked, u64::from(consumed));
}

#[tokio::test]
async fn a_refresh_in_doubt_is_not_asked_again_too_early() {
    let world = World::new().await;
    world.network.keep_to_the_recorded_contract();
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    tokio::time::pause();
    world.network.fail(TOKENS, Outcome::Reset);
    assert_waits_and_keeps_the_session(&mut browser, "reset").await;
    world.network.heal();
    assert_waits_and_keeps_the_session(&mut browser, "healed").await;
    assert_eq!(world.stats().refreshes_accepted, 0);
    world.advance(UNTIL_ASKED_AGAIN);
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert_eq!(world.stats().refreshes_accepted, 1);
}

#[tokio::test]
async fn while_the_access_token_lives_a_failing_refresh_disturbs_nobody() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_secs(20 * 60 - 30));
    tokio::time::pause();
    for outcome in FAULTS {
        world.network.fail(TOKENS, outcome);
        let begun = Instant::now();
        let page = browser.get("/account").await;
        assert!(page.status == 200 && page.body.contains("user@test.com"), "{outcome:?}: {}", page.status);
        assert!(begun.elapsed() < PAGE_LIMIT, "{outcome:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_page_whose_own_call_hangs_is_answered_in_time() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    tokio::time::pause();
    world.network.fail("/user/users/current", Outcome::Hang);
    assert_waits_and_keeps_the_session(&mut browser, "hang").await;
    world.network.heal();
    assert!(browser.get("/account").await.body.contains("user@test.com"));
}

#[tokio::test]
async fn a_slow_refresh_leaves_the_page_its_own_time() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    tokio::time::pause();
    world.network.fail("", Outcome::Slow(Duration::from_secs(2)));
    let begun = Instant::now();
    let page = browser.get("/account").await;
    assert!(page.status == 200 && page.body.contains("user@test.com"), "{}", page.body);
    assert!(begun.elapsed() < Duration::from_millis(4_500), "{:?}", begun.elapsed());
    assert_eq!(page.set_cookies(SESSION).len(), 1);
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (1, 0));
}

#[tokio::test]
async fn a_refresh_is_kept_although_the_page_behind_it_is_too_slow() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    tokio::time::pause();
    world.network.fail("", Outcome::Slow(Duration::from_millis(2_600)));
    let begun = Instant::now();
    let page = browser.get("/account").await;
    assert_eq!(page.status, 503, "{}", page.body);
    assert!(begun.elapsed() < Duration::from_millis(5_500), "{:?}", begun.elapsed());
    assert_eq!(page.set_cookies(SESSION).len(), 1, "its cookie leaves all the same");
    world.network.heal();
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (1, 0));
}
