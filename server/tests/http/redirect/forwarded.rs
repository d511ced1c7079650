//! Requests to an API while the provider changes its mind about a person.

use std::time::Duration;

use http::Method;

use super::world::World;
use crate::browser::Browser;
use crate::streams::{Api, assert_ends, opened};

/// Longer than an access token lives.
const LATER: Duration = Duration::from_mins(21);

async fn world(routes: &str) -> (World, Api) {
    let api = Api::default();
    let routes = api.behind(routes).await;
    (World::with(&[("PROXY_ROUTES", &routes)]).await, api)
}

async fn status(browser: &mut Browser, path: &str) -> u16 {
    browser.headers.insert("accept", "application/json".to_owned());
    browser.get(path).await.status
}

#[tokio::test]
async fn a_role_is_the_one_that_the_person_has_once_the_session_is_fresh() {
    for option in ["", " token=no"] {
        let (world, api) = world(&format!("/api/={{}} who=role:ADMIN{option}")).await;
        world.provider.grant_roles(&["ADMIN"]);
        let mut browser = world.signed_in().await;
        assert_eq!((status(&mut browser, "/api/7").await, api.seen()), (200, 1), "{option}");
        world.provider.grant_roles(&[]);
        world.advance(LATER);
        assert_eq!((status(&mut browser, "/api/7").await, api.seen()), (403, 1), "{option}");
        world.provider.grant_roles(&["ADMIN"]);
        world.advance(LATER);
        assert_eq!((status(&mut browser, "/api/7").await, api.seen()), (200, 2), "{option}");
        assert_eq!(world.provider.refreshes(), 2, "{option}");
    }
}

#[tokio::test]
async fn a_renewal_that_takes_the_role_away_ends_the_repetition() {
    for (roles, outcome) in [(&["ADMIN"][..], (200, 2)), (&[], (403, 1))] {
        let (world, api) = world("/api/={} who=role:ADMIN").await;
        world.provider.grant_roles(&["ADMIN"]);
        let mut browser = world.signed_in().await;
        world.provider.grant_roles(roles);
        assert_eq!((status(&mut browser, "/api/refused").await, api.seen()), outcome);
    }
}

#[tokio::test]
async fn a_session_that_the_provider_has_ended_is_over_for_routes_without_a_token_as_well() {
    let (world, api) = world("/api/={} token=no").await;
    let mut browser = world.signed_in().await;
    assert_eq!(status(&mut browser, "/api/7").await, 200);
    world.provider.reject_refreshes();
    world.advance(LATER);
    assert_eq!((status(&mut browser, "/api/7").await, api.seen()), (401, 1));
}

#[tokio::test]
async fn a_logout_that_the_provider_sends_ends_open_streams() {
    let (world, _) = world("/api/={}; /api/plain/={} token=no").await;
    let mut browser = world.signed_in().await;
    let mut with_token = opened(&mut browser, Method::GET, "/api/events").await;
    let mut without = opened(&mut browser, Method::GET, "/api/plain/events").await;
    world.settled().await;
    world.advance(Duration::from_secs(1));
    let answer = world.server().post("/auth/back-channel-logout", "logout_token=sid+sid-1+a").await;
    assert_eq!(answer.status, 200);
    assert_ends(&mut with_token).await;
    assert_ends(&mut without).await;
}
