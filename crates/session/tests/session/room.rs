//! The cookies that a browser sends never exceed what a proxy accepts.

use std::time::Duration;

use axum::{Router, routing::any};
use ironleaf_session::{Flash, FlashCookie, FlashKind, Serde, Session, Worth};
use proptest::prelude::*;

use crate::support::{Answer, Beginnings as _, Browser, COOKIE, Site, Text};

const fn kind(name: &'static str, worth: Worth) -> FlashKind<Text> {
    FlashKind::new(name, Duration::from_mins(30)).worth(worth)
}

/// In ascending order of worth, two of each kind.
const KINDS: [FlashKind<Text>; 8] = [
    kind("typed", Worth::Typed),
    kind("typed-too", Worth::Typed),
    kind("step", Worth::Step),
    kind("message", Worth::Message),
    kind("place", Worth::Place),
    kind("errand", Worth::Errand),
    kind("errand-too", Worth::Errand),
    kind("protection", Worth::Protection),
];

/// As Apache httpd counts: the name of the header, and everything after it.
const LONGEST_LINE_BYTES: usize = 8_190;

/// A long session in two cookies, just within its budget of 7,168 bytes.
const LONGEST_SESSION: usize = 5_170;

fn router(site: &Site) -> Router {
    let flashes: Vec<FlashCookie> = KINDS.iter().map(FlashKind::cookie).collect();
    Router::new()
        .route("/", any(async || ""))
        .route("/sign-in", any(async |session: Session<Text>, text: String| session.begins(Serde(text))))
        .route("/sign-out", any(async |session: Session<Text>| session.destroy().to_string()))
        .route("/set", any(set))
        .layer(site.layer::<Text>().with_flashes(&flashes))
}

/// Sets as many flashes as `text` has lines; each line is `<kind> <bytes>`.
async fn set(flash: Flash, text: String) -> String {
    let set_one = |line: &str| {
        let (kind, bytes) = line.split_once(' ').unwrap();
        let (kind, bytes): (usize, usize) = (kind.parse().unwrap(), bytes.parse().unwrap());
        flash.set(&KINDS[kind], &Serde("x".repeat(bytes))).to_string()
    };
    text.lines().map(set_one).collect::<Vec<_>>().join(" ")
}

fn line_bytes(browser: &Browser) -> usize {
    let pairs: Vec<_> = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("Cookie: {}", pairs.join("; ")).len()
}

fn session_bytes(browser: &Browser) -> usize {
    let pairs = browser.jar.iter().filter(|(name, _)| name.starts_with(COOKIE));
    pairs.map(|(name, value)| name.len() + value.len() + 3).sum()
}

/// The numbers of the kinds that the browser holds.
fn kinds(browser: &Browser) -> Vec<usize> {
    let is_held =
        |kind: &FlashKind<Text>| browser.jar.contains_key(&format!("__Host-Http-{}", kind.cookie().name));
    (0..KINDS.len()).filter(|number| is_held(&KINDS[*number])).collect()
}

async fn with_session(bytes: usize) -> Browser {
    let mut browser = Browser::new(router(&Site::new()));
    browser.send("/sign-in", &"s".repeat(bytes)).await;
    browser
}

