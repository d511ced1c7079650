//! What no new password may be, whichever way it comes and whichever provider keeps it.

use std::time::Duration;

use ironleaf_bff::{Blocklist, PasswordPolicy, Strength};
use tempfile::NamedTempFile;

use crate::world::{Browser, World};

/// The SHA-1 hash of `password2`.
const PASSWORD2: &str = "2AA60A8FF7FCD473D321E0146AFD9E26DF395147";

fn list() -> (NamedTempFile, PasswordPolicy) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{PASSWORD2}:185178\r\n")).unwrap();
    let blocklist = Some(Blocklist::open(file.path()).unwrap());
    (file, PasswordPolicy { blocklist, ..PasswordPolicy::default() })
}

/// Every way to a new password, before a provider that has them all.
async fn every_way(world: &World, new: &str) -> [String; 3] {
    world.provider.wants_current_password();
    let mut person = world.signed_in().await;
    let change = person.post(&format!("/change-password?current=password1&new={new}")).await.1;
    let registration = world.browser().post(&format!("/register?email=new@test.com&password={new}")).await.1;
    let link = world.browser().post(&format!("/password-by-link?new={new}")).await.1;
    [change, registration, link]
}

#[tokio::test]
async fn a_breached_password_is_refused_on_every_way() {
    let (_file, policy) = list();
    let world = World::with_policy(policy);
    for answer in every_way(&world, "password2").await {
        assert!(answer.contains("BreachedPassword"), "{answer}");
    }
    for answer in every_way(&world, "password3").await {
        assert!(!answer.contains("BreachedPassword"), "{answer}");
    }
}

#[tokio::test]
async fn a_password_below_the_least_strength_is_refused_on_every_way() {
    let world =
        World::with_policy(PasswordPolicy { min_strength: Strength::MODERATE, ..PasswordPolicy::default() });
    for answer in every_way(&world, "password2").await {
        assert!(answer.contains("WeakPassword(Common)"), "{answer}");
    }
    for answer in every_way(&world, "lamp%20under%20the%20ninth%20boat").await {
        assert!(!answer.contains("WeakPassword"), "{answer}");
    }
}

#[tokio::test]
async fn without_its_list_no_new_password_is_accepted_and_everything_else_works() {
    let (file, policy) = list();
    let world = World::with_policy(policy);
    file.close().unwrap();
    for answer in every_way(&world, "password3").await {
        assert!(answer.contains("Unavailable"), "{answer}");
    }
    assert!(world.signed_in().await.who().await.starts_with("user@test.com"));
}

/// How often it is refused for what it is before it is refused as one of too many.
async fn refusals(browser: &mut Browser, path: &str) -> usize {
    for refusals in 0..100 {
        let answer = browser.post(path).await.1;
        if answer.contains("TooManyRequests") {
            return refusals;
        }
        assert!(answer.contains("BreachedPassword"), "{answer}");
    }
    panic!("nobody is ever refused");
}

#[tokio::test]
async fn refused_passwords_are_counted_on_every_way() {
    let (_file, policy) = list();
    let world = World::with_policy(policy);
    world.provider.wants_current_password();
    let mut person = world.signed_in().await;
    assert!(refusals(&mut person, "/change-password?current=password1&new=password2").await > 1);
    assert!(refusals(&mut world.browser(), "/password-by-link?new=password2").await > 1);
    assert!(refusals(&mut world.browser(), "/register?email=new@test.com&password=password2").await > 1);
}

#[tokio::test]
async fn a_refused_password_is_no_guess_at_the_current_one() {
    let (_file, policy) = list();
    let world = World::with_policy(policy);
    world.provider.wants_current_password();
    let mut person = world.signed_in().await;
    refusals(&mut person, "/change-password?current=password1&new=password2").await;
    assert_eq!(person.post("/confirm?password=password1").await.1, "Ok(())", "it is not refused as too many");
    world.advance(Duration::from_mins(15));
    assert_eq!(person.post("/change-password?current=password1&new=password3").await.1, "Ok(())");
}
