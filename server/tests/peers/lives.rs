//! Access tokens that expire, one refresh for many requests, and keys that change.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, SHORT, SHORT_LIFE, Setup, World};

const REFRESH: &str = "token.refresh_token";

/// The access token of a storm lives so long that a slow machine answers all requests before the next one is due.
const CALM: Duration = Duration::from_secs(12);
pub(crate) const LIFE_IN_A_STORM: (&str, &str) = ("ACCESS_TOKEN_TTL", "12");

/// How many pages are opened at once when the access token has expired.
const STORM: usize = 200;

pub(crate) async fn lives_on(kind: Kind, peer: &[(&str, &str)]) {
    let world = World::start(kind, Setup { peer, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    for _ in 0..3 {
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{}: {}", page.status, page.text);
    }
    assert!(world.peer.count(REFRESH).await >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_where_refresh_tokens_rotate() {
    lives_on(Kind::OidcProvider, &[SHORT[0], ("ROTATION", "always")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_where_refresh_tokens_stay() {
    lives_on(Kind::OidcProvider, &[SHORT[0], ("ROTATION", "never")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_at_better_auth() {
    lives_on(Kind::BetterAuth, &SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_at_commercetools() {
    lives_on(Kind::Commercetools, &SHORT).await;
}

pub(crate) async fn weathers_a_storm(kind: Kind, peer: &[(&str, &str)]) {
    let world = World::start(kind, Setup { replicas: 2, peer, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    pause(CALM).await;
    world.peer.tell("/counts/reset").await;
    let mut pages = JoinSet::new();
    for number in 0..STORM {
        let mut tab = browser.clone();
        tab.door = number;
        // A machine that is too busy for all at once says so, and serves them later.
        pages.spawn(async move { tab.open_until_served("/account").await });
    }
    let pages = pages.join_all().await;
    let shown = pages.iter().filter(|page| page.status == 200 && page.shows(ADA)).count();
    assert_eq!((world.peer.count(REFRESH).await, shown), (1, STORM), "refreshes and pages");
    // The cookie that the browser had before any of them is still good.
    assert!(browser.open("/account").await.shows(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once() {
    weathers_a_storm(Kind::OidcProvider, &[LIFE_IN_A_STORM, ("ROTATION", "always")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once_at_better_auth() {
    weathers_a_storm(Kind::BetterAuth, &[LIFE_IN_A_STORM]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once_at_commercetools() {
    weathers_a_storm(Kind::Commercetools, &[LIFE_IN_A_STORM]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_while_people_are_signed_in() {
    for kind in [Kind::OidcProvider, Kind::BetterAuth] {
        let world = World::start(kind, Setup { peer: &SHORT, ..Setup::default() }).await;
        let mut browser = world.signed_in().await;
        world.peer.tell("/rotate-keys?drop=true").await;
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(page.shows(ADA), "{kind:?}: {}", page.text);
        drop(world.signed_in().await);
    }
}
