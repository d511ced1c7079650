//! Guests: sessions of people who have not signed in.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;
use ironleaf_bff::{Allowance, RateLimits};

use crate::provider::ACCESS_LIFE;
use crate::world::{Browser, World};

async fn as_guest(world: &World) -> Browser {
    let mut browser = world.browser();
    assert_eq!(browser.get("/guest").await, (StatusCode::OK, "200".to_owned()));
    browser
}

#[tokio::test]
async fn a_page_that_needs_no_guest_begins_none() {
    let world = World::new();
    let mut crawler = world.browser();
    assert_eq!(crawler.who().await, "nobody");
    assert_eq!(crawler.get("/call").await.1, "SignedOut");
    assert_eq!((world.provider.asked(), crawler.cookies().len()), (0, 0));
}

#[tokio::test]
async fn a_guest_begins_with_the_first_call_and_stays() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    for _ in 0..3 {
        assert_eq!(browser.get("/guest").await.1, "200");
    }
    assert_eq!(world.provider.asked(), 1);
    let calls = world.provider.calls();
    assert!(calls.iter().all(|(_, token)| token.as_deref() == Some("1.0")), "{calls:?}");
    // A door for people calls for the guest as well: it is their session.
    assert_eq!(browser.get("/call").await.1, "200");
    world.advance(ACCESS_LIFE);
    assert_eq!(browser.get("/guest").await.1, "200");
    assert_eq!((world.provider.refreshes(), world.provider.asked()), (1, 1));
}

#[tokio::test]
async fn a_guest_is_not_a_signed_in_person() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    assert_eq!(browser.who().await, "nobody");
    assert_eq!(browser.get("/guards").await.1, "", "a guard takes a guest for a person");
    let mut person = world.signed_in().await;
    let open = person.get("/guards").await.1;
    for guard in
        ["maybe-user", "recently", "page", "other-page", "current-user", "reauthentication", "deletion"]
    {
        assert!(open.contains(guard), "{guard} is closed for everybody: {open}");
    }
}

#[tokio::test]
async fn a_guest_whose_session_cannot_be_checked_may_still_sign_in() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    world.advance(ACCESS_LIFE);
    assert_eq!(browser.get("/guards").await.1, "");
}

#[tokio::test]
async fn whoever_signs_in_brings_the_guests_grant_along_and_the_guest_ends_once() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    assert_eq!(browser.post("/sign-in").await.1, "signed in");
    world.settled().await;
    assert_eq!(world.provider.over_a_grant(), [false, true]);
    assert_eq!(world.provider.signed_out(), ["1.0"]);
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::Replaced)]);
    assert!(browser.who().await.starts_with("user@test.com"));
    // The door for guests takes the person who is there.
    assert_eq!(browser.get("/guest").await.1, "200");
    assert_eq!(world.provider.asked(), 2);
}

#[tokio::test]
async fn roles_are_not_asked_of_guests() {
    let world = World::for_roles(&["admin"]);
    let mut browser = as_guest(&world).await;
    assert_eq!(browser.get("/guest").await.1, "200");
    assert_eq!(browser.post("/sign-in").await.0, StatusCode::CONFLICT, "but of whoever signs in");
    assert_eq!(browser.get("/guest").await.1, "200", "and the guest stays");
    assert_eq!(world.provider.asked(), 2);
}

#[tokio::test]
async fn a_guest_who_leaves_ends_once() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    browser.post("/sign-out").await;
    world.settled().await;
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::SignedOut)]);
    browser.get("/guest").await;
    assert_eq!(world.provider.asked(), 2);
}

#[tokio::test]
async fn a_person_whose_session_has_ended_does_not_go_on_as_a_guest() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("42", EndReason::EndedByProvider).await;
    let answer = browser.get("/guest").await;
    assert_eq!(answer, (StatusCode::CONFLICT, "SignedOut(EndedByProvider)".to_owned()));
    assert_eq!(world.provider.asked(), 1);
}

#[tokio::test]
async fn a_guest_whose_session_has_ended_begins_anew_and_hears_nothing_of_it() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("guest-1", EndReason::EndedByPerson).await;
    world.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/why").await.1, "");
    assert_eq!(browser.get("/guest").await.1, "200");
    world.settled().await;
    assert_eq!(world.provider.asked(), 2);
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByPerson)]);
}

#[tokio::test]
async fn client_credentials_sign_no_person_in() {
    let world = World::new();
    world.provider.mistakes_guests();
    let mut browser = world.browser();
    assert_eq!(browser.get("/guest").await, (StatusCode::CONFLICT, "Begin(Unavailable)".to_owned()));
    world.settled().await;
    assert_eq!((browser.cookies().len(), world.provider.signed_out().len()), (0, 1));
}

#[tokio::test]
async fn a_network_begins_no_more_guests_than_it_may_and_they_leave_little_behind() {
    let guests = Allowance::new(20, Duration::from_mins(15));
    let world = World::with(RateLimits { guests, ..RateLimits::default() });
    let before = world.records().await;
    for _ in 0..20 {
        as_guest(&world).await;
    }
    assert!(world.records().await <= before + 1, "one counter for the network, and nothing for each guest");
    let (status, answer) = world.browser().get("/guest").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(answer.contains("TooManyRequests"), "{answer}");
    assert_eq!(world.provider.asked(), 20);
    // Guests keep nobody from signing in.
    assert_eq!(world.browser().post("/sign-in").await.1, "signed in");
}
