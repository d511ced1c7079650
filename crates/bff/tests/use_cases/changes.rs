//! Another address and another password at a back end that wants the current password for a new one.

use std::time::Duration;

use ironleaf_auth::EndReason;

use crate::world::{Browser, World, pass};

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

/// The provider answers the new password with a challenge, so nobody signs in with it.
#[tokio::test]
async fn whoever_has_a_second_step_continues_alone_under_a_new_identifier() {
    for current in ["password1", "password1,%20but%20the%20answer%20is%20lost"] {
        let world = wanting();
        let mut browser = world.signed_in().await;
        let mut copy = browser.clone();
        let mut other = world.signed_in().await;
        world.advance(Duration::from_mins(16));
        world.provider.asks_for_codes();
        assert_eq!(says(&mut browser, &format!("/change-password?current={current}")).await, "Ok(())");
        assert_eq!(browser.who().await, "user@test.com [] - false", "no code was presented");
        assert_eq!(copy.who().await, "nobody", "the identifier before is dead");
        assert_eq!(other.who().await, "nobody", "every other session has ended");
        world.settled().await;
        assert_eq!(world.provider.signed_out(), ["2.0"], "the grant that is still in use is not revoked");
        world.advance(Duration::from_mins(30));
        assert!(browser.who().await.starts_with("user@test.com"), "it is refreshed as before");
        assert!(world.provider.refreshes() > 0);
    }
}

/// Otherwise an ended session would come back by it.
#[tokio::test(start_paused = true)]
async fn a_session_that_is_ended_meanwhile_does_not_continue() {
    let world = wanting();
    let mut browser = world.signed_in().await;
    world.provider.asks_for_codes();
    world.provider.sign_in_gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let mut tab = browser.clone();
    let changing = tokio::spawn(async move {
        tab.post("/change-password?current=password1").await;
        tab
    });
    pass(Duration::from_millis(10)).await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
    world.provider.sign_in_gate.add_permits(1);
    let mut tab = changing.await.unwrap();
    assert_eq!((tab.who().await, browser.who().await), ("nobody".to_owned(), "nobody".to_owned()));
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
