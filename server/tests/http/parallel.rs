//! Many requests with the same cookie, whose access token has expired.

use std::time::Duration;

use axum::Router;
use futures_util::future::join_all;
use futures_util::poll;

use crate::browser::{Answer, Browser};
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

fn assert_shows_the_person(page: &Answer) {
    assert!(
        page.status == 200 && page.body.contains("user@test.com"),
        "{} {}: {}",
        page.status,
        page.location(),
        page.body
    );
}

/// Sends 200 `GET /account` at the same time, spread over the replicas.
async fn storm(browser: &Browser, replicas: &[Router]) -> Vec<Answer> {
    join_all((0..200).map(|number| {
        let mut tab = browser.clone();
        tab.turn_to(replicas[number % replicas.len()].clone());
        async move { tab.get("/account").await }
    }))
    .await
}

async fn assert_one_refresh_serves_all(world: &World, replicas: &[Router]) {
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    tokio::time::pause();
    for page in storm(&browser, replicas).await {
        assert_shows_the_person(&page);
    }
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (1, 0));

    world.advance(Duration::from_mins(1));
    for replica in replicas {
        let mut late = browser.clone();
        late.turn_to(replica.clone());
        assert_shows_the_person(&late.get("/account").await);
    }
    assert_shows_the_person(&browser.get("/account").await);
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (1, 0));
}

#[tokio::test]
async fn two_hundred_requests_refresh_once_and_all_show_the_person() {
    let world = World::new().await;
    assert_one_refresh_serves_all(&world, std::slice::from_ref(&world.router)).await;
}

#[tokio::test]
async fn two_hundred_requests_at_two_replicas_refresh_once_and_all_show_the_person() {
    let world = World::new().await;
    assert_one_refresh_serves_all(&world, &[world.router.clone(), world.replica(&[]).await]).await;
}

#[tokio::test]
async fn a_thousand_connections_that_close_on_their_refresh_lose_no_session() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    tokio::time::pause();
    let mut closed = 0;
    for round in 0.. {
        world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
        let mut leader = browser.clone();
        {
            let mut request = Box::pin(leader.get("/account"));
            // Immediately or a little later: before, during and after the sending of the refresh.
            let mut answered = false;
            for _ in 0..=round % 8 {
                answered = poll!(request.as_mut()).is_ready();
                if answered {
                    break;
                }
                tokio::task::yield_now().await;
            }
            closed += u32::from(!answered);
        }
        assert_shows_the_person(&browser.get("/account").await);
        if closed == 1_000 {
            break;
        }
        if round % 1_000 == 999 {
            // The number of rounds depends on the machine, and a session ends after 30 days.
            browser = world.signed_in().await;
        }
    }
    assert_eq!(world.stats().refreshes_refused, 0);
}

#[tokio::test]
async fn a_laptop_that_slept_for_twelve_hours_is_three_rotations_behind_and_finds_its_session() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut laptop = browser.clone();
    for _ in 0..3 {
        world.advance(Duration::from_hours(4));
        assert_shows_the_person(&browser.get("/account").await);
    }
    assert_eq!(world.stats().refreshes_accepted, 3);
    assert_shows_the_person(&laptop.get("/account").await);
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_shows_the_person(&laptop.get("/account").await);
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (4, 0));
}

#[tokio::test]
async fn a_browser_that_loses_every_answer_keeps_its_session() {
    let world = World::new().await;
    let browser = world.signed_in().await;
    for _ in 0..3 {
        world.advance(Duration::from_hours(4));
        assert_shows_the_person(&browser.clone().get("/account").await);
    }
    assert_eq!((world.stats().refreshes_accepted, world.stats().refreshes_refused), (3, 0));
}
