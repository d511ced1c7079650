//! A sign-in: what its session says, and what happens to its cookie.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body, routing::any};
use http::Request;
use ironleaf_session::{
    Advance, Beginning, Identity, Known, Leaving, Ledger as _, LedgerFuture, Left, MemoryLedger, Passage,
    Serde, Session, Tombstone,
};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::support::{Answer, Browser, HOUR, Site, Text, owner, with_sid};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The largest difference between the clocks of two machines.
const SKEW: Duration = Duration::from_secs(30);

/// What `sign_in` does, and what happened to each cookie that it began.
async fn outcomes(
    site: &Site,
    browser: &Browser,
    sign_in: impl AsyncFn(&Session<Text>) -> Vec<Leaving>,
) -> (Vec<Left>, Answer) {
    let (sessions, handed) = (Arc::new(Mutex::new(None)), Arc::new(Notify::new()));
    let answered = Arc::new(Notify::new());
    let handler = {
        let (sessions, handed, answered) =
            (Arc::clone(&sessions), Arc::clone(&handed), Arc::clone(&answered));
        move |session: Session<Text>| async move {
            *sessions.lock().unwrap() = Some(session);
            handed.notify_one();
            answered.notified().await;
        }
    };
    let router = Router::new().route("/", any(handler)).layer(site.layer::<Text>());
    let mut signing_in = Browser::new(router);
    signing_in.jar.clone_from(&browser.jar);
    let answer = tokio::spawn(async move { signing_in.get("/").await });
    handed.notified().await;
    let session = sessions.lock().unwrap().take().unwrap();
    let leaving = sign_in(&session).await;
    answered.notify_one();
    let answer = answer.await.unwrap();
    let mut left = Vec::new();
    for leaving in leaving {
        left.push(leaving.await);
    }
    (left, answer)
}

async fn outcome(site: &Site, sign_in: impl AsyncFn(&Session<Text>) -> Option<Leaving>) -> (Left, Answer) {
    let (left, answer) =
        outcomes(site, &site.browser(), async |session| Vec::from_iter(sign_in(session).await)).await;
    let [left] = left[..] else { panic!("one session was inserted") };
    (left, answer)
}

fn text() -> Text {
    Serde("text".to_owned())
}

/// Signs the owner out everywhere, on a machine whose clock is ahead by this much.
async fn end_everywhere(site: &Site, ahead: Duration) -> SystemTime {
    let not_before = site.time.now() + ahead;
    let tombstone = Tombstone::Owner { owner: owner(), not_before };
    site.ledger.as_ref().unwrap().end(&tombstone, not_before + HOUR).await.unwrap();
    not_before
}

#[tokio::test]
async fn a_cookie_that_leaves_is_written() {
    for site in [Site::new(), Site::new().with_ledger()] {
        let (left, answer) =
            outcome(&site, async |session| session.insert(text(), Beginning::of(owner()))).await;
        assert_eq!((left, answer.lines().len(), answer.refused), (Left::Written, 1, false));
    }
}

#[tokio::test]
async fn a_session_that_was_ended_while_it_began_is_refused_and_the_response_says_so() {
    let site = Site::new().with_ledger();
    let (left, answer) = outcome(&site, async |session| {
        let leaving = session.insert(text(), Beginning::of(owner()));
        site.time.advance(MILLISECOND);
        end_everywhere(&site, Duration::ZERO).await;
        leaving
    })
    .await;
    assert_eq!((left, answer.lines().len(), answer.refused), (Left::Refused, 0, true));
}

#[tokio::test]
async fn a_sign_in_is_newer_than_the_tombstones_that_existed_when_it_began() {
    let site = Site::new().with_ledger();
    let not_before = end_everywhere(&site, SKEW + Duration::from_micros(1)).await;
    let sign_in = async |not_before| {
        let beginning = Beginning { not_before, ..Beginning::of(owner()) };
        outcome(&site, async |session| session.insert(text(), beginning.clone())).await
    };
    let (left, answer) = sign_in(None).await;
    assert_eq!((left, answer.refused), (Left::Refused, true), "the clock that wrote the tombstone was ahead");
    let (left, answer) = sign_in(Some(not_before)).await;
    assert_eq!((left, answer.lines().len()), (Left::Written, 1));
    let mut browser = site.browser();
    browser.keep(&answer);
    assert_eq!(browser.reads().await, "0 text", "and it lives on");
    end_everywhere(&site, SKEW + 2 * MILLISECOND).await;
    assert_eq!(browser.reads().await, "anonymous", "a later tombstone ends it");
}

#[tokio::test]
async fn a_session_that_is_too_large_is_not_written() {
    let (left, answer) = outcome(&Site::new(), async |session| {
        session.insert(Serde("x".repeat(9_000)), Beginning::of(owner()))
    })
    .await;
    assert_eq!((left, answer.lines().len(), answer.too_large.is_some()), (Left::TooLarge, 0, true));
}

