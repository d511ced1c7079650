//! Timeouts, measured by the server's clock.

use std::time::{Duration, SystemTime};

use axum::{Router, routing::any};
use ironleaf_session::{Decoder, Encoder, Payload, PayloadError, Session};

use crate::support::{Beginnings as _, Browser, COOKIE, DAY, HOUR, Site, Text};

const MINUTE: Duration = Duration::from_mins(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn max_age(answer: &crate::support::Answer) -> u64 {
    let [cookie] = &answer.cookies()[..] else { panic!("one cookie") };
    cookie.max_age().unwrap().whole_seconds().try_into().unwrap()
}

#[tokio::test]
async fn an_idle_session_ends_on_the_servers_clock() {
    let site = Site::new();
    let mut browser = site.signed_in("text").await;
    site.time.advance((7 * DAY).saturating_sub(MILLISECOND));
    assert_eq!(browser.clone().reads().await, "0 text");
    site.time.advance(MILLISECOND);
    let answer = browser.get("/arrival").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("Expired", 0));
    assert_eq!(browser.reads().await, "anonymous");
}

#[tokio::test]
async fn somebody_who_only_reads_stays_signed_in_until_the_absolute_timeout() {
    let site = Site::new();
    let mut browser = site.signed_in("text").await;
    for day in 1..30 {
        site.time.advance(DAY);
        assert_eq!(browser.reads().await, "0 text", "day {day}");
    }
    site.time.advance(DAY.saturating_sub(MILLISECOND));
    assert_eq!(browser.reads().await, "0 text");
    site.time.advance(MILLISECOND);
    assert_eq!(browser.reads().await, "anonymous");
}

#[tokio::test]
async fn a_page_that_ignores_the_session_keeps_it_alive_too() {
    let site = Site::new();
    let mut browser = site.signed_in("text").await;
    site.time.advance(HOUR);
    let answer = browser.get("/plain").await;
    assert_eq!((answer.lines().len(), answer.cache_control()), (1, Some("no-store")));
}

#[tokio::test]
async fn a_seal_is_renewed_once_it_is_older_than_the_threshold() {
    let hour_of_week = (7 * DAY, HOUR);
    let tenth_of_hour = (HOUR, 6 * MINUTE);
    for (idle, threshold) in [hour_of_week, tenth_of_hour] {
        let site = Site::new().with_settings(|settings| settings.idle_timeout = idle);
        let mut browser = site.signed_in("text").await;
        site.time.advance(threshold.saturating_sub(MILLISECOND));
        assert_eq!(browser.get("/read").await.lines().len(), 0, "{idle:?}");
        site.time.advance(MILLISECOND);
        assert_eq!(browser.get("/read").await.lines().len(), 1, "{idle:?}");
        assert_eq!(browser.get("/read").await.lines().len(), 0, "{idle:?}");
    }
}

#[tokio::test]
async fn a_request_that_lets_the_session_rest_does_not_prolong_it() {
    let site = Site::new().with_settings(|settings| settings.idle_timeout = HOUR);
    let mut browser = site.signed_in("text").await;
    for _ in 0..5 {
        site.time.advance(10 * MINUTE);
        let answer = browser.get("/rest").await;
        assert_eq!((answer.body.as_str(), answer.lines().len()), ("true", 0));
    }
    let mut used = browser.clone();
    assert_eq!(used.get("/read").await.lines().len(), 1, "the next use renews it");
    site.time.advance(10 * MINUTE);
    assert_eq!(browser.reads().await, "anonymous");
    assert_eq!(used.reads().await, "0 text");
}

#[tokio::test]
async fn nobody_is_timed_out_earlier_than_idle_minus_the_threshold() {
    let site = Site::new().with_settings(|settings| settings.idle_timeout = HOUR);
    let mut browser = site.signed_in("text").await;
    site.time.advance((6 * MINUTE).saturating_sub(MILLISECOND));
    browser.reads().await;
    site.time.advance(54 * MINUTE);
    assert_eq!(browser.reads().await, "0 text");
}

