//! Sign-in by redirect: one transaction for each attempt.

use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{Allowance, RateLimits};

use crate::provider::SignIns;
use crate::world::{Browser, World, pass, polled};

const ALL: usize = tokio::sync::Semaphore::MAX_PERMITS;

async fn start(browser: &mut Browser, path: &str) -> String {
    let (status, url) = browser.get(path).await;
    assert_eq!(status, StatusCode::OK, "{url}");
    url.strip_prefix("https://id.test/authorize?state=").unwrap().to_owned()
}

fn unknown() -> (StatusCode, String) {
    (StatusCode::CONFLICT, "UnknownAttempt".to_owned())
}

#[tokio::test]
async fn a_redirect_signs_in_and_leads_where_the_person_wanted_to_go() {
    let world = World::new();
    let mut browser = world.browser();
    let state = start(&mut browser, "/start?return_to=/account?tab=mail").await;
    let answer = format!("/finish?code=a-code&state={state}");
    assert_eq!(browser.get(&answer).await, (StatusCode::OK, "/account?tab=mail".to_owned()));
    assert_eq!(browser.who().await, "user@test.com [] - true");
    // The same answer a second time signs nobody in and nobody out.
    assert_eq!(browser.get(&answer).await, unknown());
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn a_sign_in_long_ago_at_the_provider_is_not_recent_here() {
    let world = World::new();
    world.provider.authenticated_ago(Duration::from_hours(3));
    let mut browser = world.browser();
    let state = start(&mut browser, "/start").await;
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    assert_eq!(browser.who().await, "user@test.com [] - false");
}

#[tokio::test]
async fn two_tabs_can_be_out_at_once_and_come_back_in_any_order() {
    let world = World::new();
    let mut browser = world.browser();
    let first = start(&mut browser, "/start?return_to=/first").await;
    let second = start(&mut browser, "/start?return_to=/second").await;
    for (state, path) in [(second, "/second"), (first, "/first")] {
        let answered = browser.get(&format!("/finish?code=a-code&state={state}")).await;
        assert_eq!(answered, (StatusCode::OK, path.to_owned()));
    }
}

#[tokio::test]
async fn an_answer_of_another_browser_or_of_nobody_signs_nobody_in() {
    let world = World::new();
    let (mut attacker, mut victim) = (world.browser(), world.browser());
    let state = start(&mut attacker, "/start").await;
    start(&mut victim, "/start").await;
    for query in [format!("state={state}"), "state=".to_owned(), "x=1".to_owned()] {
        assert_eq!(victim.get(&format!("/finish?code=a-code&{query}")).await, unknown(), "{query}");
    }
    assert_eq!(victim.who().await, "nobody");
    assert!(world.provider.over_a_grant().is_empty(), "no code was presented");
}

#[tokio::test]
async fn an_attempt_ends_after_ten_minutes_and_a_refusal_ends_it_at_once() {
    let world = World::new();
    let mut browser = world.browser();
    let late = start(&mut browser, "/start").await;
    world.advance(Duration::from_secs(601));
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={late}")).await, unknown());
    let refused = start(&mut browser, "/start").await;
    let answer = browser.get(&format!("/finish?error=access_denied&state={refused}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, "Refused(AccessDenied)".to_owned()));
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={refused}")).await, unknown());
}

/// The settings were changed while the person was away. The code belongs to the provider that gave it.
#[tokio::test]
async fn the_answer_of_the_provider_or_issuer_before_never_reaches_the_present_one() {
    for (name, has_moved) in [(Some("another"), false), (None, true)] {
        let world = World::new();
        let mut browser = world.browser();
        let state = start(&mut browser, "/start").await;
        let answer = format!("/finish?code=a-code&state={state}");
        world.provider.becomes(name, has_moved);
        assert_eq!(browser.get(&answer).await, unknown());
        assert_eq!(world.provider.asked(), 0, "the code was sent to somebody else");
        // The attempt is over for good. The next one is as any.
        world.provider.becomes(None, false);
        assert_eq!(browser.get(&answer).await, unknown());
        let state = start(&mut browser, "/start").await;
        assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    }
}

/// The provider has signed the person out again before they were back here. Nothing that it says later would end their
/// session.
#[tokio::test]
async fn a_sign_in_that_the_provider_has_ended_on_the_way_back_is_refused() {
    let world = World::new();
    let mut browser = world.browser();
    let state = start(&mut browser, "/start?return_to=/account").await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_sid("sid-1").await;
    world.advance(Duration::from_secs(1));
    let answer = browser.get(&format!("/finish?code=a-code&state={state}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, "EndedMeanwhile".to_owned()));
    assert_eq!(browser.who().await, "nobody");
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["1.0"], "what was issued is given back");
}

/// The provider has ended another sign-in of the person, or this one before the attempt: what it says now is newer.
#[tokio::test]
async fn an_end_of_another_sign_in_or_before_the_attempt_refuses_nobody() {
    let world = World::new();
    world.provider.has_sign_ins(SignIns::OfOneSid);
    let mut browser = world.browser();
    for ended_before in ["sid-1", "sid-2"] {
        world.bff.end_by_sid(ended_before).await;
        world.advance(Duration::from_secs(1));
        let state = start(&mut browser, "/start").await;
        world.advance(Duration::from_secs(1));
        world.bff.end_by_sid("sid-3").await;
        let answer = browser.get(&format!("/finish?code=a-code&state={state}")).await;
        assert_eq!(answer.0, StatusCode::OK, "{ended_before}: {}", answer.1);
        assert_eq!(browser.who().await, "user@test.com [] - true");
    }
}

#[tokio::test]
async fn attempts_do_not_pile_up_in_the_cookie_header() {
    let world = World::new();
    let mut browser = world.browser();
    let mut states = Vec::new();
    for _ in 0..9 {
        world.advance(Duration::from_secs(1));
        states.push(start(&mut browser, "/start").await);
    }
    assert_eq!(browser.cookies().len(), 4);
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={}", states[0])).await, unknown());
    let newest = browser.get(&format!("/finish?code=a-code&state={}", states[8])).await;
    assert_eq!(newest.0, StatusCode::OK);
}

/// The provider sees whom it had before: a cart can follow.
#[tokio::test]
async fn a_sign_in_sees_the_grant_before_it() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let state = start(&mut browser, "/start").await;
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    assert_eq!(world.provider.over_a_grant(), [false, true]);
}

/// Each begins a session that is kept track of, whichever way somebody signed in.
#[tokio::test]
async fn sign_ins_by_redirect_are_counted_for_their_account_as_well() {
    let world = World::with(RateLimits {
        sign_ins: Allowance::new(100, Duration::from_hours(24)),
        address: Allowance::new(u32::MAX, Duration::from_secs(1)),
        ..RateLimits::default()
    });
    let mut accepted = 0;
    for _ in 0..300 {
        let mut browser = world.browser();
        let state = start(&mut browser, "/start").await;
        let answer = format!("/finish?code=a-code&state={state}");
        accepted += u32::from(browser.get(&answer).await.0 == StatusCode::OK);
        world.settled().await;
    }
    assert_eq!(accepted, 100);
    assert_eq!(world.provider.signed_out().len(), 200, "what nobody holds is given back");
}

/// A reload while the first answer is under way comes with the same cookie.
#[tokio::test(start_paused = true)]
async fn a_code_is_presented_once() {
    let world = World::new();
    let mut browser = world.browser();
    let state = start(&mut browser, "/start").await;
    let answer = format!("/finish?code=a-code&state={state}");
    world.provider.sign_in_gate.forget_permits(ALL);
    polled(browser.clone().get(&answer), 20).await;
    let mut reloaded = browser.clone();
    let reloading = tokio::spawn(async move { reloaded.get(&answer).await });
    pass(Duration::from_millis(10)).await;
    world.provider.sign_in_gate.add_permits(ALL);
    assert_eq!(reloading.await.unwrap(), unknown());
    assert_eq!(world.provider.asked(), 1);
}

#[tokio::test]
async fn one_attempt_presents_one_code() {
    let world = World::new();
    let mut browser = world.browser();
    let state = start(&mut browser, "/start").await;
    for number in 0..20 {
        browser.clone().get(&format!("/finish?code=guess-{number}&state={state}")).await;
    }
    assert_eq!(world.provider.asked(), 1);
}

/// Proxies take 8 KB of headers, and the session may need most of it.
#[tokio::test]
async fn attempts_leave_room_for_the_session_in_the_cookie_header() {
    let world = World::new();
    let mut browser = world.browser();
    let short = start(&mut browser, "/start?return_to=/account").await;
    world.advance(Duration::from_secs(1));
    let path = format!("/start?return_to=/account?x={}", "x".repeat(2_000));
    let mut state = String::new();
    for _ in 0..9 {
        state = start(&mut browser, &path).await;
        let bytes: usize = browser.cookies().iter().map(|(name, value)| name.len() + value.len() + 3).sum();
        assert!(bytes <= 3 * 1024, "{bytes} bytes of cookies");
        world.advance(Duration::from_secs(1));
    }
    // The newest attempt is there, with its place; the oldest made room.
    let (status, place) = browser.clone().get(&format!("/finish?code=a-code&state={state}")).await;
    assert_eq!((status, place.len()), (StatusCode::OK, "/account?x=".len() + 2_000));
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={short}")).await, unknown());
}
