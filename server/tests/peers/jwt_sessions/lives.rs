//! Access tokens that end, and one refresh for many requests.

use tokio::task::JoinSet;

use crate::jwt_sessions::world::{ADA, ENDED, KNOWS_NO_HANDLER, NO_HANDLER, SHORT, World};
use crate::machine::pause;

/// How many pages are opened at once when the access token has ended.
const STORM: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_and_no_refresh_comes_before_the_end_of_a_token() {
    let world = World::start(1, &[SHORT], &[]).await;
    let mut browser = world.signed_in().await;
    for refreshes in 1..=2 {
        // Not due yet, whatever the clocks say.
        assert!(browser.open("/account").await.shows(ADA));
        assert_eq!(world.api.count("refresh").await, refreshes - 1);
        pause(ENDED).await;
        let page = browser.open("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{}: {}", page.status, page.text);
        assert_eq!(world.api.count("refresh").await, refreshes);
    }
    assert_eq!(world.sessions().await, (1, 0));
}

async fn weathers_a_storm(api: &[(&str, &str)], application: &[(&str, &str)]) {
    let world = World::start(2, api, application).await;
    let mut browser = world.signed_in().await;
    pause(ENDED).await;
    world.api.tell("/counts/reset").await;
    let mut pages = JoinSet::new();
    for number in 0..STORM {
        let mut tab = browser.clone();
        tab.door = number;
        // A machine that is too busy for all at once says so, and serves them later.
        pages.spawn(async move { tab.open_until_served("/account").await });
    }
    let pages = pages.join_all().await;
    let shown = pages.iter().filter(|page| page.status == 200 && page.shows(ADA)).count();
    assert_eq!((world.api.count("refresh").await, shown), (1, STORM), "refreshes and pages");
    assert_eq!(world.sessions().await, (1, 0));
    // The cookie that the browser had before any of them is still good.
    assert!(browser.open("/account").await.shows(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once_before_a_reuse_handler() {
    weathers_a_storm(&[SHORT], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once_without_one() {
    // The new token lives so long that a slow machine answers all requests before the next one is due.
    weathers_a_storm(&[("ACCESS_TOKEN_TTL", "30"), NO_HANDLER], &[KNOWS_NO_HANDLER]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_form_of_everything_works_as_well() {
    let api = [
        SHORT,
        ("DATES", "iso"),
        ("FAILURES", "html"),
        ("TOKENS_IN", "cookies"),
        ("ACCESS_COOKIE", "access"),
        ("REFRESH_COOKIE", "refresh"),
        ("REFRESH_HEADER", "X-Renew"),
        ("CSRF_HEADER", "X-Forgery"),
    ];
    let application = [
        ("JWT_SESSIONS_TRANSPORT", "cookies"),
        ("JWT_SESSIONS_ACCESS_COOKIE", "access"),
        ("JWT_SESSIONS_REFRESH_COOKIE", "refresh"),
        ("JWT_SESSIONS_REFRESH_HEADER", "X-Renew"),
        ("JWT_SESSIONS_CSRF_HEADER", "X-Forgery"),
    ];
    let world = World::start(1, &api, &application).await;
    let mut browser = world.signed_in().await;
    pause(ENDED).await;
    assert!(browser.open("/account").await.shows(ADA));
    let page = browser.open("/").await;
    browser.press(&page, "Logout").await;
    assert_eq!((world.api.count("refresh").await, world.sessions().await), (1, (0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_api_has_ended_ends_with_a_reason() {
    for failures in ["text", "html"] {
        let world = World::start(1, &[SHORT, ("FAILURES", failures)], &[]).await;
        let mut browser = world.signed_in().await;
        world.api.tell("/revoke-all?sub=ada").await;
        pause(ENDED).await;
        let page = browser.open("/account").await;
        assert_eq!((page.url.path(), page.status), ("/login", 200), "{}", page.text);
        assert!(page.shows("Your session has expired"), "{}", page.text);
    }
}