#[tokio::test]
async fn renewal_moves_neither_the_beginning_nor_the_authentication() {
    let site = Site::new();
    let times = async |session: Session<Text>| {
        let record = session.current().unwrap();
        format!("{:?} {:?}", record.created_at, record.authenticated_at)
    };
    let mut browser = site.signed_in("text").await;
    let began = site.time.now();
    site.time.advance(DAY);
    browser.get("/renew").await;
    browser.send("/write", "other").await;
    browser.send("/rotate", "third").await;
    let mut elsewhere = Browser::new(Router::new().route("/", any(times)).layer(site.layer::<Text>()));
    elsewhere.jar = browser.jar;
    assert_eq!(elsewhere.get("/").await.body, format!("{began:?} {began:?}"));
}

#[tokio::test]
async fn max_age_is_the_least_of_idle_absolute_and_cap() {
    let site = Site::new();
    assert_eq!(max_age(&site.browser().get("/sign-in").await), 7 * 86_400);

    let site = Site::new().with_settings(|settings| settings.idle_timeout = 30 * DAY);
    let mut browser = site.signed_in("text").await;
    site.time.advance(25 * DAY);
    assert_eq!(max_age(&browser.get("/renew").await), 5 * 86_400);

    let site = Site::new().with_settings(|settings| settings.max_age_cap = Some(HOUR));
    assert_eq!(max_age(&site.browser().get("/sign-in").await), 3600);
}

#[tokio::test]
async fn the_cap_counts_on_the_servers_clock_from_the_last_seal() {
    let capped = || Site::new().with_settings(|settings| settings.max_age_cap = Some(HOUR));
    let site = capped();
    let mut browser = site.signed_in("text").await;
    site.time.advance(HOUR.saturating_sub(MILLISECOND));
    assert_eq!(browser.clone().reads().await, "0 text");
    site.time.advance(MILLISECOND);
    // The browser in this test keeps its cookies for ever.
    assert_eq!(browser.get("/arrival").await.body, "Expired");

    let site = capped();
    let mut browser = site.signed_in("text").await;
    site.time.advance((6 * MINUTE).saturating_sub(MILLISECOND));
    assert_eq!(browser.get("/read").await.lines().len(), 0);
    site.time.advance(MILLISECOND);
    assert_eq!(max_age(&browser.get("/read").await), 3600, "a tenth of the cap has passed");
    for request in 0..30 {
        site.time.advance(6 * MINUTE);
        assert_eq!(browser.reads().await, "0 text", "request {request}");
    }
}

/// A payload that expires with a token inside it.
#[derive(Clone, Debug, PartialEq)]
struct Expiring(SystemTime);

impl Payload for Expiring {
    fn encode(&self, out: &mut Encoder) {
        out.seconds(self.0);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        input.seconds().map(Self)
    }

    fn expires_at(&self) -> Option<SystemTime> {
        Some(self.0)
    }
}

#[tokio::test]
async fn a_session_lives_no_longer_than_its_payload() {
    let site = Site::new();
    let expires_at = site.time.now() + 2 * HOUR;
    let sign_in = move |session: Session<Expiring>| async move {
        session.begins(Expiring(expires_at));
    };
    let arrival = async |session: Session<Expiring>| format!("{:?}", session.arrival());
    let router = Router::new()
        .route("/sign-in", any(sign_in))
        .route("/", any(arrival))
        .layer(site.layer::<Expiring>());
    let mut browser = Browser::new(router);
    assert_eq!(max_age(&browser.get("/sign-in").await), 7200);
    site.time.advance((2 * HOUR).saturating_sub(Duration::from_secs(1)));
    assert_eq!(max_age(&browser.get("/").await), 1);
    site.time.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/").await.body, "Expired");
}

#[tokio::test]
async fn a_clock_that_is_behind_the_one_that_sealed_does_no_harm() {
    let ahead = Site::new();
    ahead.time.advance(30 * Duration::from_secs(1));
    let mut browser = ahead.signed_in("text").await;
    let answer = browser.visit(&Site::new()).get("/read").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("0 text", 0));
    assert!(browser.jar.contains_key(COOKIE));
}
