//! Sessions that end with the browser.

use std::time::Duration;

use axum::{Router, routing::any};
use ironleaf_session::{Decoder, Encoder, Payload, PayloadError, Session};

use crate::support::{Answer, Beginnings as _, Browser, HOUR, Site};

const MINUTE: Duration = Duration::from_mins(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Somebody who asked not to be remembered, with much or little text.
#[derive(Clone)]
struct Unremembered(String);

impl Payload for Unremembered {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.0);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self(input.str()?.to_owned()))
    }

    fn ends_with_browser(&self) -> bool {
        true
    }
}

fn browser(site: &Site) -> Browser {
    let router = Router::new()
        .route(
            "/sign-in",
            any(async |session: Session<Unremembered>, text: String| session.begins(Unremembered(text))),
        )
        .route("/read", any(async |session: Session<Unremembered>| session.current().is_some().to_string()))
        .route(
            "/rotate",
            any(async |session: Session<Unremembered>| assert!(session.rotate(|_| ()).is_some())),
        )
        .route("/sign-out", any(async |session: Session<Unremembered>| assert!(session.destroy())));
    Browser::new(router.layer(site.layer::<Unremembered>()))
}

async fn signed_in(site: &Site, text: &str) -> (Browser, Answer) {
    let mut browser = browser(site);
    let answer = browser.send("/sign-in", text).await;
    (browser, answer)
}

/// Whether no cookie of the answer outlives the browser. There is at least one.
fn ends_with_browser(answer: &Answer) -> bool {
    let cookies = answer.cookies();
    assert!(!cookies.is_empty());
    cookies.iter().all(|cookie| cookie.max_age().is_none() && cookie.expires().is_none())
}

async fn reads(browser: &mut Browser) -> bool {
    browser.get("/read").await.body == "true"
}

#[tokio::test]
async fn the_cookie_has_no_max_age_whenever_it_is_written() {
    let site = Site::new();
    let (mut browser, answer) = signed_in(&site, "text").await;
    assert!(ends_with_browser(&answer), "signed in");
    assert!(ends_with_browser(&browser.get("/rotate").await), "rotated");
    site.time.advance(6 * MINUTE);
    assert!(ends_with_browser(&browser.get("/read").await), "sealed again");
}

#[tokio::test]
async fn no_chunk_of_it_has_one_and_its_removal_has() {
    let site = Site::new();
    let (mut browser, answer) = signed_in(&site, &"long".repeat(1000)).await;
    assert!(ends_with_browser(&answer) && answer.cookies().len() > 1, "in chunks");
    let answer = browser.get("/sign-out").await;
    assert!(answer.cookies().len() > 1);
    for cookie in answer.cookies() {
        assert!(cookie.max_age().is_some_and(cookie::time::SignedDuration::is_zero), "{cookie}");
    }
}

#[tokio::test]
async fn it_ends_on_the_servers_clock_an_hour_after_the_last_request_that_sealed_it() {
    let site = Site::new();
    let (mut browser, _) = signed_in(&site, "text").await;
    site.time.advance(HOUR.saturating_sub(MILLISECOND));
    assert!(reads(&mut browser.clone()).await);
    site.time.advance(MILLISECOND);
    assert!(!reads(&mut browser).await);
}

#[tokio::test]
async fn requests_keep_it_alive_until_the_absolute_timeout() {
    let site = Site::new().with_settings(|settings| settings.absolute_timeout = 4 * HOUR);
    let (mut browser, _) = signed_in(&site, "text").await;
    for minutes in (48..4 * 60).step_by(48) {
        site.time.advance(48 * MINUTE);
        assert!(reads(&mut browser).await, "after {minutes} minutes");
    }
    site.time.advance(48 * MINUTE);
    assert!(!reads(&mut browser).await);
}

#[tokio::test]
async fn a_shorter_timeout_or_cap_counts_for_it_as_well() {
    let idle = Site::new().with_settings(|settings| settings.idle_timeout = 20 * MINUTE);
    let capped = Site::new().with_settings(|settings| settings.max_age_cap = Some(20 * MINUTE));
    for site in [idle, capped] {
        let (mut browser, _) = signed_in(&site, "text").await;
        site.time.advance((20 * MINUTE).saturating_sub(MILLISECOND));
        assert!(reads(&mut browser.clone()).await);
        site.time.advance(MILLISECOND);
        assert!(!reads(&mut browser).await);
    }
}
