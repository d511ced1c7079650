//! What crosses a redirect.

use std::time::Duration;

use axum::{Router, routing::any};
use ironleaf_session::{Flash, FlashKind, Serde};

use crate::support::{Answer, Browser, Site, Text};

const MESSAGE: FlashKind<Text> = FlashKind::new("ironleaf-message", Duration::from_mins(1));
const FIELDS: FlashKind<Text> = FlashKind::new("ironleaf-fields", Duration::from_mins(30));
const NUMBER: FlashKind<Serde<u64, 2>> = FlashKind::new("ironleaf-message", Duration::from_mins(1));
const COOKIE: &str = "__Host-Http-ironleaf-message";

fn router(site: &Site) -> Router {
    Router::new()
        .route("/plain", any(async || ""))
        .route("/set", any(async |flash: Flash, text: String| flash.set(&MESSAGE, &Serde(text)).to_string()))
        .route(
            "/set-fields",
            any(async |flash: Flash, text: String| flash.set(&FIELDS, &Serde(text)).to_string()),
        )
        .route("/peek", any(async |flash: Flash| shown(flash.peek(&MESSAGE))))
        .route("/take", any(async |flash: Flash| shown(flash.take(&MESSAGE))))
        .route("/clear", any(async |flash: Flash| flash.clear(&MESSAGE).to_string()))
        .route("/number", any(async |flash: Flash| format!("{:?}", flash.peek(&NUMBER))))
        .route("/set-and-peek", any(set_and_peek))
        .route("/set-and-take", any(set_and_take))
        .layer(site.layer::<Text>())
}

async fn set_and_peek(flash: Flash) -> String {
    flash.set(&MESSAGE, &Serde("first".to_owned()));
    flash.set(&MESSAGE, &Serde("second".to_owned()));
    shown(flash.peek(&MESSAGE))
}

async fn set_and_take(flash: Flash) -> String {
    flash.set(&MESSAGE, &Serde("text".to_owned()));
    shown(flash.take(&MESSAGE)) + &shown(flash.take(&MESSAGE))
}

fn shown(text: Option<Text>) -> String {
    text.map_or("nothing".to_owned(), |text| text.0)
}

async fn with_message(site: &Site) -> Browser {
    let mut browser = Browser::new(router(site));
    let answer = browser.send("/set", "welcome").await;
    assert_eq!(answer.body, "true");
    browser
}

fn outcome(answer: &Answer) -> (&str, usize) {
    (answer.body.as_str(), answer.lines().len())
}

#[tokio::test]
async fn a_flash_is_a_sealed_cookie_with_every_attribute_and_a_short_life() {
    let site = Site::new();
    let answer = Browser::new(router(&site)).send("/set", "welcome").await;
    let [line] = &answer.lines()[..] else { panic!("one cookie") };
    assert!(line.starts_with(&format!("{COOKIE}=v1.")), "{line}");
    assert!(line.ends_with("; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=60"), "{line}");
    assert!(!line.contains("welcome"));
}

#[tokio::test]
async fn a_flash_is_peeked_at_often_and_taken_once() {
    let mut browser = with_message(&Site::new()).await;
    assert_eq!(outcome(&browser.get("/peek").await), ("welcome", 0));
    assert_eq!(outcome(&browser.get("/peek").await), ("welcome", 0));
    assert_eq!(outcome(&browser.get("/take").await), ("welcome", 1));
    assert!(browser.jar.is_empty());
    assert_eq!(outcome(&browser.get("/take").await), ("nothing", 0));
}

#[tokio::test]
async fn clearing_removes_what_is_there_and_nothing_else() {
    let mut browser = with_message(&Site::new()).await;
    browser.send("/set-fields", "fields").await;
    let answer = browser.get("/clear").await;
    assert_eq!(answer.lines(), [format!("{COOKIE}=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0")]);
    assert_eq!(browser.jar.len(), 1);
    assert_eq!(outcome(&browser.get("/clear").await), ("true", 0));
}

#[tokio::test]
async fn a_flash_ends_on_the_servers_clock() {
    let site = Site::new();
    let mut browser = with_message(&site).await;
    site.time.advance(Duration::from_millis(59_999));
    assert_eq!(browser.get("/peek").await.body, "welcome");
    site.time.advance(Duration::from_millis(1));
    assert_eq!(browser.get("/peek").await.body, "nothing");
}

#[tokio::test]
async fn what_is_set_can_be_read_in_the_same_request_and_the_last_one_counts() {
    let site = Site::new();
    let mut browser = Browser::new(router(&site));
    assert_eq!(outcome(&browser.get("/set-and-peek").await), ("second", 1));
    assert_eq!(
        outcome(&browser.get("/set-and-take").await),
        ("textnothing", 1),
        "the browser's one is removed"
    );
    assert_eq!(outcome(&browser.get("/set-and-take").await), ("textnothing", 0));
}

#[tokio::test]
async fn an_altered_flash_is_nothing_and_is_removed() {
    let mut browser = with_message(&Site::new()).await;
    browser.jar.get_mut(COOKIE).unwrap().push('A');
    assert_eq!(outcome(&browser.get("/peek").await), ("nothing", 1));
    assert!(browser.jar.is_empty());
}

#[tokio::test]
async fn a_flash_under_another_name_or_of_a_session_is_nothing() {
    let site = Site::new();
    let mut browser = with_message(&site).await;
    browser.send("/set-fields", "fields").await;
    let fields = browser.jar["__Host-Http-ironleaf-fields"].clone();
    let session = site.signed_in("text").await.jar[crate::support::COOKIE].clone();
    for value in [fields, session] {
        browser.jar.insert(COOKIE.to_owned(), value);
        assert_eq!(outcome(&browser.get("/peek").await), ("nothing", 1));
    }
}

#[tokio::test]
async fn a_flash_under_an_unknown_key_or_of_another_version_is_kept() {
    let foreign = with_message(&Site::new().with_keys(&[2])).await;
    let mut browser = Browser::new(router(&Site::new()));
    browser.jar = foreign.jar;
    assert_eq!(outcome(&browser.get("/take").await), ("nothing", 0));
    let mut browser = with_message(&Site::new()).await;
    assert_eq!(outcome(&browser.get("/number").await), ("None", 0));
    assert_eq!(browser.get("/peek").await.body, "welcome");
}

#[tokio::test]
async fn a_flash_that_is_too_large_is_refused() {
    let site = Site::new();
    let mut browser = Browser::new(router(&site));
    assert_eq!(outcome(&browser.send("/set", &"x".repeat(2_800)).await), ("true", 1));
    assert_eq!(outcome(&browser.send("/set", &"x".repeat(3_100)).await), ("false", 0));
}

#[tokio::test]
async fn a_response_that_looked_at_a_flash_is_not_stored() {
    let site = Site::new();
    let mut browser = Browser::new(router(&site));
    for path in ["/peek", "/take", "/set", "/clear"] {
        assert_eq!(browser.get(path).await.cache_control(), Some("no-store"), "{path}");
    }
    assert_eq!(browser.get("/plain").await.cache_control(), None);
}

#[test]
#[should_panic(expected = "a flash must not be taken for a session")]
fn no_flash_has_session_in_its_name() {
    let _ = FlashKind::<Text>::new("ironleaf-Session-message", Duration::from_mins(1));
}
