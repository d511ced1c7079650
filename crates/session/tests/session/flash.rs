//! Values that cross a redirect.

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
    let refused = browser.send("/set", &"x".repeat(3_100)).await;
    assert_eq!(outcome(&refused), ("false", 1), "nor is what was there before taken for it");
    assert!(browser.jar.is_empty());
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

/// One transaction per attempt to sign in over a redirect.
const ATTEMPT: FlashKind<Text> = FlashKind::new("ironleaf-attempt", Duration::from_mins(10));

fn attempts(site: &Site) -> Browser {
    let parts = |body: String| {
        let (suffix, text) = body.split_once('=').unwrap();
        (suffix.to_owned(), Serde(text.to_owned()))
    };
    let set = move |flash: Flash, body: String| async move {
        let (suffix, text) = parts(body);
        flash.set_named(&ATTEMPT, &suffix, &text).to_string()
    };
    let set_and_take = async |flash: Flash, suffix: String| {
        flash.set_named(&ATTEMPT, &suffix, &Serde("set".to_owned()));
        shown(flash.take_named(&ATTEMPT, &suffix)) + " " + &shown(flash.peek_named(&ATTEMPT, &suffix))
    };
    let router = Router::new()
        .route("/set", any(set))
        .route("/set-plain", any(async |flash: Flash| flash.set(&ATTEMPT, &Text::default()).to_string()))
        .route("/peek", any(async |flash: Flash, suffix: String| shown(flash.peek_named(&ATTEMPT, &suffix))))
        .route("/take", any(async |flash: Flash, suffix: String| shown(flash.take_named(&ATTEMPT, &suffix))))
        .route(
            "/clear",
            any(async |flash: Flash, suffix: String| flash.clear_named(&ATTEMPT, &suffix).to_string()),
        )
        .route("/set-and-take", any(set_and_take))
        .route("/names", any(async |flash: Flash| flash.names(&ATTEMPT).join(" ")))
        .layer(site.layer::<Text>());
    Browser::new(router)
}

#[tokio::test]
async fn values_of_one_kind_lie_side_by_side_under_their_suffixes() {
    let mut browser = attempts(&Site::new());
    browser.send("/set", "b2=second").await;
    let answer = browser.send("/set", "A1=first").await;
    let [line] = &answer.lines()[..] else { panic!("one cookie") };
    assert!(line.starts_with("__Host-Http-ironleaf-attempt-A1=v1."), "{line}");
    assert!(line.ends_with("; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=600"), "{line}");
    assert_eq!(browser.get("/names").await.body, "A1 b2");
    assert_eq!(outcome(&browser.send("/peek", "A1").await), ("first", 0));
    assert_eq!(outcome(&browser.send("/take", "b2").await), ("second", 1));
    assert_eq!(outcome(&browser.send("/take", "b2").await), ("nothing", 0));
    assert_eq!(browser.get("/names").await.body, "A1");
    assert_eq!(outcome(&browser.send("/clear", "A1").await), ("true", 1));
    assert_eq!(outcome(&browser.send("/clear", "A1").await), ("true", 0));
    assert!(browser.jar.is_empty());
}

#[tokio::test]
async fn a_value_that_is_set_under_a_suffix_is_there_in_the_same_request() {
    let mut browser = attempts(&Site::new());
    assert_eq!(outcome(&browser.send("/set-and-take", "A1").await), ("set nothing", 0));
}

#[tokio::test]
async fn a_value_under_one_suffix_does_not_open_under_another_or_under_none() {
    let mut browser = attempts(&Site::new());
    browser.send("/set", "a=first").await;
    let value = browser.jar["__Host-Http-ironleaf-attempt-a"].clone();
    browser.jar.insert("__Host-Http-ironleaf-attempt-b".to_owned(), value.clone());
    assert_eq!(outcome(&browser.send("/peek", "b").await), ("nothing", 1), "it was moved, and is removed");
    browser.get("/set-plain").await;
    let plain = browser.jar.insert("__Host-Http-ironleaf-attempt".to_owned(), value).unwrap();
    browser.jar.insert("__Host-Http-ironleaf-attempt-a".to_owned(), plain);
    assert_eq!(outcome(&browser.send("/take", "a").await), ("nothing", 1));
}

#[tokio::test]
async fn nothing_is_kept_under_what_is_no_suffix() {
    let mut browser = attempts(&Site::new());
    let long = "a".repeat(33);
    for suffix in ["", "a-b", "a.0", "a b", "a;b", "ä", "a_b", &long] {
        assert_eq!(outcome(&browser.send("/set", &format!("{suffix}=x")).await), ("false", 0), "{suffix}");
        assert_eq!(outcome(&browser.send("/peek", suffix).await), ("nothing", 0), "{suffix}");
        assert_eq!(outcome(&browser.send("/take", suffix).await), ("nothing", 0), "{suffix}");
        assert_eq!(outcome(&browser.send("/clear", suffix).await), ("false", 0), "{suffix}");
    }
    assert_eq!(browser.send("/set", &format!("{}=x", &long[1..])).await.body, "true");
}

#[tokio::test]
async fn only_names_that_can_be_ours_are_told() {
    let mut browser = attempts(&Site::new());
    for name in ["", "-", "-a-b", "-a.0", "s-a", "-ok"] {
        browser.jar.insert(format!("__Host-Http-ironleaf-attempt{name}"), "anything".to_owned());
    }
    browser.jar.insert("ironleaf-attempt-c".to_owned(), "without the prefix".to_owned());
    let answer = browser.get("/names").await;
    assert_eq!((answer.body.as_str(), answer.cache_control()), ("ok", Some("no-store")));
    assert_eq!(
        outcome(&browser.send("/peek", "ok").await),
        ("nothing", 1),
        "what was never sealed is removed"
    );
}

#[tokio::test]
async fn a_value_under_a_suffix_ends_on_the_servers_clock_and_is_kept_under_an_unknown_key() {
    let site = Site::new();
    let mut browser = attempts(&site);
    browser.send("/set", "a=first").await;
    let mut elsewhere = attempts(&Site::new().with_keys(&[2]));
    elsewhere.jar.clone_from(&browser.jar);
    assert_eq!(outcome(&elsewhere.send("/take", "a").await), ("nothing", 0));
    site.time.advance(Duration::from_mins(10));
    assert_eq!(outcome(&browser.send("/take", "a").await), ("nothing", 0));
}

#[test]
#[should_panic(expected = "a flash must not be taken for a session")]
fn no_flash_has_session_in_its_name() {
    let _ = FlashKind::<Text>::new("ironleaf-Session-message", Duration::from_mins(1));
}
