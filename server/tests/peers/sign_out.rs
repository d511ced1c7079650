//! Sign-out here and at the provider, and sign-out that begins at the provider.

use tokio::time::Instant;

use crate::browser::{Browser, Page};
use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, BUTTON_OF_ADA, SHORT, SHORT_LIFE, Setup, TO_THE_PROVIDER, World};

pub(crate) async fn leave(browser: &mut Browser) -> Page {
    let page = browser.open("/").await;
    browser.press(&page, "Logout").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_both_sessions_and_comes_back() {
    let world = World::start(Kind::OidcProvider, Setup { replicas: 2, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    let mut copy = browser.clone();
    let page = leave(&mut browser).await;
    assert_eq!(world.peer.count("revocation").await, 1, "{}", page.url);
    assert!(page.shows("Sign out"), "the provider asks: {}", page.text);
    // The session here is over, whatever happens at the provider.
    copy.door = 1;
    assert_eq!(copy.open("/account").await.url.path(), "/login");
    let page = browser.press(&page, "Sign out").await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
    let page = browser.open("/login").await;
    let page = browser.press(&page, TO_THE_PROVIDER).await;
    assert!(page.shows(BUTTON_OF_ADA), "the provider has forgotten the person: {}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_holds_up_no_sign_out() {
    let world = World::start(Kind::OidcProvider, Setup::default()).await;
    let mut browser = world.signed_in().await;
    let copy = browser.clone();
    let page = browser.open("/").await;
    world.peer.tell("/slow?ms=30000").await;
    let began = Instant::now();
    let left = {
        let mut browser = browser.clone();
        tokio::spawn(async move { browser.press(&page, "Logout").await })
    };
    pause(SHORT_LIFE).await;
    // The page that leads to the provider has come; the provider itself still hangs.
    let mut copy = copy;
    assert_eq!(copy.open("/account").await.url.path(), "/login");
    assert!(began.elapsed() < SHORT_LIFE * 2);
    left.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_a_session_at_every_replica() {
    for kind in [Kind::OidcProvider, Kind::BetterAuth] {
        let world = World::start(kind, Setup { replicas: 2, ..Setup::default() }).await;
        let mut browser = world.signed_in().await;
        assert!(browser.open("/account").await.shows(ADA));
        world.peer.tell("/logout?sub=ada").await;
        for door in [1, 0] {
            browser.door = door;
            let page = browser.open("/account").await;
            assert_eq!(page.url.path(), "/login", "{kind:?}, replica {door}: {}", page.text);
        }
        browser.door = 0;
        assert!(world.sign_in(&mut browser, "/login?return_to=/account").await.shows(ADA), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_names_only_the_person_ends_all_of_their_sessions() {
    let peer = [("BACKCHANNEL_SID", "false")];
    let world = World::start(Kind::OidcProvider, Setup { peer: &peer, ..Setup::default() }).await;
    let (mut one, mut other) = (world.signed_in().await, world.signed_in().await);
    world.peer.tell("/logout?sub=ada").await;
    for browser in [&mut one, &mut other] {
        assert_eq!(browser.open("/account").await.url.path(), "/login");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_the_provider_has_ended_ends_the_session_with_a_reason() {
    let world = World::start(Kind::OidcProvider, Setup { peer: &SHORT, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/revoke-all?sub=ada").await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    assert_eq!((page.url.path(), page.status), ("/login", 200), "{}", page.text);
    assert!(page.shows("Your session has expired"), "{}", page.text);
}
