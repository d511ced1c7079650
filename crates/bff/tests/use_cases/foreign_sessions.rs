//! The settings were changed while people were signed in.

use crate::world::World;

/// Its tokens reach nobody else, and its person is a stranger.
#[tokio::test]
async fn a_session_of_another_provider_or_issuer_is_not_used() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    browser.get("/call").await;
    let calls = world.provider.calls().len();
    for (name, has_moved) in [(Some("another"), false), (None, true)] {
        world.provider.becomes(name, has_moved);
        for _ in 0..2 {
            assert_eq!(browser.who().await, "nobody");
            assert_eq!(browser.get("/call").await.1, "SignedOut");
        }
    }
    world.settled().await;
    assert_eq!(world.provider.calls().len(), calls, "no call was made with its token");
    assert!(world.provider.signed_out().is_empty(), "and none of its tokens was revoked anywhere");
    // The settings are changed back.
    world.provider.becomes(None, false);
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn a_session_from_before_the_roles_were_demanded_is_not_used() {
    let world = World::new();
    world.provider.grant_roles(&["GUEST"]);
    let browser = world.signed_in().await;
    let mut refused = world.after_a_restart(&browser, &["ADMIN"]);
    assert_eq!(refused.who().await, "nobody");
    assert_eq!(refused.get("/why").await.1, "NotAllowed");
    let mut admitted = world.after_a_restart(&browser, &["ADMIN", "GUEST"]);
    assert_eq!(admitted.who().await, "user@test.com [GUEST] - true");
}
