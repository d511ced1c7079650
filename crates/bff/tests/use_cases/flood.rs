//! One account that signs in again and again, beside people who only want to stay signed in.

use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{Allowance, RateLimits};

use crate::world::{Browser, World};

const BYSTANDERS: usize = 1_000;

/// Each has refreshed once, and the answer was lost. Their current grants are only in the store.
async fn bystanders(world: &World) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for number in 0..BYSTANDERS {
        let mut browser = world.browser();
        let answer = browser.post(&format!("/sign-in?email=bystander-{number}@test.com")).await;
        assert_eq!(answer.0, StatusCode::OK);
        browsers.push(browser);
    }
    world.advance(Duration::from_mins(30));
    for browser in &browsers {
        assert!(browser.clone().who().await.starts_with("bystander-"));
    }
    browsers
}

#[expect(clippy::print_stdout, reason = "how much the store grows is for whoever reads the output")]
async fn flood(sign_ins: u32, rate_limits: RateLimits) {
    let world = World::with(rate_limits);
    let mut browsers = bystanders(&world).await;
    let before = world.store_usage().await;
    let mut browser = world.browser();
    let (mut most, mut accepted) = (before, 0_u64);
    for number in 0..sign_ins {
        accepted += u64::from(browser.post("/sign-in").await.0 == StatusCode::OK);
        // The whole run takes one day.
        world.advance(Duration::from_hours(24) / sign_ins);
        if number % 1_000 == 0 {
            world.settled().await;
            most = most.max(world.store_usage().await);
        }
    }
    world.settled().await;
    most = most.max(world.store_usage().await);
    println!(
        "{sign_ins} sign-ins of one account in a day, {accepted} accepted: the store grew from {} bytes in {} records to {} in {} at most",
        before.0, before.1, most.0, most.1
    );
    assert!(most.1 - before.1 < 600, "{before:?} -> {most:?}");
    assert!(most.0 - before.0 < 300_000, "{before:?} -> {most:?}");
    let mut lost = 0;
    for browser in &mut browsers {
        lost += u32::from(!browser.who().await.starts_with("bystander-"));
    }
    println!("{lost} of {BYSTANDERS} other sessions lost");
    assert_eq!(lost, 0);
}

/// A limit that never stops the sign-ins.
const UNLIMITED: Allowance = Allowance::new(u32::MAX, Duration::from_secs(1));

#[tokio::test]
async fn one_account_cannot_fill_the_store() {
    flood(3_000, RateLimits { sign_ins: UNLIMITED, ..RateLimits::default() }).await;
    flood(3_000, RateLimits::default()).await;
}

#[tokio::test]
#[ignore = "minutes in a release build: cargo test --release -p ironleaf-bff --test use_cases a_million -- --ignored --nocapture"]
async fn a_million_sign_ins_of_one_account_hurt_nobody() {
    flood(1_000_000, RateLimits { sign_ins: UNLIMITED, ..RateLimits::default() }).await;
    flood(1_000_000, RateLimits::default()).await;
}
