//! A sign-in that is completed by a code.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;
use ironleaf_bff::{Allowance, RateLimits};

use crate::world::{Browser, World};

/// A browser in which the first step is done.
async fn challenged(world: &World) -> Browser {
    world.provider.asks_for_codes();
    let mut browser = world.browser();
    let asked = browser.post("/sign-in").await;
    assert_eq!(asked, (StatusCode::CONFLICT, "CodeNeeded".to_owned()));
    browser
}

async fn enter(browser: &mut Browser, code: &str) -> String {
    browser.post(&format!("/code?code={code}")).await.1
}

#[tokio::test]
async fn there_is_no_session_before_the_code_and_one_after_it() {
    let world = World::new();
    let mut browser = challenged(&world).await;
    assert_eq!(browser.who().await, "nobody");
    assert_eq!(enter(&mut browser, "000000").await, "Err(InvalidCredentials)");
    assert_eq!(browser.who().await, "nobody");
    assert_eq!(enter(&mut browser, "123456").await, "Ok(())");
    assert_eq!(browser.who().await, "user@test.com [] - true");
    assert_eq!(enter(&mut browser, "123456").await, "Err(ChallengeOver)", "it was used up");
    assert!(browser.who().await.starts_with("user@test.com"), "and changes nothing");
}

#[tokio::test]
async fn the_code_counts_in_the_browser_of_the_password_only_and_for_ten_minutes() {
    let world = World::new();
    let mut browser = challenged(&world).await;
    assert_eq!(enter(&mut world.browser(), "123456").await, "Err(ChallengeOver)");
    let mut late = browser.clone();
    assert_eq!(enter(&mut browser, "late").await, "Err(ChallengeOver)");
    assert_eq!(enter(&mut browser, "123456").await, "Err(ChallengeOver)", "the provider said so");
    world.advance(Duration::from_mins(10));
    assert_eq!(enter(&mut late, "123456").await, "Err(ChallengeOver)");
    assert_eq!(late.who().await, "nobody");
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_right_passwords_do_not_forgive_wrong_ones() {
    let world = World::new();
    let mut browser = challenged(&world).await;
    let mut refused = 0;
    for _ in 0..20 {
        browser.post("/sign-in").await;
        let answer = enter(&mut browser, "000000").await;
        refused += u32::from(answer.starts_with("Err(TooManyRequests"));
    }
    assert!(refused >= 10, "{refused} of 20");
    let right = enter(&mut browser, "123456").await;
    assert!(right.starts_with("Err(TooManyRequests"), "{right}");
}

#[tokio::test]
async fn a_sign_in_over_a_session_replaces_it_once_the_code_was_right() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.provider.asks_for_codes();
    browser.post("/sign-in?email=second@test.com").await;
    assert!(browser.who().await.starts_with("user@test.com"));
    assert_eq!(enter(&mut browser, "123456").await, "Ok(())");
    assert!(browser.who().await.starts_with("second@test.com"));
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["1.0"]);
}

#[tokio::test]
async fn whoever_confirms_who_they_are_may_be_asked_for_a_code_and_stays_the_same_person() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(16));
    assert_eq!(browser.who().await, "user@test.com [] - false");
    world.provider.asks_for_codes();
    let asked = browser.post("/confirm?password=password1").await.1;
    assert_eq!(asked, "Err(SignIn(CodeNeeded))");
    let other = enter(&mut browser, "of%20somebody%20else").await;
    assert_eq!(other, "Err(InvalidCredentials)");
    assert_eq!(browser.who().await, "user@test.com [] - false");
    assert_eq!(enter(&mut browser, "123456").await, "Ok(())");
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn first_steps_count_as_sign_ins_even_if_no_code_follows() {
    let sign_ins = Allowance::new(3, Duration::from_hours(24));
    let world = World::with(RateLimits { sign_ins, ..RateLimits::default() });
    world.provider.asks_for_codes();
    let mut browser = world.browser();
    for _ in 0..3 {
        assert_eq!(browser.post("/sign-in").await.1, "CodeNeeded");
    }
    let refused = browser.post("/sign-in").await.1;
    assert!(refused.starts_with("TooManyRequests"), "{refused}");
}

#[tokio::test]
async fn a_code_goes_to_the_provider_or_issuer_that_asked_for_it_alone() {
    for (name, has_moved) in [(Some("another"), false), (None, true)] {
        let world = World::new();
        let mut browser = challenged(&world).await;
        let asked = world.provider.asked();
        world.provider.becomes(name, has_moved);
        assert_eq!(enter(&mut browser, "123456").await, "Err(ChallengeOver)");
        assert_eq!(world.provider.asked(), asked, "nothing was sent");
        assert_eq!(browser.who().await, "nobody");
    }
}

#[tokio::test]
async fn whoever_confirms_who_they_are_is_remembered_as_before_even_if_the_session_is_gone() {
    for (remember, outlives) in [("yes", true), ("no", false)] {
        let world = World::new();
        let mut browser = world.browser();
        browser.post(&format!("/sign-in?remember={remember}")).await;
        world.provider.asks_for_codes();
        assert_eq!(browser.post("/confirm?password=password1").await.1, "Err(SignIn(CodeNeeded))");
        world.advance(Duration::from_secs(1));
        world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
        world.advance(Duration::from_secs(1));
        assert_eq!(browser.who().await, "nobody");
        assert_eq!(enter(&mut browser, "123456").await, "Ok(())");
        browser.restart();
        assert_eq!(browser.who().await.starts_with("user@test.com"), outlives, "{remember}");
    }
}
