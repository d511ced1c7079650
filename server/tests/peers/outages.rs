//! A provider that is away, slow, or busy.

use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, SHORT, SHORT_LIFE, Setup, World};

pub(crate) async fn signs_nobody_out_while_away(kind: Kind, how: &str) {
    let world = World::start(kind, Setup { peer: &SHORT, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    world.peer.tell(&format!("/down?how={how}")).await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    assert_eq!(page.status, 503, "{}", page.text);
    let page = browser.open("/").await;
    assert!(page.status == 200 && page.shows("Account menu"), "{}", page.text);
    world.peer.tell("/up").await;
    // What was sent may have spent the token, so it rests for half a minute before it is presented again.
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_behind_a_proxy_without_it_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::OidcProvider, "503").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_provider_that_resets_connections_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::OidcProvider, "reset").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn better_auth_behind_a_proxy_without_it_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::BetterAuth, "503").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn better_auth_that_resets_connections_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::BetterAuth, "reset").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commercetools_behind_a_proxy_without_it_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::Commercetools, "503").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commercetools_that_resets_connections_signs_nobody_out() {
    signs_nobody_out_while_away(Kind::Commercetools, "reset").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_starts_while_its_provider_is_away_and_recovers() {
    let mut world = World::start(Kind::OidcProvider, Setup::default()).await;
    world.peer.tell("/down?how=reset").await;
    world.replicas[0].kill().await;
    world.replicas[0].start_again().await;
    let mut browser = world.browser();
    let page = browser.open("/login").await;
    let page = browser.press(&page, crate::world::TO_THE_PROVIDER).await;
    assert!(
        page.url.path() == "/login" && page.shows("Please try again in a moment"),
        "{}: {}",
        page.url,
        page.text
    );
    world.peer.tell("/up").await;
    for _ in 0..60 {
        let page = browser.open("/login").await;
        let page = browser.press(&page, crate::world::TO_THE_PROVIDER).await;
        if page.shows(crate::world::BUTTON_OF_ADA) {
            return;
        }
        pause(SHORT_LIFE / 3).await;
    }
    panic!("it does not find the provider again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_is_put_off_is_not_the_end() {
    for (error, status) in [("temporarily_unavailable", 400), ("slow_down", 429), ("server_error", 500)] {
        let world = World::start(Kind::OidcProvider, Setup { peer: &SHORT, ..Setup::default() }).await;
        let mut browser = world.signed_in().await;
        world.peer.tell(&format!("/fail-refresh?error={error}&status={status}&times=1&retry_after=1")).await;
        pause(SHORT_LIFE).await;
        let page = browser.open_until_served("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{error}: {} {}", page.status, page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_loses_no_session_where_refresh_tokens_stay() {
    let peer = [SHORT[0], ("ROTATION", "never")];
    let world = World::start(Kind::OidcProvider, Setup { peer: &peer, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/lose-answer?times=1").await;
    pause(SHORT_LIFE).await;
    // The token may be spent, so it rests for half a minute before it is presented again.
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
}
