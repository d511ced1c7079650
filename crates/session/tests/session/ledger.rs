//! What a ledger adds: an ended session stays ended, and nothing older overwrites something newer.

use axum::{Router, routing::any};
use ironleaf_session::{
    Advance, Identity, Known, Ledger, LedgerError, LedgerFuture, Passage, Session, SessionLayer, Tombstone,
};

use crate::support::{Browser, COOKIE, HOUR, Site, Text, in_flight, owner};

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

/// Whoever is told that a session is over needs its cookie no longer. A living session stays.
#[tokio::test]
async fn the_cookie_of_a_session_that_is_over_can_be_discarded_and_that_of_a_living_one_cannot() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let mut copy = browser.clone();
    let living = browser.get("/discard").await;
    assert_eq!((living.body.as_str(), living.lines().len()), ("false", 0));
    browser.get("/destroy").await;
    let over = copy.get("/discard").await;
    assert_eq!((over.body.as_str(), over.lines().len()), ("true", 1));
    assert!(over.lines()[0].starts_with(&format!("{COOKIE}=; ")), "{:?}", over.lines());
    assert_eq!(copy.get("/arrival").await.body, "Absent");
    assert_eq!(copy.get("/discard").await.lines(), [""; 0], "there is none to remove");
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
    assert_eq!((answer.lines().len(), answer.overtaken), (0, true));
    assert_eq!(browser.reads().await, "1 rotated");
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

    fn advance<'a>(&'a self, _: &'a Identity, _: &'a Advance) -> LedgerFuture<'a, Passage> {
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
