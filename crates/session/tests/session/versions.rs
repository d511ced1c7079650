//! A payload that changes from one release to the next, while browsers have sessions of both.

use std::time::Duration;

use axum::{Router, routing::any};
use ironleaf_session::{
    Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Serde, Session, SessionLayer,
};

use crate::support::{Beginnings as _, Browser, COOKIE, Site};

/// The payload of the first release.
#[derive(Clone, Debug)]
struct First {
    name: String,
    rest: Vec<u8>,
}

impl Payload for First {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.name);
        out.raw(&self.rest);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { name: input.str()?.to_owned(), rest: input.rest().to_vec() })
    }
}

/// The second release has appended a field.
#[derive(Clone, Debug)]
struct Appended {
    name: String,
    visits: u64,
    rest: Vec<u8>,
}

impl Payload for Appended {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.name);
        out.varint(self.visits);
        out.raw(&self.rest);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let name = input.str()?.to_owned();
        let visits = if input.is_empty() { 0 } else { input.varint()? };
        Ok(Self { name, visits, rest: input.rest().to_vec() })
    }
}

/// The third release has a new encoding. It reads the second's, but not version 0 any more.
#[derive(Clone, Debug)]
struct Raised {
    visits: u64,
    name: String,
}

impl Payload for Raised {
    const VERSION: u32 = 2;

    fn encode(&self, out: &mut Encoder) {
        out.varint(self.visits);
        out.str(&self.name);
    }

    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        match version {
            1 => Appended::decode(1, input).map(|Appended { name, visits, .. }| Self { visits, name }),
            2 => Ok(Self { visits: input.varint()?, name: input.str()?.to_owned() }),
            dropped => Err(PayloadError::UnknownVersion(dropped)),
        }
    }
}

/// The payload before the first release.
#[derive(Clone, Debug)]
struct Zeroth;

impl Payload for Zeroth {
    const VERSION: u32 = 0;

    fn encode(&self, _: &mut Encoder) {}

    fn decode(_: u32, _: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self)
    }
}

/// A release: pages that show its payload, and sign in or rename with it.
fn release<P: Payload + std::fmt::Debug>(site: &Site, payload: P, rename: fn(&mut P, String)) -> Router {
    let layer: SessionLayer<P> = site.layer();
    let sign_in = move |session: Session<P>| async move {
        session.begins(payload);
    };
    let read = async |session: Session<P>| match session.current() {
        Some(record) => format!("{:?}", record.payload),
        None => format!("{:?}", session.arrival()),
    };
    let rename = move |session: Session<P>, name: String| async move {
        session.modify(|payload| rename(payload, name));
    };
    Router::new()
        .route("/sign-in", any(sign_in))
        .route("/read", any(read))
        .route("/rename", any(rename))
        .layer(layer)
}

fn first(site: &Site) -> Router {
    let payload = First { name: "ada".to_owned(), rest: Vec::new() };
    release(site, payload, |payload, name| payload.name = name)
}

fn appended(site: &Site) -> Router {
    let payload = Appended { name: "ada".to_owned(), visits: 300, rest: Vec::new() };
    release(site, payload, |payload, name| payload.name = name)
}

fn raised(site: &Site) -> Router {
    release(site, Raised { visits: 300, name: "ada".to_owned() }, |payload, name| payload.name = name)
}

/// The same browser. Its next request reaches a process of another release.
fn at(release: Router, browser: &Browser) -> Browser {
    let mut moved = Browser::new(release);
    moved.jar.clone_from(&browser.jar);
    moved
}

