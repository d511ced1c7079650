//! An API that is away, busy, or cut off in the middle of a refresh.

use crate::jwt_sessions::world::{ADA, ENDED, KNOWS_NO_HANDLER, NO_HANDLER, SHORT, World};
use crate::machine::pause;

/// After `fault`, the page waits for the API, and the session stays.
async fn is_weathered(fault: &str, then: Option<&str>) {
    let world = World::start(1, &[SHORT], &[]).await;
    let mut browser = world.signed_in().await;
    world.api.tell(fault).await;
    pause(ENDED).await;
    let page = browser.open("/account").await;
    assert_eq!(page.status, 503, "{fault}: {}", page.text);
    let page = browser.open("/").await;
    assert!(page.status == 200 && page.shows("Account menu"), "{fault}: {}", page.text);
    if let Some(then) = then {
        world.api.tell(then).await;
    }
    // A token that nobody has seen may live, so the refresh is repeated only after its end.
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{fault}: {} {}", page.status, page.text);
    assert_eq!(world.sessions().await, (1, 0), "{fault}: sessions, and refreshes taken for a theft");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_lost_before_the_api_acts_loses_no_session() {
    is_weathered("/lose-request?endpoint=refresh&times=1", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_api_has_acted_loses_no_session() {
    is_weathered("/lose-answer?grant=refresh&times=1", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_behind_a_proxy_without_it_signs_nobody_out() {
    is_weathered("/down?how=503", Some("/up")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_resets_connections_signs_nobody_out() {
    is_weathered("/down?how=reset", Some("/up")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_refresh_is_not_the_end_and_is_repeated_when_the_api_says_so() {
    let world = World::start(1, &[SHORT], &[]).await;
    let mut browser = world.signed_in().await;
    world.api.tell("/fail-refresh?status=429&times=1&retry_after=1").await;
    pause(ENDED).await;
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
    assert_eq!((world.api.count("refresh").await, world.sessions().await), (2, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reuse_handler_a_lost_answer_is_asked_for_again_at_once() {
    for fault in ["/lose-request?endpoint=refresh&times=1", "/lose-answer?grant=refresh&times=1"] {
        let world = World::start(1, &[SHORT, NO_HANDLER], &[KNOWS_NO_HANDLER]).await;
        let mut browser = world.signed_in().await;
        world.api.tell(fault).await;
        pause(ENDED / 10).await;
        let page = browser.open("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{fault}: {} {}", page.status, page.text);
        assert_eq!(world.sessions().await, (1, 0));
    }
}
