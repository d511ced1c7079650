//! Sign-in: over an existing session, with clocks that differ, and with a browser that has gone away.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;
use ironleaf_bff::{Allowance, RateLimits};
use tokio::time::Instant;

use crate::world::{World, pass, polled};

const ALL: usize = tokio::sync::Semaphore::MAX_PERMITS;

/// The new session never waits for the end of the old one, even if the refresh of the old one hangs.
#[tokio::test(start_paused = true)]
async fn a_sign_in_over_a_session_answers_at_once_and_both_cookies_are_good_until_it_does() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(30));
    world.provider.refresh_gate.forget_permits(ALL);
    let mut tab = browser.clone();
    let refreshing = tokio::spawn(async move { tab.get("/who").await });
    tokio::task::yield_now().await;

    let mut old = browser.clone();
    let started = Instant::now();
    assert_eq!(browser.post("/sign-in?email=other@test.com").await.0, StatusCode::OK);
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
    world.provider.refresh_gate.add_permits(ALL);
    refreshing.await.unwrap();
    world.settled().await;
    assert!(browser.who().await.starts_with("other@test.com"));
    assert_eq!(old.who().await, "nobody");
    assert!(world.provider.signed_out().contains(&"1.1".to_owned()), "{:?}", world.provider.signed_out());
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::Replaced)]);
}

/// The browser goes away at each step of the request.
#[tokio::test(start_paused = true)]
async fn a_sign_in_whose_browser_is_gone_leaves_no_grant_behind() {
    let mut was_cut = false;
    for polls in 1..40 {
        let world = World::new();
        world.provider.sign_in_gate.forget_permits(ALL);
        let mut browser = world.browser();
        let was_answered = {
            let mut request = Box::pin(browser.post("/sign-in"));
            let mut answered = false;
            for poll in 0..polls {
                if std::future::poll_fn(|context| {
                    std::task::Poll::Ready(request.as_mut().poll(context).is_ready())
                })
                .await
                {
                    answered = true;
                    break;
                }
                if poll == 0 {
                    world.provider.sign_in_gate.add_permits(1);
                }
                tokio::task::yield_now().await;
            }
            answered
        };
        world.provider.sign_in_gate.add_permits(1);
        world.settled().await;
        let has_begun = !world.provider.over_a_grant().is_empty();
        let expected: &[&str] = if was_answered || !has_begun { &[] } else { &["1.0"] };
        was_cut |= has_begun && !was_answered;
        assert_eq!(world.provider.signed_out(), expected, "{polls} polls");
        if was_answered {
            assert!(was_cut, "no sign-in was cut");
            return;
        }
    }
    panic!("the sign-in never ended");
}

/// A machine with a fast clock wrote the end. The person can still sign in.
#[tokio::test]
async fn a_sign_in_is_newer_than_every_end_before_it() {
    let world = World::new();
    let mut old = world.signed_in().await;
    world.advance(Duration::from_secs(30));
    world.bff.end_by_owner("42", EndReason::PasswordChanged).await;
    world.set_back(Duration::from_secs(30));
    let mut browser = world.signed_in().await;
    assert!(browser.who().await.starts_with("user@test.com"));
    world.advance(Duration::from_mins(30));
    assert!(browser.who().await.starts_with("user@test.com"));
    assert_eq!(old.who().await, "nobody");
    world.settled().await;
    assert!(!world.provider.signed_out().contains(&"2.0".to_owned()));
}

#[tokio::test]
async fn right_passwords_are_counted_as_well_and_bound_what_one_account_costs() {
    let sign_ins = Allowance::new(100, Duration::from_hours(24));
    let world = World::with(RateLimits { sign_ins, ..RateLimits::default() });
    let mut bystander = world.browser();
    assert_eq!(bystander.post("/sign-in?email=bystander@test.com").await.0, StatusCode::OK);
    let mut browser = world.browser();
    let mut refused = 0;
    for _ in 0..1_000 {
        let (status, body) = browser.post("/sign-in").await;
        if status != StatusCode::OK {
            assert!(body.starts_with("TooManyRequests { retry_after: Some("), "{body}");
            refused += 1;
        }
        world.settled().await;
    }
    assert_eq!(refused, 900);
    let records = world.records().await;
    assert!(records < 80, "{records} records");
    assert!(browser.who().await.starts_with("user@test.com"), "whoever is signed in stays so");
    assert!(bystander.who().await.starts_with("bystander@test.com"));
}

#[tokio::test]
async fn a_renewal_may_bring_other_roles() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    assert_eq!(browser.who().await, "user@test.com [] - true");
    world.provider.grant_roles(&["EVALUATOR", "ADMIN"]);
    world.advance(Duration::from_mins(30));
    assert_eq!(browser.who().await, "user@test.com [EVALUATOR,ADMIN] - false");
}

/// The password was accepted before every session of the person was ended, for example because that password was
/// changed.
#[tokio::test(start_paused = true)]
async fn a_sign_in_under_way_when_all_sessions_end_is_over_as_well() {
    for by_sid in [false, true] {
        let world = World::new();
        world.provider.sign_in_gate.forget_permits(ALL);
        let mut browser = world.browser();
        let signing_in = tokio::spawn(async move {
            let (status, _) = browser.post("/sign-in").await;
            (status, browser)
        });
        pass(Duration::from_millis(10)).await;
        assert_eq!(world.provider.asked(), 1);
        world.advance(Duration::from_secs(1));
        if by_sid {
            world.bff.end_by_sid("sid-1").await;
        } else {
            world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
        }
        world.advance(Duration::from_secs(1));
        world.provider.sign_in_gate.add_permits(ALL);
        let (status, mut browser) = signing_in.await.unwrap();
        assert!(!status.is_success(), "{status}: it says so");
        assert_eq!(browser.who().await, "nobody", "by sid: {by_sid}");
        world.settled().await;
        assert_eq!(world.provider.signed_out(), ["1.0"], "what was issued is given back");
        assert_eq!(browser.post("/sign-in").await.0, StatusCode::OK, "the next one is a sign-in as any");
        assert!(browser.who().await.starts_with("user@test.com"));
    }
}

/// The attacker does not see an answer, but the core API has hashed the password.
#[tokio::test(start_paused = true)]
async fn a_guess_whose_connection_is_closed_counts() {
    let strict = Allowance::new(10, Duration::from_mins(15));
    let world = World::with(RateLimits { strict, ..RateLimits::default() });
    world.provider.sign_in_gate.forget_permits(ALL);
    let browser = world.browser();
    for _ in 0..200 {
        polled(browser.clone().post("/sign-in?email=wrong@test.com"), 10).await;
        pass(Duration::from_millis(10)).await;
    }
    let at_once = world.provider.asked();
    world.provider.sign_in_gate.add_permits(ALL);
    world.settled().await;
    assert!(at_once <= 10, "{at_once} passwords of one account were sent at once from one address");
    let (status, body) = browser.clone().post("/sign-in?email=wrong@test.com").await;
    assert!(body.starts_with("TooManyRequests"), "{status} {body}");
    assert!(world.provider.asked() <= 10, "{}", world.provider.asked());
}
