//! Sessions of people who have not signed in: they are kept beside any other, and count only where there is no other.

use axum::{Router, routing::any};
use ironleaf_session::{Beginning, Decoder, Encoder, Payload, PayloadError, Session};

use crate::support::{Browser, COOKIE, HOUR, Site, owner};

#[derive(Clone, PartialEq)]
struct Visitor {
    is_guest: bool,
    text: String,
}

impl Payload for Visitor {
    fn encode(&self, out: &mut Encoder) {
        out.raw(&[u8::from(self.is_guest)]);
        out.str(&self.text);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let [is_guest] = input.array()?;
        Ok(Self { is_guest: is_guest == 1, text: input.str()?.to_owned() })
    }

    fn is_provisional(&self) -> bool {
        self.is_guest
    }
}

/// A guest's text begins with `guest`.
async fn begin(session: Session<Visitor>, text: String) {
    let visitor = Visitor { is_guest: text.starts_with("guest"), text };
    assert!(session.insert(visitor, Beginning::of(owner())).is_some());
}

async fn read(session: Session<Visitor>) -> String {
    let text = session.current().map(|record| record.payload.text.clone());
    text.unwrap_or_else(|| format!("{:?}", session.arrival()))
}

fn browser(site: &Site) -> Browser {
    let router = Router::new()
        .route("/begin", any(begin))
        .route("/read", any(read))
        .route("/renew", any(async |session: Session<Visitor>| session.renew().to_string()))
        .route("/destroy", any(async |session: Session<Visitor>| session.destroy().to_string()))
        .layer(site.layer::<Visitor>());
    Browser::new(router)
}

fn names(browser: &Browser) -> Vec<&str> {
    browser.jar.keys().map(|name| name.strip_prefix(COOKIE).unwrap()).collect()
}

#[tokio::test]
async fn a_guest_has_a_name_of_their_own_however_large_the_session_is() {
    let site = Site::new().with_settings(|settings| settings.header_budget_bytes = 64 * 1024);
    for (bytes, chunks) in [(0, 1..2), (6_000, 2..4)] {
        let mut browser = browser(&site);
        let text = format!("guest {}", "x".repeat(bytes));
        let answer = browser.send("/begin", &text).await;
        assert!(answer.lines().iter().all(|line| line.len() <= 4096));
        let expected: Vec<_> = [".64", ".65", ".66"].into_iter().take(names(&browser).len()).collect();
        assert!(names(&browser) == expected && chunks.contains(&expected.len()), "{:?}", names(&browser));
        assert_eq!(browser.reads().await, text);
        browser.get("/renew").await;
        assert!(names(&browser).iter().all(|name| name.starts_with(".6")));
        browser.get("/destroy").await;
        assert!(browser.jar.is_empty());
    }
}

#[tokio::test]
async fn a_guest_who_begins_without_a_cookie_never_replaces_somebody_else() {
    let site = Site::new();
    for person in ["person".to_owned(), "person".repeat(800)] {
        for guest_is_newer in [true, false] {
            let (mut browser, mut late) = (browser(&site), browser(&site));
            if guest_is_newer {
                browser.send("/begin", &person).await;
                site.time.advance(HOUR);
                late.send("/begin", "guest").await;
            } else {
                late.send("/begin", "guest").await;
                site.time.advance(HOUR);
                browser.send("/begin", &person).await;
            }
            browser.jar.extend(late.jar);
            assert_eq!(browser.reads().await, person);
            // Whatever is written next leaves the person alone.
            browser.get("/renew").await;
            assert!(!names(&browser).contains(&".64"));
            assert_eq!(browser.reads().await, person);
        }
    }
}

#[tokio::test]
async fn whoever_signs_in_replaces_the_guest_that_they_were() {
    let site = Site::new();
    let mut browser = browser(&site);
    browser.send("/begin", "guest").await;
    browser.send("/begin", "person").await;
    assert_eq!(names(&browser), [""]);
    // The other way round, too: this request knows whom it replaces.
    browser.send("/begin", "guest").await;
    assert_eq!(names(&browser), [".64"]);
    assert_eq!(browser.reads().await, "guest");
}

#[tokio::test]
async fn a_guest_does_not_stand_in_for_a_session_that_another_replica_may_know() {
    let (ours, theirs) = (Site::new(), Site::new().with_keys(&[2]));
    let mut browser_here = browser(&ours);
    browser_here.send("/begin", "guest").await;
    let mut elsewhere = browser(&theirs);
    elsewhere.send("/begin", "person").await;
    browser_here.jar.extend(elsewhere.jar);
    assert_eq!(browser_here.reads().await, "Unknown");
    assert_eq!(names(&browser_here), ["", ".64"]);
}
