//! Concurrent requests of one browser, each with its own copy of the session.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use http::StatusCode;
use ironleaf_session::{Beginning, Overtaken, Owner, Serde, Session};
use tokio::sync::Barrier;

use crate::support::{Beginnings as _, Browser, Site, Text, in_flight};

/// Several calls of one request, in the order in which the path names them.
async fn steps(session: Session<Text>, steps: String) -> String {
    for (number, step) in steps.split(' ').enumerate() {
        let text = format!("{step}{number}");
        match step {
            "modify" => assert!(session.modify(|payload| payload.0 = text).is_some()),
            "amend" => assert!(session.amend(|payload| payload.0 = text).is_some()),
            "rotate" => assert!(session.rotate(|payload| payload.0 = text).is_some()),
            "adopt" => assert!(session.adopt(7, Serde(text), None)),
            "insert" => session.begins(Serde(text)),
            "renew" => assert!(session.renew()),
            "rest" => assert!(!session.rests() && session.let_rest() && session.rests()),
            _ => panic!("no such step: {step}"),
        }
    }
    session.current().unwrap().rotation.to_string()
}

#[tokio::test]
async fn changes_count_as_one_rotation_and_only_where_nothing_else_has_counted() {
    for (calls, reads) in [
        ("modify", "1 modify0"),
        ("modify modify", "1 modify1"),
        ("amend", "0 amend0"),
        ("modify amend", "1 amend1"),
        ("renew", "0 text"),
        ("renew modify", "1 modify1"),
        ("rotate", "1 rotate0"),
        ("modify rotate", "1 rotate1"),
        ("rotate modify", "1 modify1"),
        ("rotate rotate", "2 rotate1"),
        ("adopt modify", "7 modify1"),
        ("modify adopt", "7 adopt1"),
        ("adopt rotate", "8 rotate1"),
        ("insert modify", "0 modify1"),
        ("modify insert", "0 insert1"),
        ("insert rotate", "1 rotate1"),
        ("modify rest", "1 modify0"),
        ("rotate rest", "1 rotate0"),
        ("insert rest", "0 insert0"),
    ] {
        for site in [Site::new(), Site::new().with_ledger()] {
            let mut browser = site.signed_in("text").await;
            let mut elsewhere =
                Browser::new(Router::new().route("/", any(steps)).layer(site.layer::<Text>()));
            elsewhere.jar.clone_from(&browser.jar);
            assert_eq!(elsewhere.send("/", calls).await.lines().len(), 1, "{calls}");
            browser.jar = elsewhere.jar;
            assert_eq!(browser.reads().await, reads, "{calls}");
        }
    }
}

#[tokio::test]
async fn of_two_changes_of_one_rotation_the_second_to_leave_is_refused_visibly() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let unchanged = browser.clone();
    let answer = in_flight(&site, &unchanged, async || {
        assert!(!browser.send("/write", "edited").await.overtaken);
    })
    .await;
    assert_eq!((answer.lines().len(), answer.overtaken), (0, true));
    assert_eq!(browser.reads().await, "1 edited");
    assert!(!browser.send("/write", "again").await.overtaken, "the next one is built on the newest");
    assert_eq!(browser.reads().await, "2 again");
}

#[tokio::test]
async fn a_renewal_that_was_overtaken_is_not_written_and_nothing_is_said() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let mut older = browser.clone();
    browser.send("/write", "edited").await;
    let answer = older.get("/renew").await;
    assert_eq!((answer.lines().len(), answer.overtaken), (0, false));
}

#[tokio::test]
async fn two_renewals_at_once_both_leave() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    browser.send("/write", "edited").await;
    let mut other = browser.clone();
    assert_eq!(browser.get("/renew").await.lines().len(), 1);
    assert_eq!(other.get("/renew").await.lines().len(), 1);
}

#[tokio::test]
async fn of_two_amendments_at_once_the_last_one_stays() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    let mut other = browser.clone();
    browser.send("/amend", "first").await;
    let answer = other.send("/amend", "second").await;
    browser.keep(&answer);
    assert_eq!(browser.reads().await, "0 second");
}

#[tokio::test]
async fn without_a_ledger_the_last_change_stays() {
    let site = Site::new();
    let mut browser = site.signed_in("text").await;
    let mut other = browser.clone();
    browser.send("/write", "first").await;
    let answer = other.send("/write", "second").await;
    browser.keep(&answer);
    assert_eq!((browser.reads().await.as_str(), answer.overtaken), ("1 second", false));
}

#[tokio::test]
async fn a_response_that_was_lost_holds_nobody_up_for_longer_than_a_minute() {
    let site = Site::new().with_ledger();
    let mut browser = site.signed_in("text").await;
    browser.clone().send("/write", "lost on its way").await;
    site.time.advance(Duration::from_mins(1));
    assert!(browser.send("/write", "too early").await.overtaken);
    site.time.advance(Duration::from_millis(1));
    assert!(!browser.send("/write", "again").await.overtaken);
    assert_eq!(browser.reads().await, "1 again");
}

/// As in `README.md`.
type Visits = Serde<u32>;

/// As in `README.md`.
async fn count(session: Session<Visits>) -> String {
    if session.modify(|visits| visits.0 += 1).is_none() {
        session.insert(Serde(1), Beginning::of(Owner::new("example", "visitor")));
    }
    format!("visit {}", session.current().map_or(0, |record| record.payload.0))
}

/// As in `README.md`.
async fn try_again(response: Response) -> Response {
    match response.extensions().get::<Overtaken>() {
        Some(_) => (StatusCode::CONFLICT, "try again").into_response(),
        None => response,
    }
}

/// The counter. It answers when this many requests have been counted.
fn counter(site: &Site, at_once: usize) -> Browser {
    let barrier = Arc::new(Barrier::new(at_once));
    let hold = move |request: Request, next: Next| {
        let barrier = Arc::clone(&barrier);
        async move {
            let response = next.run(request).await;
            barrier.wait().await;
            response
        }
    };
    let router = Router::new()
        .route("/", get(count))
        .layer(from_fn(hold))
        .layer(site.layer::<Visits>())
        .layer(map_response(try_again));
    Browser::new(router)
}

#[tokio::test]
async fn no_visit_of_the_counter_is_counted_and_lost_and_no_older_value_returns() {
    let site = Site::new().with_ledger();
    let mut browser = counter(&site, 1);
    assert_eq!(browser.get("/").await.body, "visit 1");

    let mut both = counter(&site, 2);
    both.jar.clone_from(&browser.jar);
    let mut other = both.clone();
    let (one, two) = tokio::join!(both.get("/"), other.get("/"));
    let mut outcomes = [&one, &two].map(|answer| (answer.status.as_u16(), answer.body.as_str()));
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(200, "visit 2"), (409, "try again")]);
    // One browser, whichever response reaches it last.
    for order in [[&one, &two], [&two, &one]] {
        let mut browser = browser.clone();
        for answer in order {
            browser.keep(answer);
        }
        assert_eq!(browser.get("/").await.body, "visit 3");
        site.time.advance(Duration::from_secs(61));
    }
}
