//! Registration at a back end that does not say who has an account.

use http::StatusCode;

use crate::world::{Browser, World};

/// It has an account with another password.
const WRONG: &str = "email=wrong@test.com";

fn hiding() -> World {
    let world = World::new();
    world.provider.hides_known_addresses();
    world
}

async fn registered(browser: &mut Browser, query: &str) -> String {
    let (status, answer) = browser.post(&format!("/register?{query}")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test]
async fn whoever_is_new_is_signed_in() {
    let world = hiding();
    let mut browser = world.browser();
    assert_eq!(registered(&mut browser, "email=new@test.com").await, "SignedIn");
    assert!(browser.who().await.starts_with("new@test.com"));
}

/// How many more guesses at the front door are let through.
async fn guesses_left(browser: &mut Browser) -> usize {
    for guesses in 0..100 {
        let answer = browser.post(&format!("/sign-in?{WRONG}")).await.1;
        if answer.contains("TooManyRequests") {
            return guesses;
        }
        assert_eq!(answer, "InvalidCredentials");
    }
    panic!("nobody is ever refused");
}

#[tokio::test]
async fn a_registration_counts_as_the_guess_at_a_password_that_it_is() {
    let free = guesses_left(&mut hiding().browser()).await;
    let world = hiding();
    let mut browser = world.browser();
    for _ in 0..3 {
        assert_eq!(registered(&mut browser, WRONG).await, "PerhapsKnown");
    }
    assert_eq!(guesses_left(&mut browser).await, free - 3);
}

#[tokio::test]
async fn where_no_more_guesses_are_free_a_registration_is_none_and_looks_the_same() {
    let world = hiding();
    let mut browser = world.browser();
    guesses_left(&mut browser).await;
    let asked = world.provider.asked();
    assert_eq!(registered(&mut browser, WRONG).await, "PerhapsKnown");
    assert_eq!(world.provider.asked(), asked, "the password was tried");
}
