//! Links from e-mails, from their cookie to the core API.

use std::time::Duration;

use super::{assert_is, assert_said, assert_signed_in, assert_signed_out, change, links_to, routes, send};
use crate::browser::{Answer, Browser};
use crate::network::Outcome;
use crate::world::World;

const UNKNOWN: &str = "email=user@test.com&token=00000000-0000-4000-8000-000000000000&action=password";

/// The GET request of an e-mailed link.
async fn open(world: &World, browser: &mut Browser, page: &str, query: &str) -> Answer {
    browser.turn_to(routes(world));
    let answer = browser.get(&format!("{page}?{query}")).await;
    browser.turn_to(world.router.clone());
    assert_eq!(answer.status, 200);
    answer
}

async fn reset_link(world: &World) -> String {
    assert_said(&send(world, &mut world.browser(), "/reset?email=User@test.com").await, "asked");
    links_to(world, "user@test.com").await.remove(0)
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let world = World::new().await;
    let query = reset_link(&world).await;
    let mut browser = world.browser();
    let opened = open(&world, &mut browser, "/sign-in-link", &query).await;
    assert_eq!(opened.body, "user@test.com true");
    let (_, token) = query.split_once("token=").unwrap();
    let (token, _) = token.split_once('&').unwrap();
    assert!(opened.headers.values().all(|value| !value.to_str().unwrap().contains(token)));

    let mut again = browser.clone();
    assert_said(&send(&world, &mut browser, "/sign-in-link").await, "signed in");
    assert_is(&world, &mut browser, "user@test.com None true").await;
    assert_signed_in(&mut browser, "user@test.com").await;

    assert_said(&send(&world, &mut again, "/sign-in-link").await, "InvalidCredentials");
    assert!(again.session().is_none());
}

#[tokio::test]
async fn a_link_with_an_unknown_token_leaves_whoever_is_signed_in() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().cloned();
    open(&world, &mut browser, "/sign-in-link", UNKNOWN).await;
    assert_said(&send(&world, &mut browser, "/sign-in-link").await, "InvalidCredentials");
    assert_eq!(browser.session(), before.as_ref());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn a_link_takes_the_place_of_the_session_before_it() {
    let world = World::new().await;
    let query = reset_link(&world).await;
    let mut browser = world.browser();
    browser.sign_in("admin@test.com", "password1").await;
    let mut copy = browser.clone();
    open(&world, &mut browser, "/sign-in-link", &query).await;
    assert_said(&send(&world, &mut browser, "/sign-in-link").await, "signed in");
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_signed_out(&mut copy, "S2").await;
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1);
}

#[tokio::test]
async fn a_reset_says_nothing_about_who_has_an_account() {
    let world = World::new().await;
    assert_said(&send(&world, &mut world.browser(), "/reset?email=nobody@test.com").await, "asked");
    assert!(links_to(&world, "nobody@test.com").await.is_empty());
    for email in ["nonsense", "", &format!("{}@test.com", "a".repeat(300))] {
        let answer = send(&world, &mut world.browser(), &format!("/reset?email={email}")).await;
        assert!(answer.status == 409 && answer.body.starts_with("Invalid(["), "{email}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_answer_that_could_tell_who_has_an_account_is_no_answer() {
    let world = World::new().await;
    for (status, body) in [
        (403, r#"{"statusCode":403,"message":"Forbidden"}"#),
        (404, r#"{"statusCode":404,"message":"Not Found"}"#),
        (409, r#"{"statusCode":409,"message":"Conflict"}"#),
    ] {
        world.network.fail("/auth/tokens", Outcome::Answer(status, body));
        let answer = send(&world, &mut world.browser(), "/reset?email=user@test.com").await;
        assert_said(&answer, "Unavailable");
    }
}

#[tokio::test]
async fn an_address_is_verified_however_often_its_link_is_opened() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    assert_eq!(change(&world, &mut browser, "/update?email=new@test.com").await.status, 200);
    let query = links_to(&world, "new@test.com").await.remove(0);
    let mut elsewhere = world.browser();
    open(&world, &mut elsewhere, "/verification-link", &query).await;
    for _ in 0..2 {
        assert_said(&send(&world, &mut elsewhere, "/verification-link").await, "verified");
    }
    assert!(elsewhere.session().is_none(), "a link that verifies signs nobody in");
    assert_signed_in(&mut browser, "new@test.com").await;
}

#[tokio::test]
async fn garbage_verifies_nothing() {
    let world = World::new().await;
    let mut browser = world.browser();
    for token in ["garbage", "e30.e30.e30", "%00", "%F0%9F%8D%83"] {
        open(&world, &mut browser, "/verification-link", &format!("token={token}")).await;
        assert_said(&send(&world, &mut browser, "/verification-link").await, "InvalidToken");
    }
}

#[tokio::test]
async fn a_core_api_that_is_away_or_busy_is_told_apart_from_a_bad_link() {
    let world = World::new().await;
    let mut browser = world.browser();
    open(&world, &mut browser, "/verification-link", "token=a.b.c").await;
    open(&world, &mut browser, "/sign-in-link", UNKNOWN).await;
    for path in ["/verification-link", "/sign-in-link", "/reset?email=user@test.com"] {
        world.network.cut();
        assert_said(&send(&world, &mut browser, path).await, "Unavailable");
        world.network.heal();
        for endpoint in ["/auth/tokens", "/auth/action-requests"] {
            world.network.fail(endpoint, Outcome::Answer(429, "{}"));
            let answer = send(&world, &mut browser, path).await;
            let is_asked = (path == "/verification-link") == (endpoint == "/auth/action-requests");
            let busy = answer.body == "TooManyRequests { retry_after: Some(30s) }";
            assert_eq!(busy, is_asked, "{path}: {}", answer.body);
        }
        world.network.heal();
    }
}

#[tokio::test]
async fn a_core_api_that_hangs_hangs_nobody() {
    let world = World::new().await;
    let mut browser = world.browser();
    open(&world, &mut browser, "/verification-link", "token=a.b.c").await;
    open(&world, &mut browser, "/sign-in-link", UNKNOWN).await;
    tokio::time::pause();
    for (path, endpoint) in [
        ("/verification-link", "/auth/action-requests"),
        ("/sign-in-link", "/auth/tokens"),
        ("/reset?email=user@test.com", "/auth/tokens"),
    ] {
        world.network.fail(endpoint, Outcome::Hang);
        let begun = tokio::time::Instant::now();
        assert_said(&send(&world, &mut browser, path).await, "Unavailable");
        assert!(begun.elapsed() < Duration::from_secs(11), "{path}: {:?}", begun.elapsed());
    }
}
