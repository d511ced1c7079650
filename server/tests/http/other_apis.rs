//! Core APIs that keep to the contract, but do less than the reference core API or behave differently.

use std::time::Duration;

use crate::network::Outcome;
use crate::use_cases::{ACCESS_TOKEN_LIFE, assert_signed_in, assert_signed_out, change};
use crate::world::World;
use crate::{links, log};

const EVERYWHERE: &str = "A new password logs you out everywhere else.";
const HERE: &str = "A new password logs you out of this site in every other browser.";

/// An application in front of an API that keeps to the recorded contract only.
async fn in_front_of_the_recorded_contract() -> World {
    let world = World::new().await;
    world.network.keep_to_the_recorded_contract();
    world
}

/// The final page for the verification link with this token.
async fn verified_with(world: &World, token: &str) -> String {
    let mut browser = world.browser();
    links::open(&mut browser, &format!("/email-verification?token={token}")).await;
    assert_eq!(browser.post("/api/verify-email", "").await.location(), "/email-verification");
    browser.get("/email-verification").await.body
}

#[tokio::test]
async fn the_page_says_of_a_new_password_what_the_api_declares() {
    let world = World::new().await;
    let page = world.signed_in().await.get("/account").await.body;
    assert!(page.contains(EVERYWHERE) && !page.contains(HERE), "{page}");
    let world = in_front_of_the_recorded_contract().await;
    let page = world.signed_in().await.get("/account").await.body;
    assert!(page.contains(HERE) && !page.contains(EVERYWHERE), "{page}");
}

#[tokio::test]
async fn a_new_password_keeps_this_session_where_the_api_declares_nothing() {
    let world = in_front_of_the_recorded_contract().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    assert_eq!(change(&world, &mut browser, "/update?password=password2").await.status, 200);
    world.settled().await;
    assert_signed_out(&mut phone, "S9").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "user@test.com").await;
}

/// For some APIs, the person's current address is no change, so an unverified address stays.
#[tokio::test]
async fn an_address_that_the_api_does_not_bring_back_is_no_success() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.network.take_calls();
    let form = "email=new@test.com&password=&confirm_password=";
    browser.post("/api/update-account", form).await;
    let calls = world.network.take_calls();
    let path = calls.iter().find_map(|call| call.strip_prefix("PATCH /v1")).unwrap();
    let id = path.rsplit('/').next().unwrap();
    let unchanged = format!(
        r#"{{"item":{{"id":"{id}","email":"user@test.com","unverifiedEmail":"new@test.com","roles":[]}}}}"#
    );
    world.network.fail(path.to_owned().leak(), Outcome::Answer(200, unchanged.leak()));
    browser.get("/account").await;
    for form in [
        "email=user@test.com&password=&confirm_password=",
        "email=user@test.com&password=password2&confirm_password=password2",
    ] {
        assert_eq!(browser.post("/api/update-account", form).await.location(), "/account");
        let page = browser.get("/account").await.body;
        assert!(page.contains("The address is unchanged: another one waits to be verified."), "{page}");
        assert!(!page.contains("Account updated successfully"), "{page}");
    }
}

#[tokio::test]
async fn a_verification_link_that_the_api_knows_nothing_of_is_invalid() {
    let world = World::new().await;
    for (status, body) in [
        (404, r#"{"statusCode":404,"message":"Not Found","error":"Not Found"}"#),
        (400, r#"{"statusCode":400,"message":"Validation failed","errors":[]}"#),
    ] {
        world.network.fail("/auth/action-requests", Outcome::Answer(status, body));
        let page = verified_with(&world, "garbage").await;
        assert!(page.contains("Error! Invalid token"), "{status}: {page}");
    }
    // The API fails at every token, but is otherwise up.
    world.network.fail(
        "/auth/action-requests",
        Outcome::Answer(500, r#"{"statusCode":500,"message":"Internal server error"}"#),
    );
    let page = verified_with(&world, "garbage").await;
    assert!(page.contains("Error! Invalid token"), "{page}");
}

#[tokio::test]
async fn a_verification_that_is_never_decided_ends_after_three_seconds() {
    let world = World::new().await;
    let processing =
        r#"{"item":{"id":"action-requests","action":"EMAIL_VERIFICATION","status":"PROCESSING"}}"#;
    world.network.fail("/action-requests", Outcome::Answer(202, processing));
    tokio::time::pause();
    let begin = tokio::time::Instant::now();
    let page = verified_with(&world, "superseded").await;
    assert!(begin.elapsed() < Duration::from_millis(3500), "{:?}", begin.elapsed());
    assert!(page.contains("Error! Invalid token"), "{page}");
}

/// The account's tokens end with it: the API refuses the refresh token, and no longer knows the access token's owner.
#[tokio::test]
async fn an_account_that_was_deleted_is_asked_about_no_more() {
    log::keep();
    let world = in_front_of_the_recorded_contract().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    tokio::time::pause();
    world.network.take_calls();
    let answer = browser.post("/api/delete-account", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    world.settled().await;
    let calls = world.network.take_calls();
    assert!(calls.len() == 1 && calls[0].starts_with("DELETE /v1/user/users/"), "{calls:?}");
    assert_signed_out(&mut phone, "S6").await;
    world.settled().await;
    assert_eq!(world.network.take_calls(), Vec::<String>::new());
    let log = log::of_this_test();
    assert!(!log.contains(" WARN ") && !log.contains("ERROR"), "{log}");
}

/// Another client of the API deletes the account, without this application's knowledge. The API no longer knows the
/// person, and refuses their refresh token.
#[tokio::test]
async fn an_account_that_was_deleted_elsewhere_is_a_sign_out_with_its_reason() {
    log::keep();
    let world = in_front_of_the_recorded_contract().await;
    let mut browser = world.signed_in().await;
    world.delete_at_core_api("user@test.com", "password1").await;
    let unknown = r#"{"statusCode":404,"message":"Not Found","error":"Not Found"}"#;
    world.network.fail("/user/users/current", Outcome::Answer(404, unknown));
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let page = browser.get("/login").await.body;
    assert!(page.contains(r#"data-support-code="S5""#), "{page}");
    let log = log::of_this_test();
    assert!(!log.contains("ERROR"), "{log}");
}
