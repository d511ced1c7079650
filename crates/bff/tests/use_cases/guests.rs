//! Guests: sessions of people who have not signed in.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;
use ironleaf_bff::{Allowance, RateLimits};

use crate::provider::ACCESS_LIFE;
use crate::world::{Browser, World, pass};

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

/// "Add to cart" of one tab was sent before the answer to the sign-in of another had arrived.
#[tokio::test]
async fn a_late_request_of_the_guest_leaves_the_cookie_of_who_has_signed_in() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    let mut late = browser.clone();
    let before = late.cookies().clone();
    assert_eq!(browser.post("/sign-in").await.1, "signed in");
    world.settled().await;
    for _ in 0..3 {
        assert_eq!(late.get("/guest").await, (StatusCode::CONFLICT, "Begin(Unavailable)".to_owned()));
    }
    assert_eq!((late.cookies(), world.provider.asked()), (&before, 2));
    // A browser that never got the person's cookie must not stand still.
    world.advance(Duration::from_secs(61));
    assert_eq!(late.get("/guest").await.1, "200");
    assert_eq!(world.provider.asked(), 3);
    assert!(browser.who().await.starts_with("user@test.com"));
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_signs_in_during_another_request_is_followed_by_no_guest() {
    let world = World::new();
    let mut browser = as_guest(&world).await;
    world.advance(ACCESS_LIFE);
    world.provider.refresh_gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let mut late = browser.clone();
    let before = late.cookies().clone();
    let adding = tokio::spawn(async move {
        let answer = late.get("/guest").await;
        (answer, late.cookies().clone())
    });
    pass(Duration::from_millis(10)).await;
    assert_eq!(browser.post("/sign-in").await.1, "signed in");
    pass(Duration::from_millis(10)).await;
    world.provider.refresh_gate.add_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let (answer, after) = adding.await.unwrap();
    assert_eq!(answer, (StatusCode::CONFLICT, "Begin(Unavailable)".to_owned()));
    assert_eq!((after, world.provider.asked()), (before, 2));
}

/// Nothing in a request without a cookie tells that somebody signs in meanwhile.
#[tokio::test]
async fn a_guest_who_begins_without_a_cookie_never_takes_the_place_of_who_has_signed_in() {
    let world = World::new();
    let stranger = world.browser();
    for guest_is_first in [false, true] {
        let (mut browser, mut late) = (stranger.clone(), stranger.clone());
        if guest_is_first {
            late.get("/guest").await;
        }
        world.advance(Duration::from_secs(1));
        assert_eq!(browser.post("/sign-in").await.1, "signed in");
        world.advance(Duration::from_secs(1));
        if !guest_is_first {
            late.get("/guest").await;
        }
        browser.receives(&late);
        assert_eq!(browser.cookies().len(), 3, "the person, the browser and the guest");
        assert!(browser.who().await.starts_with("user@test.com"));
        assert_eq!(browser.get("/guest").await.1, "200", "it is a call of the person");
        let (_, token) = world.provider.calls().pop().unwrap();
        assert_eq!(token.as_deref(), Some(if guest_is_first { "4.0" } else { "1.0" }));
        // With the person, the guest goes as well.
        browser.post("/sign-out").await;
        let left: Vec<_> = browser.cookies().keys().filter(|name| name.contains("session")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn whoever_was_signed_in_when_the_request_began_does_not_go_on_as_a_guest() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let before = browser.cookies().clone();
    world.provider.answer(401, "nothing");
    world.provider.refuses_refreshes();
    let answer = browser.get("/call-then-guest").await;
    assert_eq!(answer, (StatusCode::CONFLICT, "Begin(Unavailable)".to_owned()));
    assert_eq!((browser.cookies(), world.provider.asked()), (&before, 1));
    let told = browser.get("/guest").await;
    assert_eq!(told, (StatusCode::CONFLICT, "SignedOut(Rejected(InvalidGrant))".to_owned()));
}

#[tokio::test]
async fn a_guest_begins_in_place_of_a_session_of_another_provider() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.provider.becomes(Some("another"), false);
    assert_eq!(browser.get("/guest").await, (StatusCode::OK, "200".to_owned()));
    assert_eq!(world.provider.asked(), 2);
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

/// A password, a code and a new account, in this order.
async fn signed_in_in_every_way(browser: &mut Browser) -> [String; 3] {
    let url = browser.get("/start").await.1;
    let state = url.split("state=").nth(1).unwrap();
    let finish = format!("/finish?code=a-code&state={state}");
    let by_password = browser.post("/sign-in").await.1;
    let by_code = browser.get(&finish).await.1;
    [by_password, by_code, browser.post("/register?email=new@test.com").await.1]
}

/// A provider of one's own may do so.
#[tokio::test]
async fn a_sign_in_that_is_answered_with_a_guest_signs_nobody_in() {
    for begins_as_guest in [false, true] {
        let world = World::new();
        world.provider.hides_known_addresses();
        let mut browser = if begins_as_guest { as_guest(&world).await } else { world.browser() };
        world.provider.mistakes_people();
        let answers = signed_in_in_every_way(&mut browser).await;
        assert_eq!(answers, ["Unavailable", "SignIn(Unavailable)", "PerhapsKnown"], "{begins_as_guest}");
        world.settled().await;
        // The grants are given back, and the guest who was there is not.
        let first = usize::from(begins_as_guest) + 1;
        let mut signed_out = world.provider.signed_out();
        signed_out.sort();
        let given_back: Vec<_> = (first..first + 3).map(|number| format!("{number}.0")).collect();
        assert_eq!(signed_out, given_back);
        assert_eq!(browser.who().await, "nobody");
        let asked = world.provider.asked();
        assert_eq!(browser.get("/guest").await.0, StatusCode::OK);
        assert_eq!(world.provider.asked() == asked, begins_as_guest, "the guest is still there");
    }
}
