//! What a ledger adds: a session that was ended stays ended, and nothing older overwrites the newer.

use std::sync::Arc;

use axum::{Router, routing::any};
use ironleaf_session::{
    Identity, Known, Ledger, LedgerError, LedgerFuture, Session, SessionLayer, Standing, Tombstone,
};
use tokio::sync::Notify;

use crate::support::{Answer, Browser, COOKIE, HOUR, Site, Text, owner};

/// A page that changes the session and answers only when it is told to.
fn slow_page(site: &Site, page: Arc<Notify>, reached: Arc<Notify>) -> Router {
    let slow = move |session: Session<Text>| {
        let (page, reached) = (Arc::clone(&page), Arc::clone(&reached));
        async move {
            session.modify(|payload| payload.0.push_str(" and slow"));
            reached.notify_one();
            page.notified().await;
        }
    };
    Router::new().route("/", any(slow)).layer(site.layer::<Text>())
}

/// Sends a request of the browser to the slow page, does `meanwhile`, and lets it answer.
async fn in_flight(site: &Site, browser: &Browser, meanwhile: impl AsyncFnOnce()) -> Answer {
    let (page, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = slow_page(site, Arc::clone(&page), Arc::clone(&reached));
    let mut slow = Browser::new(router);
    slow.jar.clone_from(&browser.jar);
    let response = tokio::spawn(async move { slow.get("/").await });
    reached.notified().await;
    meanwhile().await;
    page.notify_one();
    response.await.unwrap()
}

#[tokio::test]
async fn a_copied_cookie_is_dead_after_sign_out() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let mut copy = browser.clone();
    browser.get("/destroy").await;
    let answer = copy.get("/arrival").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("Ended", 0));
    assert_eq!(copy.reads().await, "anonymous");
}

#[tokio::test]
async fn a_response_in_flight_does_not_bring_a_destroyed_session_back() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let unchanged = browser.clone();
    let answer = in_flight(&site, &unchanged, async || {
        browser.get("/destroy").await;
    })
    .await;
    assert_eq!(answer.lines(), [""; 0]);
}

#[tokio::test]
async fn a_response_in_flight_does_not_overwrite_a_newer_rotation() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let unchanged = browser.clone();
    let answer = in_flight(&site, &unchanged, async || {
        browser.send("/rotate", "rotated").await;
    })
    .await;
    assert_eq!(answer.lines(), [""; 0]);
    assert_eq!(browser.reads().await, "1 rotated");
}

#[tokio::test]
async fn of_two_edits_of_one_rotation_the_last_writer_wins() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let unchanged = browser.clone();
    let answer = in_flight(&site, &unchanged, async || {
        browser.send("/write", "edited").await;
    })
    .await;
    browser.keep(&answer);
    assert_eq!(browser.reads().await, "0 text and slow");
}

#[tokio::test]
async fn signing_in_over_a_session_ends_the_old_one() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("old").await;
    let mut copy = browser.clone();
    browser.send("/sign-in", "new").await;
    assert_eq!(browser.reads().await, "0 new");
    assert_eq!(copy.reads().await, "anonymous");
}

#[tokio::test]
async fn a_sign_in_that_does_not_fit_leaves_the_old_session_alive() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("old").await;
    let answer = browser.send("/sign-in", &"x".repeat(9_000)).await;
    assert!(answer.too_large.is_some());
    assert_eq!(browser.reads().await, "0 old");
}

#[tokio::test]
async fn a_tombstone_of_the_owner_ends_every_earlier_session_and_no_later_one() {
    let site = Site::new().with_ledger();
    let mut before = site.signed_in("before").await;
    site.time.advance(HOUR);
    let everyone = Tombstone::Owner { owner: owner(), not_before: site.time.now() };
    site.ledger.as_ref().unwrap().end(&everyone, site.time.now() + HOUR).await.unwrap();
    assert_eq!(before.reads().await, "anonymous");
    assert_eq!(site.signed_in("after").await.reads().await, "0 after");
}

#[tokio::test]
async fn a_tombstone_of_the_providers_sid_ends_its_sessions() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    site.time.advance(HOUR);
    let sid = Tombstone::ProviderSid { sid: "sid".to_owned(), not_before: site.time.now() };
    site.ledger.as_ref().unwrap().end(&sid, site.time.now() + HOUR).await.unwrap();
    assert_eq!(browser.reads().await, "anonymous");
}

/// A ledger whose server is down.
struct Unreachable;

impl Ledger for Unreachable {
    fn standing<'a>(&'a self, _: &'a Identity) -> LedgerFuture<'a, Known> {
        Box::pin(async { Err(LedgerError::Unreachable("down".into())) })
    }

    fn advance<'a>(
        &'a self,
        _: &'a Identity,
        _: u64,
        _: std::time::SystemTime,
    ) -> LedgerFuture<'a, Standing> {
        Box::pin(async { Err(LedgerError::Unreachable("down".into())) })
    }

    fn end<'a>(&'a self, _: &'a Tombstone, _: std::time::SystemTime) -> LedgerFuture<'a, ()> {
        Box::pin(async { Err(LedgerError::Unreachable("down".into())) })
    }
}

#[tokio::test]
async fn an_unreachable_ledger_fails_neither_reading_nor_signing_out_and_the_session_says_so() {
    let site = Site::new();
    let layer: SessionLayer<Text> = site.layer();
    let router = Router::new()
        .route("/arrival", any(async |session: Session<Text>| format!("{:?}", session.arrival())))
        .route("/rotate", any(async |session: Session<Text>| format!("{:?}", session.rotate(|_| ()))))
        .route("/destroy", any(async |session: Session<Text>| session.destroy().to_string()))
        .layer(layer.with_ledger(Unreachable));
    let mut browser = Browser::new(router);
    browser.jar = site.signed_in("text").await.jar;
    assert_eq!(browser.get("/arrival").await.body, "Unchecked");
    assert_eq!(browser.get("/rotate").await.lines().len(), 1, "the rotation may exist nowhere else");
    assert_eq!(browser.get("/destroy").await.lines().len(), 1);
    assert!(!browser.jar.contains_key(COOKIE));
}
