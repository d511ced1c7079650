//! How long a sign-in is recent, and what a new confirmation of the password does.

use std::time::Duration;

use futures_util::poll;

use super::{
    ACCESS_TOKEN_LIFE, RECENT, ask, assert_is, assert_said, assert_signed_in, assert_signed_out, change,
    routes, send, verify,
};
use crate::network::Outcome;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);
const JUST_RECENT: Duration = RECENT.checked_sub(SECOND).unwrap();

#[tokio::test]
async fn a_sign_in_is_recent_for_the_time_that_is_set() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    assert_is(&world, &mut browser, "user@test.com None true").await;
    world.advance(JUST_RECENT);
    assert_is(&world, &mut browser, "user@test.com None true").await;
    world.advance(2 * SECOND);
    assert_is(&world, &mut browser, "user@test.com None false").await;
}

#[tokio::test]
async fn a_confirmed_password_is_a_recent_sign_in_and_a_refresh_is_none() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(JUST_RECENT + 2 * SECOND);
    assert_said(&send(&world, &mut browser, "/confirm?password=password1").await, "confirmed");
    assert_is(&world, &mut browser, "user@test.com None true").await;
    world.advance(JUST_RECENT);
    assert_is(&world, &mut browser, "user@test.com None true").await;

    world.advance(ACCESS_TOKEN_LIFE);
    world.settled().await;
    let before = world.stats().refreshes_accepted;
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_eq!(world.stats().refreshes_accepted, before + 1);
    assert_is(&world, &mut browser, "user@test.com None false").await;
}

#[tokio::test]
async fn nobody_has_signed_in_recently_without_a_session() {
    let world = World::new().await;
    assert_is(&world, &mut world.browser(), "nobody false").await;
    let mut browser = world.signed_in().await;
    let mut copy = browser.clone();
    browser.post("/api/sign-out", "").await;
    assert_is(&world, &mut copy, "nobody false").await;
}

#[tokio::test]
async fn a_confirmation_begins_the_session_anew_and_the_old_cookie_is_dead() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut copy = browser.clone();
    let answer = change(&world, &mut browser, "/confirm?password=password1").await;
    assert_said(&answer, "confirmed");
    assert_ne!(browser.session(), copy.session());
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1, "the one of the old session");
    assert_signed_out(&mut copy, "S2").await;
    assert_signed_in(&mut phone, "user@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + SECOND);
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn a_wrong_password_leaves_the_session_as_it_is() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(RECENT.saturating_sub(ACCESS_TOKEN_LIFE / 2));
    // From here on, the access token is valid, and nothing else changes the cookie.
    assert_signed_in(&mut browser, "user@test.com").await;
    let before = browser.session().cloned();
    world.advance(ACCESS_TOKEN_LIFE / 2 + SECOND);
    for path in ["/confirm?password=wrong-password", "/confirm?password=", "/confirm"] {
        let answer = send(&world, &mut browser, path).await;
        assert_said(&answer, "SignIn(InvalidCredentials)");
    }
    assert_eq!((browser.session(), world.stats().families_revoked), (before.as_ref(), 0));
    assert_is(&world, &mut browser, "user@test.com None false").await;
    assert_signed_in(&mut browser, "user@test.com").await;
    world.core_api.settled().await;
    assert!(world.core_api.outbox().await.unwrap().is_empty(), "an empty password is no wish for a new one");
}

#[tokio::test]
async fn a_core_api_that_is_away_leaves_the_session_as_it_is() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().cloned();
    world.network.cut();
    let answer = change(&world, &mut browser, "/confirm?password=password1").await;
    assert_said(&answer, "SignIn(Unavailable)");
    world.network.heal();
    world.network.fail("/auth/tokens", Outcome::Answer(429, "{}"));
    let answer = change(&world, &mut browser, "/confirm?password=password1").await;
    assert_said(&answer, "SignIn(TooManyRequests { retry_after: Some(30s) })");
    world.network.heal();
    assert_eq!(browser.session(), before.as_ref());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn a_confirmation_whose_connection_is_closed_signs_nobody_out() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.turn_to(routes(&world));
    {
        let mut request = Box::pin(browser.post("/confirm?password=password1", ""));
        assert!(poll!(request.as_mut()).is_pending());
    }
    // This takes long enough for the other sign-in to finish, if it had continued.
    assert_signed_in(&mut world.signed_in().await, "user@test.com").await;
    browser.turn_to(world.router.clone());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn the_right_password_is_right_although_the_address_changed_in_another_browser() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    assert_said(&change(&world, &mut browser, "/confirm?password=password1").await, "confirmed");
    assert_is(&world, &mut browser, "new@test.com None true").await;
}

#[tokio::test]
async fn nobody_becomes_the_person_who_has_their_old_address() {
    let world = World::new().await;
    // An address that was verified once is kept for its owner for a while.
    let person = serde_json::json!({ "email": "old@test.com", "password": "password1" });
    ask(&world, http::Request::post("http://core-api.test/v1/user/users"), &person).await;
    let (mut browser, mut elsewhere) = (world.browser(), world.browser());
    for browser in [&mut browser, &mut elsewhere] {
        assert_eq!(browser.sign_in("old@test.com", "password1").await.location(), "/");
    }
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    let stranger = serde_json::json!({ "email": "old@test.com", "password": "password2" });
    ask(&world, http::Request::post("http://core-api.test/v1/user/users"), &stranger).await;

    let answer = change(&world, &mut browser, "/confirm?password=password2").await;
    assert_said(&answer, "SignIn(InvalidCredentials)");
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1, "nobody holds what the stranger's password gave");
    assert_signed_in(&mut browser, "new@test.com").await;
}
