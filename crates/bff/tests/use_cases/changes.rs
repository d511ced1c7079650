//! Another address and another password at a back end that wants the current password for a new one.

use std::time::Duration;

use crate::world::{Browser, World};

fn wanting() -> World {
    let world = World::new();
    world.provider.wants_current_password();
    world
}

async fn says(browser: &mut Browser, path: &str) -> String {
    browser.post(path).await.1
}

#[tokio::test]
async fn another_address_needs_a_recent_sign_in() {
    let world = wanting();
    let mut browser = world.signed_in().await;
    assert_eq!(says(&mut browser, "/change-email?email=new@test.com").await, "Ok(Asked)");
    let asked = world.provider.calls().len();
    world.advance(Duration::from_mins(16));
    assert_eq!(says(&mut browser, "/change-email?email=newer@test.com").await, "Err(NotRecent)");
    assert_eq!(world.provider.calls().len(), asked, "the provider was asked");
    assert_eq!(
        says(&mut browser, "/change-email?email=USER@test.com").await,
        "Ok(Done)",
        "it is theirs already"
    );
}

#[tokio::test]
async fn the_current_password_is_a_proof_at_any_time_and_begins_a_session() {
    let world = wanting();
    let mut browser = world.signed_in().await;
    let mut copy = browser.clone();
    world.advance(Duration::from_mins(16));
    assert!(browser.who().await.ends_with("false"), "not a recent sign-in");
    assert_eq!(says(&mut browser, "/change-password?current=password1").await, "Ok(())");
    assert!(browser.who().await.ends_with("true"), "it is one now");
    assert_eq!(copy.who().await, "nobody", "every other session has ended");
}

#[tokio::test]
async fn a_wrong_current_password_counts_as_a_guess_like_one_of_a_confirmation() {
    let mut free = 0;
    let mut browser = wanting().signed_in().await;
    while says(&mut browser, "/change-password?current=wrong").await == "Err(WrongPassword)" {
        free += 1;
        assert!(free < 100, "nobody is ever refused");
    }
    assert!(free > 1);
    let refused = says(&mut browser, "/change-password?current=password1").await;
    assert!(refused.contains("TooManyRequests"), "{refused}");
    let refused = says(&mut browser, "/confirm?password=password1").await;
    assert!(refused.contains("TooManyRequests"), "both count together: {refused}");
}