#[tokio::test]
async fn a_field_that_was_appended_has_its_default_in_a_session_of_the_old_release() {
    let site = Site::new();
    let mut browser = Browser::new(first(&site));
    browser.get("/sign-in").await;
    let mut browser = at(appended(&site), &browser);
    assert_eq!(browser.get("/read").await.body, r#"Appended { name: "ada", visits: 0, rest: [] }"#);
}

#[tokio::test]
async fn an_old_process_reads_a_newer_session_and_loses_nothing_of_it() {
    let site = Site::new();
    let mut browser = Browser::new(appended(&site));
    browser.get("/sign-in").await;
    let mut browser = at(first(&site), &browser);
    assert!(browser.get("/read").await.body.starts_with(r#"First { name: "ada""#));
    assert_eq!(browser.send("/rename", "grace").await.lines().len(), 1);
    let mut browser = at(appended(&site), &browser);
    assert_eq!(browser.get("/read").await.body, r#"Appended { name: "grace", visits: 300, rest: [] }"#);
}

#[tokio::test]
async fn a_newer_version_reads_the_older_one_and_writes_its_own() {
    let site = Site::new();
    let mut browser = Browser::new(appended(&site));
    browser.get("/sign-in").await;
    let mut browser = at(raised(&site), &browser);
    assert_eq!(browser.get("/read").await.body, r#"Raised { visits: 300, name: "ada" }"#);
    browser.send("/rename", "grace").await;
    assert_eq!(browser.get("/read").await.body, r#"Raised { visits: 300, name: "grace" }"#);
    let mut browser = at(appended(&site), &browser);
    assert_eq!(browser.get("/read").await.body, "Unknown", "a version above one's own");
    assert!(browser.jar.contains_key(COOKIE), "a newer process knows it");
}

#[tokio::test]
async fn a_version_that_was_dropped_is_anonymous_and_kept() {
    let site = Site::new();
    let mut browser = Browser::new(release(&site, Zeroth, |_, _| ()));
    browser.get("/sign-in").await;
    let mut browser = at(raised(&site), &browser);
    let answer = browser.get("/read").await;
    assert_eq!((answer.body.as_str(), answer.lines().len()), ("Unknown", 0));
}

#[tokio::test]
async fn a_session_is_measured_in_the_encoding_in_which_it_would_be_written() {
    let site = Site::new();
    let mut browser = Browser::new(first(&site));
    browser.get("/sign-in").await;
    let exact = format!("{COOKIE}={}", browser.jar[COOKIE]).len();
    let site = site.with_settings(|settings| settings.header_budget_bytes = exact);
    let ask = |site: &Site| {
        let fits = async |session: Session<Appended>| session.fits().is_ok().to_string();
        Router::new().route("/", any(fits)).layer(site.layer::<Appended>())
    };
    assert_eq!(at(ask(&site), &browser).get("/").await.body, "false", "the new field has to fit as well");
    let site = site.with_settings(|settings| settings.header_budget_bytes = exact + 2);
    assert_eq!(at(ask(&site), &browser).get("/").await.body, "true");
}

#[test]
fn a_serde_payload_reads_its_own_version_only() {
    let mut out = Encoder::new();
    Serde::<_, 3>(7_u32).encode(&mut out);
    let bytes = out.finish();
    for version in [1, 2, 3] {
        let read = Serde::<u32, 3>::decode(version, &mut Decoder::new(&bytes));
        assert_eq!(
            read,
            if version == 3 { Ok(Serde(7)) } else { Err(PayloadError::UnknownVersion(version)) }
        );
    }
}

#[test]
fn what_is_left_is_taken_as_a_whole() {
    let mut input = Decoder::new(&[1, 2, 3]);
    assert_eq!(
        (input.u8(), input.is_empty(), input.rest(), input.is_empty()),
        (Ok(1), false, &[2, 3][..], true)
    );
    assert_eq!(input.rest(), [0; 0]);
    input.finish().unwrap();
}

#[tokio::test]
async fn a_flash_changes_with_its_payload_as_a_session_does() {
    const OLD: FlashKind<Appended> = FlashKind::new("ironleaf-visits", Duration::from_mins(1));
    const NEW: FlashKind<Raised> = FlashKind::new("ironleaf-visits", Duration::from_mins(1));
    let set_old = async |flash: Flash| {
        flash.set(&OLD, &Appended { name: "ada".to_owned(), visits: 4, rest: Vec::new() });
    };
    let set_new = async |flash: Flash| {
        flash.set(&NEW, &Raised { visits: 5, name: "ada".to_owned() });
    };
    let router = Router::new()
        .route("/set-old", any(set_old))
        .route("/set-new", any(set_new))
        .route("/old", any(async |flash: Flash| format!("{:?}", flash.peek(&OLD).map(|flash| flash.visits))))
        .route("/new", any(async |flash: Flash| format!("{:?}", flash.peek(&NEW).map(|flash| flash.visits))))
        .layer(Site::new().layer::<First>());
    let mut browser = Browser::new(router);
    browser.get("/set-old").await;
    assert_eq!(browser.get("/new").await.body, "Some(4)");
    browser.get("/set-new").await;
    assert_eq!(
        (browser.get("/new").await.body, browser.get("/old").await.body),
        ("Some(5)".into(), "None".into())
    );
    assert_eq!(browser.jar.len(), 1, "a newer process knows it");
}
