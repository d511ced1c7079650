//! `POST /auth/back-channel-logout`, as the provider's server calls it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Method;

use super::world::{World, assert_shows};
use crate::browser::Answer;
use crate::log;
use crate::store_outage::Away;

const PATH: &str = "/auth/back-channel-logout";

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, &*format!(r#"{{"error":"{error}"}}"#)));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Sessions that began in the same millisecond as their end would survive it.
async fn later(world: &World) {
    world.settled().await;
    world.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn an_end_is_seen_by_every_replica_with_the_next_request() {
    let world = World::new().await;
    let (mut laptop, mut phone) = (world.signed_in().await, world.signed_in().await);
    phone.turn_to(world.replica(&[]).await);
    later(&world).await;
    let answer = world.server().post(PATH, "logout_token=sid+sid-1+a").await;
    assert_eq!((answer.status, answer.body.as_str(), answer.header("cache-control")), (200, "", "no-store"));
    assert_shows(&laptop.get("/account").await, None);
    let page = laptop.get("/login").await.body;
    assert!(page.contains("You have been logged out where you log in for this site"), "{page}");
    assert!(page.contains(r#"data-support-code="S11""#), "{page}");
    assert_shows(&phone.get("/account").await, Some("ada@test.com"));
    assert_eq!(world.server().post(PATH, "logout_token=sub+ada+b").await.status, 200);
    assert_shows(&phone.get("/account").await, None);
}

#[tokio::test]
async fn a_token_ends_something_once_across_replicas() {
    let world = World::new().await;
    assert_eq!(world.server().post(PATH, "logout_token=sub+ada+a").await.status, 200);
    later(&world).await;
    let mut browser = world.signed_in().await;
    let mut other = world.server();
    other.turn_to(world.replica(&[]).await);
    assert_refused(&other.post(PATH, "logout_token=sub+ada+a").await, 400, "invalid_request");
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
}

#[tokio::test]
async fn what_is_not_valid_is_a_400_in_json() {
    let world = World::new().await;
    for form in
        ["", "logout_token=", "logout_token=nonsense", "logout_token=sid+a+b&logout_token=sid+a+c", "x=1"]
    {
        assert_refused(&world.server().post(PATH, form).await, 400, "invalid_request");
        // Also for a browser: no page is rendered here.
        assert_refused(&world.browser().post(PATH, form).await, 400, "invalid_request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_bad_tokens_does_not_fill_the_log() {
    log::keep();
    let world = World::new().await;
    let lines = |words: &str| log::of_this_test().lines().filter(|line| line.contains(words)).count();
    for number in 0..200 {
        let form = format!("logout_token=nonsense-{number}");
        assert_refused(&world.server().post(PATH, &form).await, 400, "invalid_request");
        assert_refused(&world.server().post(PATH, "").await, 400, "invalid_request");
    }
    // They do not hide each other.
    assert_eq!(lines("a back-channel logout was refused"), 3);
    assert_eq!(lines("has no logout token"), 3);
    tokio::time::advance(Duration::from_mins(1)).await;
    world.server().post(PATH, "logout_token=nonsense").await;
    assert_eq!(lines("a back-channel logout was refused"), 4);
    assert!(log::of_this_test().contains("left_out=197"), "{}", log::of_this_test());
}

#[tokio::test]
async fn what_cannot_be_used_yet_is_a_503() {
    let world = World::new().await;
    let mut away = world.server();
    away.turn_to(world.replica_at(&[], Arc::new(Away)).await);
    assert_refused(&away.post(PATH, "logout_token=sid+sid-1+a").await, 503, "temporarily_unavailable");
    world.provider.is_down(true);
    assert_refused(
        &world.server().post(PATH, "logout_token=sid+sid-1+a").await,
        503,
        "temporarily_unavailable",
    );
}

/// A session of a person is no part of it, whatever the headers say.
#[tokio::test]
async fn it_is_exempt_from_the_cross_site_check_and_from_nothing_else() {
    let world = World::new().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://id.test"), ("origin", "null")]
    {
        let mut server = world.server();
        server.headers.insert(name, value.to_owned());
        let answer = server.post(PATH, &format!("logout_token=sid+sid-9+{name}{}", value.len())).await;
        assert_eq!(answer.status, 200, "{name}: {value}");
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let mut elsewhere = world.server();
    elsewhere.headers.insert("host", "evil.example".to_owned());
    assert_eq!(elsewhere.post(PATH, "logout_token=sid+sid-1+a").await.status, 421);
    let large = format!("logout_token={}", "x".repeat(64 * 1024));
    assert_refused(&world.server().post(PATH, &large).await, 413, "invalid_request");
    let mut json = world.server();
    json.headers.insert("content-type", "application/json".to_owned());
    let answer = json.send(Method::POST, PATH, Body::from(r#"{"logout_token":"sid sid-1 a"}"#)).await;
    assert_refused(&answer, 415, "invalid_request");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = world.server().send(method.clone(), PATH, Body::empty()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method}");
    }
    let answer = world.server().post(PATH, "logout_token=nonsense").await;
    assert_eq!(answer.header("x-request-id").len(), 16);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_does_not_arrive_is_a_408() {
    let world = World::new().await;
    let mut server = world.server();
    server.headers.insert("content-type", "application/x-www-form-urlencoded".to_owned());
    let never = Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
    assert_refused(&server.send(Method::POST, PATH, never).await, 408, "invalid_request");
}