#[tokio::test]
async fn a_session_that_the_same_request_replaces_or_gives_up_is_cut() {
    let site = Site::new().with_ledger();
    let insert = |session: &Session<Text>| session.insert(text(), Beginning::of(owner())).unwrap();
    let (left, _) =
        outcomes(&site, &site.browser(), async |session| vec![insert(session), insert(session)]).await;
    assert_eq!(left, [Left::Cut, Left::Written]);
    for give_up in [Session::<Text>::destroy, Session::<Text>::disregard] {
        let (left, _) = outcome(&site, async |session| {
            let leaving = insert(session);
            give_up(session);
            Some(leaving)
        })
        .await;
        assert_eq!(left, Left::Cut);
    }
}

#[tokio::test]
async fn what_the_same_request_changes_of_its_new_session_leaves_with_it() {
    let (left, answer) = outcome(&Site::new().with_ledger(), async |session| {
        let leaving = session.insert(text(), Beginning::of(owner()));
        session.modify(|payload| payload.0.push('!'));
        session.rotate(|payload| payload.0.push('?'));
        leaving
    })
    .await;
    assert_eq!((left, answer.lines().len()), (Left::Written, 1));
}

type Begun = (Session<Text>, Leaving);

/// A page that begins a session, stores it and its `Leaving`, and then does `then`.
fn page<F>(site: &Site, begun: &Arc<Mutex<Option<Begun>>>, then: fn() -> F) -> Router
where
    F: Future<Output = ()> + Send + 'static,
{
    let place = Arc::clone(begun);
    let sign_in = move |session: Session<Text>| async move {
        let leaving = session.insert(text(), Beginning::of(owner())).unwrap();
        *place.lock().unwrap() = Some((session, leaving));
        then().await;
    };
    Router::new().route("/", any(sign_in)).layer(site.layer::<Text>())
}

#[tokio::test]
async fn a_request_that_is_dropped_cuts_its_session_although_clones_live_on() {
    let begun = Arc::default();
    let response = page(&Site::new(), &begun, std::future::pending).oneshot(Request::new(Body::empty()));
    tokio::select! {
        biased;
        _ = response => panic!("it never answers"),
        () = tokio::task::yield_now() => {}
    }
    let (session, leaving) = begun.lock().unwrap().take().unwrap();
    assert_eq!(leaving.await, Left::Cut);
    let first = session.current().unwrap().id;
    // Work that no closed connection may interrupt continues, and knows the session that it began.
    let leaving = session.insert(text(), Beginning::of(owner())).unwrap();
    assert_ne!(session.current().unwrap().id, first);
    assert_eq!(leaving.await, Left::Cut, "no response will carry it");
}

#[tokio::test]
async fn a_request_that_panics_cuts_its_session() {
    let begun = Arc::default();
    let router = page(&Site::new(), &begun, || async { panic!("in the middle of a sign-in") });
    tokio::spawn(router.oneshot(Request::new(Body::empty()))).await.unwrap_err();
    let (_session, leaving) = begun.lock().unwrap().take().unwrap();
    assert_eq!(leaving.await, Left::Cut);
}

#[tokio::test]
async fn what_tells_of_a_cookie_can_wait_in_a_task_of_its_own() {
    fn is_task<F: Future<Output = Left> + Send + Unpin + 'static>(_: &F) {}
    let site = Site::new();
    let begun = Arc::default();
    let answer = page(&site, &begun, || async {}).oneshot(Request::new(Body::empty())).await.unwrap();
    let (_, leaving) = begun.lock().unwrap().take().unwrap();
    is_task(&leaving);
    assert_eq!(tokio::spawn(leaving).await.unwrap(), Left::Written);
    assert_eq!(Answer::of(answer).await.lines().len(), 1);
}

#[tokio::test]
async fn the_beginning_says_when_the_owner_was_authenticated_and_the_session_began() {
    let site = Site::new();
    let now = site.time.now();
    let hour_ago = now - HOUR;
    let micro = Duration::from_micros(1);
    // `authenticated_at`, `not_before`, and the values of both in the session.
    for (authenticated_at, not_before, authenticated, created) in [
        (None, None, now, now),
        (Some(hour_ago), None, hour_ago, now),
        (Some(hour_ago + micro), Some(hour_ago), hour_ago, now),
        (Some(now + HOUR), Some(now + SKEW), now, now + SKEW),
        (None, Some(now + micro), now, now + MILLISECOND),
    ] {
        let record = Mutex::new(None);
        outcome(&site, async |session| {
            let leaving =
                session.insert(text(), Beginning { authenticated_at, not_before, ..Beginning::of(owner()) });
            *record.lock().unwrap() = session.current();
            leaving
        })
        .await;
        let record = record.lock().unwrap().take().unwrap();
        assert_eq!((record.authenticated_at, record.created_at), (authenticated, created));
        assert_eq!(record.sealed_at, now);
    }
}

