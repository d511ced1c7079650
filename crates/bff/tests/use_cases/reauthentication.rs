//! A signed-in person proves again who they are, and comes back after a sign-out.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;

use crate::provider::SignIns;
use crate::world::{Browser, World};

/// A person who signed in half an hour ago by redirect, and has been sent to the provider again.
async fn sent_again(world: &World) -> (Browser, String) {
    let mut browser = world.browser();
    let state = state_of(browser.get("/start").await);
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    world.advance(Duration::from_mins(16));
    assert_eq!(browser.who().await, "user@test.com [] - false");
    let state = state_of(browser.get("/restart").await);
    (browser, state)
}

fn state_of((status, url): (StatusCode, String)) -> String {
    assert_eq!(status, StatusCode::OK, "{url}");
    url.split("state=").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn who_proves_it_again_is_there_recently() {
    let world = World::new();
    let (mut browser, state) = sent_again(&world).await;
    let expected = Some("user@test.com".to_owned());
    assert_eq!(world.provider.authorizations(), [(false, None), (true, expected)]);
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn somebody_else_does_not_come_back_in_place_of_the_person() {
    let world = World::new();
    let (mut browser, state) = sent_again(&world).await;
    let answer = browser.get(&format!("/finish?code=the-code-of-somebody-else&state={state}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, "OtherPerson".to_owned()));
    assert_eq!(browser.who().await, "user@test.com [] - false");
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["2.0"], "the grant of somebody else is given back");
}

/// The provider signs the person out before somebody else signs in there, and tells us.
#[tokio::test]
async fn somebody_else_does_not_come_back_after_the_provider_has_ended_the_session() {
    let world = World::new();
    let (mut browser, state) = sent_again(&world).await;
    world.bff.end_by_owner("42", EndReason::EndedByProvider).await;
    let answer = browser.get(&format!("/finish?code=the-code-of-somebody-else&state={state}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, "OtherPerson".to_owned()));
    assert_eq!(browser.who().await, "nobody");
    let (mut browser, state) = sent_again(&world).await;
    world.bff.end_by_owner("42", EndReason::EndedByProvider).await;
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

/// Some providers end a whole sign-in when one of its refresh tokens is revoked.
#[tokio::test]
async fn the_grant_before_is_not_revoked_if_it_is_of_the_same_sign_in() {
    for (sign_ins, revoked) in [(SignIns::OfOneSid, 0), (SignIns::SaidToBeOne, 0), (SignIns::Apart, 1)] {
        let world = World::new();
        world.provider.has_sign_ins(sign_ins);
        let (mut browser, state) = sent_again(&world).await;
        let copy = browser.clone();
        assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
        world.settled().await;
        assert_eq!(world.provider.signed_out().len(), revoked, "{sign_ins:?}");
        assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::Replaced)]);
        assert_eq!(copy.clone().who().await, "nobody", "the session before is over in any case");
        assert_eq!(browser.who().await, "user@test.com [] - true");
    }
}

/// Nor is a new grant that cannot be used revoked then: the session would not survive it.
#[tokio::test]
async fn a_grant_of_the_same_sign_in_that_proves_nothing_is_not_revoked() {
    for sign_ins in [SignIns::OfOneSid, SignIns::SaidToBeOne] {
        let world = World::new();
        world.provider.has_sign_ins(sign_ins);
        world.provider.authenticated_ago(Duration::from_mins(20));
        let (mut browser, state) = sent_again(&world).await;
        let answer = browser.get(&format!("/finish?code=a-code&state={state}")).await;
        assert_eq!(answer, (StatusCode::CONFLICT, "NotRecent".to_owned()));
        world.settled().await;
        assert!(world.provider.signed_out().is_empty());
    }
}

#[tokio::test]
async fn nobody_who_is_signed_out_proves_anything_again() {
    let world = World::new();
    assert_eq!(world.browser().get("/restart").await, (StatusCode::CONFLICT, "Unavailable".to_owned()));
}

/// A silent single sign-on says when the person last proved it.
#[tokio::test]
async fn a_provider_that_has_not_asked_proves_nothing() {
    let world = World::new();
    world.provider.authenticated_ago(Duration::from_mins(20));
    let (mut browser, state) = sent_again(&world).await;
    let answer = browser.get(&format!("/finish?code=a-code&state={state}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, "NotRecent".to_owned()));
    assert_eq!(browser.who().await, "user@test.com [] - false");
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["2.0"]);
}

#[tokio::test]
async fn a_provider_whose_clock_is_slow_is_believed() {
    let world = World::new();
    world.provider.authenticated_ago(Duration::from_secs(20));
    let (mut browser, state) = sent_again(&world).await;
    assert_eq!(browser.get(&format!("/finish?code=a-code&state={state}")).await.0, StatusCode::OK);
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn the_way_back_from_a_sign_out_is_known_once_and_only_in_its_browser() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let state = state_of(browser.post("/sign-out").await);
    let back = format!("/left?state={state}");
    assert_eq!(world.browser().get(&back).await.1, "false", "another browser has not left");
    assert_eq!(browser.clone().get("/left?state=").await.1, "false");
    assert_eq!(browser.clone().get(&format!("{back}x")).await.1, "false");
    assert_eq!(browser.get(&back).await.1, "true");
    assert_eq!(browser.get(&back).await.1, "false");
}

#[tokio::test]
async fn the_way_back_from_a_sign_out_is_forgotten_after_ten_minutes() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let state = state_of(browser.post("/sign-out").await);
    world.advance(Duration::from_secs(601));
    assert_eq!(browser.get(&format!("/left?state={state}")).await.1, "false");
}
