//! The pages' answers while the store is down.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_store::{Draft, Expected, Holder, Key, Record, Store, StoreError, Written};

use crate::browser::{Browser, SESSION, every_page};
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);
const SECOND: Duration = Duration::from_secs(1);

/// The pages that need a signed-in person but do not call the core API.
async fn for_somebody(world: &World) -> Vec<String> {
    let mut person = world.administrator().await;
    let mut found = Vec::new();
    for path in every_page() {
        let stranger = world.browser().get(&path).await;
        world.network.take_calls();
        person.get(&path).await;
        let calls_core_api = !world.network.take_calls().is_empty();
        if stranger.location().starts_with("/login") && !calls_core_api {
            found.push(path);
        }
    }
    assert!(found.len() >= 3, "{found:?}");
    found
}

/// A person this long after their sign-in, at a replica that cannot find out whether the session was ended.
async fn unchecked(world: &World, after: Duration) -> Browser {
    let mut browser = world.signed_in().await;
    world.advance(after);
    browser.turn_to(world.replica_at(Arc::new(Away)).await);
    browser
}

#[tokio::test]
async fn a_page_for_somebody_is_there_as_long_as_the_access_token_lives() {
    let world = World::new().await;
    let for_somebody = for_somebody(&world).await;
    let mut browser = unchecked(&world, ACCESS_TOKEN_LIFE.saturating_sub(SECOND)).await;
    for path in &for_somebody {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_page_for_somebody_waits_until_it_can_be_told_whether_they_are_signed_in() {
    let world = World::new().await;
    let for_somebody = for_somebody(&world).await;
    let mut browser = unchecked(&world, ACCESS_TOKEN_LIFE + SECOND).await;
    let before = browser.session().cloned();
    for path in &for_somebody {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.location()), (503, ""), "{path}");
        assert!(page.header("retry-after").parse::<u64>().unwrap() > 0, "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert!(page.body.contains("Temporarily unavailable"), "{path}: {}", page.body);
        assert!(!page.body.contains("user@test.com"), "{path} shows whose session it is");
        assert!(page.set_cookies(SESSION).is_empty() && browser.session() == before.as_ref(), "{path}");
    }
    browser.turn_to(world.router.clone());
    for path in &for_somebody {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn no_page_sends_somebody_who_may_be_signed_in_to_the_sign_in_page() {
    let world = World::new().await;
    let mut browser = unchecked(&world, ACCESS_TOKEN_LIFE + SECOND).await;
    for page in every_page() {
        let answer = browser.get(&page).await;
        assert!(matches!(answer.status, 200 | 404 | 503), "{page}: {}", answer.location());
    }
}

#[tokio::test]
async fn no_header_offers_a_sign_in_to_somebody_who_may_be_signed_in() {
    let world = World::new().await;
    let for_somebody = for_somebody(&world).await;
    let mut browser = unchecked(&world, ACCESS_TOKEN_LIFE + SECOND).await;
    for path in ["/", "/nowhere"].into_iter().chain(for_somebody.iter().map(String::as_str)) {
        let page = browser.get(path).await;
        assert!(
            page.body.contains("</header>") && !page.body.contains("\"/login\""),
            "{path}: {}",
            page.body
        );
    }
    let mut stranger = world.browser();
    stranger.turn_to(world.replica_at(Arc::new(Away)).await);
    assert!(stranger.get("/").await.body.contains("\"/login\""), "nobody has a session to lose");
}

#[tokio::test]
async fn who_has_no_session_is_sent_to_the_sign_in_page_all_the_same() {
    let world = World::new().await;
    let for_somebody = for_somebody(&world).await;
    let mut stranger = world.browser();
    stranger.turn_to(world.replica_at(Arc::new(Away)).await);
    for path in &for_somebody {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().starts_with("/login"), "{path}: {}", answer.location());
    }
}

/// A store that does not answer.
pub(crate) struct Away;

fn away() -> StoreError {
    StoreError::Unreachable("connection refused".into())
}

#[async_trait]
impl Store for Away {
    async fn read(&self, _: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        Err(away())
    }

    async fn write(&self, _: &Key, _: Expected, _: Draft) -> Result<Written, StoreError> {
        Err(away())
    }

    async fn acquire(&self, _: &Key, _: &Holder, _: Duration) -> Result<bool, StoreError> {
        Err(away())
    }

    async fn renew(&self, _: &Key, _: &Holder, _: Duration) -> Result<bool, StoreError> {
        Err(away())
    }

    async fn release(&self, _: &Key, _: &Holder) -> Result<(), StoreError> {
        Err(away())
    }

    async fn check(&self) -> Result<(), StoreError> {
        Err(away())
    }
}