#[tokio::test]
async fn what_is_worth_least_gives_way_first() {
    let mut browser = with_session(2_800).await;
    let all = (0..KINDS.len()).rev().map(|kind| format!("{kind} 200")).collect::<Vec<_>>().join("\n");
    browser.send("/set", &all).await;
    assert_eq!(kinds(&browser), [0, 1, 2, 3, 4, 5, 6, 7]);
    let mut lengths = Vec::new();
    for bytes in (200..=2_700).step_by(50) {
        assert_eq!(browser.send("/set", &format!("7 {bytes}")).await.body, "true");
        let held = kinds(&browser);
        assert!(
            held.iter().rev().eq((0..KINDS.len()).rev().take(held.len()).collect::<Vec<_>>().iter()),
            "{held:?}"
        );
        assert!(line_bytes(&browser) <= LONGEST_LINE_BYTES);
        lengths.push(held.len());
    }
    lengths.dedup();
    assert_eq!(lengths, [8, 7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn every_flash_gives_way_to_a_session() {
    let mut browser = Browser::new(router(&Site::new()));
    browser.send("/set", "7 2700\n4 2000\n3 100\n0 100").await;
    assert_eq!(kinds(&browser), [0, 3, 4, 7]);
    browser.send("/sign-in", &"s".repeat(LONGEST_SESSION)).await;
    assert!(session_bytes(&browser) > 7_100, "{}", session_bytes(&browser));
    assert!(kinds(&browser).is_empty());
    assert!(line_bytes(&browser) <= LONGEST_LINE_BYTES);
}

#[tokio::test]
async fn beside_the_longest_session_there_is_room_for_the_small_ones() {
    let mut browser = with_session(LONGEST_SESSION).await;
    let set = async |browser: &mut Browser, text: &str| browser.send("/set", text).await.body;
    assert_eq!(set(&mut browser, "7 145\n7 40\n5 4\n3 60").await, "true true true true");
    assert_eq!(kinds(&browser), [3, 5, 7]);
    // A flash that cannot be kept is reported, and removes nothing else.
    assert_eq!(set(&mut browser, "0 600\n1 600\n6 600").await, "false false false");
    assert_eq!(kinds(&browser), [3, 5, 7]);
    assert!(line_bytes(&browser) <= LONGEST_LINE_BYTES);
}

#[tokio::test]
async fn what_finds_no_room_does_not_leave_an_older_value_in_its_place() {
    let mut browser = with_session(LONGEST_SESSION).await;
    assert_eq!(browser.send("/set", "5 10").await.body, "true");
    assert_eq!(browser.send("/set", "5 2000").await.body, "false");
    assert!(kinds(&browser).is_empty());
}

#[tokio::test]
async fn flashes_give_way_to_what_others_have_set_and_the_session_does_not() {
    let mut browser = with_session(3_000).await;
    browser.send("/set", "0 500\n3 500\n7 500").await;
    browser.jar.insert("analytics".to_owned(), "x".repeat(2_300));
    browser.send("/set", "5 50").await;
    assert_eq!(kinds(&browser), [5, 7]);
    browser.jar.insert("analytics".to_owned(), "x".repeat(7_000));
    assert_eq!(browser.send("/set", "7 10").await.body, "false");
    assert!(kinds(&browser).is_empty());
    assert!(session_bytes(&browser) > 4_000);
}

#[tokio::test]
async fn a_response_that_adds_nothing_removes_nothing() {
    let mut browser = with_session(LONGEST_SESSION).await;
    browser.jar.insert("__Host-Http-typed".to_owned(), "x".repeat(3_000));
    let answer: Answer = browser.get("/").await;
    assert!(answer.lines().is_empty());
    browser.get("/sign-out").await;
    assert_eq!(kinds(&browser), [0]);
}

#[derive(Clone, Debug)]
enum Step {
    SignIn(usize),
    SignOut,
    Set(Vec<(usize, usize)>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0..LONGEST_SESSION + 100).prop_map(Step::SignIn),
        1 => Just(Step::SignOut),
        8 => prop::collection::vec((0..KINDS.len(), 0..2_900_usize), 1..5).prop_map(Step::Set),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_set_in_whatever_order_a_browser_sends_no_longer_line(
        steps in prop::collection::vec(step(), 1..20),
        others in 0..240_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut browser = Browser::new(router(&Site::new()));
            if others > 0 {
                browser.jar.insert("theme".to_owned(), "x".repeat(others - 1));
            }
            for step in steps {
                let before = session_bytes(&browser);
                match step {
                    Step::SignIn(bytes) => drop(browser.send("/sign-in", &"s".repeat(bytes)).await),
                    Step::SignOut => drop(browser.get("/sign-out").await),
                    Step::Set(flashes) => {
                        let lines = flashes.iter().map(|(kind, bytes)| format!("{kind} {bytes}"));
                        browser.send("/set", &lines.collect::<Vec<_>>().join("\n")).await;
                        assert_eq!(session_bytes(&browser), before);
                    }
                }
                assert!(line_bytes(&browser) <= LONGEST_LINE_BYTES, "{}", line_bytes(&browser));
            }
        });
    }
}
