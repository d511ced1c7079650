//! What answers of the API say about the grant that made the call.

use std::time::Duration;

use crate::world::World;

#[tokio::test]
async fn a_change_at_once_is_seen_by_the_next_request_and_by_an_older_cookie() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let mut other_tab = browser.clone();
    world.provider.answer(200, "at-once changed");
    assert_eq!(browser.get("/call").await.1, "200");
    assert_eq!(browser.who().await, "user@test.com [] changed true");
    assert_eq!(other_tab.who().await, "user@test.com [] changed true");
}

#[tokio::test]
async fn a_change_that_can_wait_costs_the_store_nothing() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let before = world.records().await;
    world.provider.answer(200, "lazily noted");
    assert_eq!(browser.get("/call").await.1, "200");
    world.settled().await;
    assert_eq!(world.records().await, before);
    assert_eq!(world.provider.refreshes(), 0);
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_looked_at_once_and_costs_nothing() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    let (records, cookies) = (world.records().await, browser.cookies().clone());
    for number in 1..=3 {
        assert_eq!(browser.get("/call").await.1, "200");
        assert_eq!(world.provider.observed().len(), number);
    }
    assert_eq!((world.records().await, browser.cookies()), (records, &cookies));
}

/// When a session at the provider is gone, the answer often clears its cookies as well. The refresh needs the old ones.
#[tokio::test]
async fn nothing_is_learnt_from_a_refusal_or_an_outage() {
    for status in [401, 500, 503] {
        let world = World::new();
        let mut browser = world.signed_in().await;
        world.provider.answer(status, "at-once cleared");
        let (_, said) = browser.get("/call").await;
        if status == 401 {
            assert_eq!((said.as_str(), world.provider.refreshes()), ("200", 1), "refreshed, and asked again");
            assert_eq!(world.provider.observed().len(), 1, "the second answer alone");
        } else {
            assert_eq!((world.provider.refreshes(), world.provider.observed().len()), (0, 0));
        }
        assert_eq!(browser.who().await, "user@test.com [] - true");
    }
}

#[tokio::test]
async fn each_api_of_the_provider_has_its_own_address() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    for path in ["/call", "/call?api=cart", "/call?api=api"] {
        assert_eq!(browser.get(path).await.1, "200");
    }
    let (_, unknown) = browser.get("/call?api=nowhere").await;
    assert!(unknown.starts_with("Unavailable("), "{unknown}");
    let urls: Vec<_> = world.provider.calls().into_iter().map(|(url, _)| url).collect();
    assert_eq!(urls, ["http://api.test/v1/things", "http://cart.test/things", "http://api.test/v1/things"]);
    // With each answer, the provider learns what it is to.
    let asked: Vec<_> = urls.iter().map(|url| format!("GET {url}")).collect();
    assert_eq!(world.provider.observed(), asked);
}

#[tokio::test]
async fn a_call_uses_the_newest_token() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(30));
    assert_eq!(browser.get("/call").await.1, "200");
    assert_eq!(world.provider.calls().pop().unwrap().1.as_deref(), Some("1.1"));
}

/// One before the token is presented, one for the result. The note that the browser has it may be lost.
#[tokio::test]
async fn a_refresh_waits_for_the_disk_twice() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.settled().await;
    for number in 1..=10 {
        world.advance(Duration::from_mins(30));
        let before = world.synced_writes();
        for _ in 0..3 {
            assert!(browser.who().await.starts_with("user@test.com"));
            world.settled().await;
        }
        assert_eq!((world.provider.refreshes(), world.synced_writes() - before), (number, 2));
    }
}