#[tokio::test]
async fn a_renewal_may_bring_a_new_session_id_of_the_provider() {
    let site = Site::new().with_ledger();
    let adopt = async |session: Session<Text>, sid: String| {
        let rotation = session.current().unwrap().rotation + 1;
        assert!(session.adopt(rotation, text(), Some(sid).filter(|sid| !sid.is_empty())));
        session.current().unwrap().provider_sid.clone().unwrap()
    };
    let router = Router::new().route("/", any(adopt)).layer(site.layer::<Text>());
    let signed_in = site.signed_in("text").await;
    let mut browser = Browser::new(router);
    browser.jar = signed_in.jar;
    assert_eq!(browser.get("/").await.body, "sid");
    assert_eq!(browser.send("/", "sid-2").await.body, "sid-2");
    site.time.advance(HOUR);
    let tombstone = Tombstone::ProviderSid { sid: "sid-2".to_owned(), not_before: site.time.now() };
    site.ledger.as_ref().unwrap().end(&tombstone, site.time.now() + HOUR).await.unwrap();
    assert_eq!(browser.visit(&site).reads().await, "anonymous");
}

#[tokio::test]
async fn a_session_that_is_over_can_be_cleaned_up_after() {
    let over = async |session: Session<Text>| match session.over() {
        Some(record) => format!("{:?} {}", session.arrival(), record.payload.0),
        None => "nothing".to_owned(),
    };
    let site = Site::new().with_ledger();
    let cleans_up = |jar| {
        let mut browser = Browser::new(Router::new().route("/", any(over)).layer(site.layer::<Text>()));
        browser.jar = jar;
        browser
    };
    let answer = cleans_up(site.browser().jar).get("/").await;
    assert_eq!((answer.body.as_str(), answer.cache_control()), ("nothing", None));
    let mut browser = site.signed_in("text").await;
    let jar = browser.jar.clone();
    assert_eq!(cleans_up(jar.clone()).get("/").await.body, "nothing", "it lives");
    browser.get("/destroy").await;
    let answer = cleans_up(jar).get("/").await;
    assert_eq!((answer.body.as_str(), answer.cache_control()), ("Ended text", Some("no-store")));
    let jar = site.signed_in("idle").await.jar;
    site.time.advance(site.settings.idle_timeout);
    assert_eq!(cleans_up(jar).get("/").await.body, "Expired idle");
}

/// Counts the tombstones that the layer writes.
#[derive(Clone)]
struct Counting {
    ledger: Arc<MemoryLedger>,
    tombstones: Arc<Mutex<Vec<Tombstone>>>,
}

impl ironleaf_session::Ledger for Counting {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        self.ledger.standing(session)
    }

    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage> {
        self.ledger.advance(session, advance)
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        self.tombstones.lock().unwrap().push(tombstone.clone());
        self.ledger.end(tombstone, keep_until)
    }
}

#[tokio::test]
async fn the_end_of_the_session_that_came_in_is_written_down_once_or_left_to_the_caller() {
    let sign_out: fn(&Session<Text>) = |session| assert!(session.destroy());
    let sign_in: fn(&Session<Text>) = |session| {
        session.insert(text(), with_sid("new"));
    };
    let both: fn(&Session<Text>) = |session| {
        session.destroy();
        session.insert(text(), with_sid("new"));
        session.insert(text(), with_sid("newer"));
    };
    let disregard: fn(&Session<Text>) = |session| assert!(session.disregard());
    let too_large: fn(&Session<Text>) = |session| {
        session.insert(Serde("x".repeat(9_000)), Beginning::of(owner()));
    };
    for (change, by_the_caller, written, is_replaced) in [
        (sign_out, false, 1, false),
        (sign_in, false, 1, true),
        (both, false, 1, true),
        (sign_out, true, 0, false),
        (sign_in, true, 0, true),
        (both, true, 0, true),
        (disregard, false, 0, false),
        (too_large, false, 0, false),
    ] {
        let site = Site::new();
        let ledger = Counting {
            ledger: Arc::new(MemoryLedger::new(10, site.time.clock())),
            tombstones: Arc::default(),
        };
        let id = Arc::new(Mutex::new(None));
        let place = Arc::clone(&id);
        let handler = move |session: Session<Text>| async move {
            *place.lock().unwrap() = session.current();
            change(&session);
            if by_the_caller {
                session.end_is_written();
            }
        };
        let layer = site.layer::<Text>().with_ledger(ledger.clone());
        let mut browser = Browser::new(Router::new().route("/", any(handler)).layer(layer));
        browser.jar = site.signed_in("text").await.jar;
        browser.get("/").await;
        let came_in = id.lock().unwrap().take().unwrap();
        let expected = Tombstone::Session {
            id: came_in.id,
            owner: came_in.owner,
            created_at: came_in.created_at,
            is_replaced,
        };
        assert_eq!(*ledger.tombstones.lock().unwrap(), vec![expected.clone(); written]);
    }
}
