//! The ends of sessions: by this application, from outside, and by time. Each is reported once.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;

use crate::world::{World, pass};

const ALL: usize = tokio::sync::Semaphore::MAX_PERMITS;

#[tokio::test]
async fn the_provider_ends_a_session_by_its_own_identifier_and_no_other() {
    let world = World::new();
    let (mut one, mut other) = (world.signed_in().await, world.signed_in().await);
    world.advance(Duration::from_secs(1));
    world.bff.end_by_sid("sid-1").await;
    assert_eq!(one.who().await, "nobody");
    assert!(other.who().await.starts_with("user@test.com"));
    world.settled().await;
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByProvider)]);
}

#[tokio::test]
async fn every_session_of_a_person_ends_and_a_new_one_can_begin() {
    let world = World::new();
    let (mut one, mut other) = (world.signed_in().await, world.signed_in().await);
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
    for browser in [&mut one, &mut other] {
        assert_eq!(browser.who().await, "nobody");
        // This holds however often the old cookie comes.
        assert_eq!(browser.who().await, "nobody");
    }
    world.settled().await;
    let mut ended = world.provider.ended();
    ended.sort_by(|one, other| one.0.cmp(&other.0));
    let reason = EndReason::EndedByPerson;
    assert_eq!(ended, [("1".to_owned(), reason), ("2".to_owned(), reason)]);
    assert!(world.signed_in().await.who().await.starts_with("user@test.com"));
}

/// The refresh was sent before the end, and is answered after it. Its grant is given back.
#[tokio::test(start_paused = true)]
async fn a_refresh_under_way_does_not_bring_a_session_back() {
    for by_sid in [true, false] {
        let world = World::new();
        let mut browser = world.signed_in().await;
        world.advance(Duration::from_mins(30));
        world.provider.refresh_gate.forget_permits(ALL);
        let mut tab = browser.clone();
        let refreshing = tokio::spawn(async move {
            tab.get("/who").await;
            tab
        });
        pass(Duration::from_millis(10)).await;
        if by_sid {
            world.bff.end_by_sid("sid-1").await;
        } else {
            world.bff.end_by_owner("42", EndReason::EndedByProvider).await;
        }
        world.provider.refresh_gate.add_permits(ALL);
        let mut tab = refreshing.await.unwrap();
        assert_eq!((tab.who().await, browser.who().await), ("nobody".to_owned(), "nobody".to_owned()));
        world.settled().await;
        assert_eq!(world.provider.refreshes(), 1);
        assert_eq!(world.provider.signed_out()[0], "1.1", "what was just issued; by sid: {by_sid}");
        assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByProvider)]);
    }
}

/// A tab that was left behind sends it, while another one refreshes.
#[tokio::test(start_paused = true)]
async fn a_sign_out_from_an_old_cookie_ends_what_followed_it() {
    let world = World::new();
    let mut old = world.signed_in().await;
    let mut browser = old.clone();
    world.advance(Duration::from_mins(30));
    assert!(browser.who().await.starts_with("user@test.com"));
    world.advance(Duration::from_mins(30));
    world.provider.refresh_gate.forget_permits(ALL);
    let mut tab = browser.clone();
    let refreshing = tokio::spawn(async move {
        tab.get("/who").await;
        tab
    });
    pass(Duration::from_millis(10)).await;
    let leaving = old.post("/sign-out");
    let (left, ()) = tokio::join!(leaving, async { world.provider.refresh_gate.add_permits(ALL) });
    let place = "https://id.test/logout?sid=sid-1&back=http://127.0.0.1:3000/left&state=";
    assert!(left.0 == StatusCode::OK && left.1.starts_with(place), "{left:?}");
    let mut tab = refreshing.await.unwrap();
    assert_eq!((tab.who().await, browser.who().await), ("nobody".to_owned(), "nobody".to_owned()));
    world.settled().await;
    assert!(world.provider.signed_out().contains(&"1.2".to_owned()), "{:?}", world.provider.signed_out());
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::SignedOut)]);
}

#[tokio::test]
async fn a_sign_out_is_one_record_and_one_end() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let mut copy = browser.clone();
    let before = world.records().await;
    browser.post("/sign-out").await;
    world.settled().await;
    assert_eq!(world.records().await - before, 2, "the head of the session, and the list of the person's");
    for _ in 0..3 {
        assert_eq!(copy.who().await, "nobody");
    }
    world.settled().await;
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::SignedOut)]);
}

#[tokio::test]
async fn a_session_that_timed_out_is_told_once_however_often_its_cookie_comes() {
    for days in [7, 30] {
        let world = World::new();
        let mut browser = world.signed_in().await;
        let mut copy = browser.clone();
        world.advance(Duration::from_hours(days * 24 + 1));
        for _ in 0..3 {
            assert_eq!((browser.who().await, copy.who().await), ("nobody".to_owned(), "nobody".to_owned()));
            world.settled().await;
            world.advance(Duration::from_hours(7));
        }
        assert_eq!(world.provider.signed_out(), ["1.0"], "{days} days");
        assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::TimedOut)]);
    }
}

/// This also holds on a page that does not ask who is signed in.
#[tokio::test]
async fn the_end_is_noticed_by_whichever_request_comes_first() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_sid("sid-1").await;
    assert_eq!(browser.get("/why").await.1, "EndedByProvider");
    world.settled().await;
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByProvider)]);
}

/// Neither a sign-out nor a sign-in asks first who is signed in.
#[tokio::test]
async fn a_session_that_was_ended_from_outside_is_told_whatever_request_comes_next() {
    for path in ["/sign-out", "/sign-in"] {
        let world = World::new();
        let mut browser = world.signed_in().await;
        world.advance(Duration::from_secs(1));
        world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
        browser.post(path).await;
        browser.who().await;
        world.settled().await;
        assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByPerson)], "{path}");
        assert_eq!(world.provider.signed_out(), ["1.0"], "{path}");
    }
}

#[tokio::test]
async fn a_session_that_timed_out_is_told_whatever_request_comes_next() {
    for path in ["/sign-out", "/sign-in"] {
        let world = World::new();
        let mut browser = world.signed_in().await;
        world.advance(Duration::from_hours(7 * 24 + 1));
        browser.post(path).await;
        world.settled().await;
        assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::TimedOut)], "{path}");
    }
}
