//! A Nest application that keeps its tokens in cookies. A reuse of a refresh cookie ends every session of the person
//! there, so after each fault the sessions on other devices are counted.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::browser::{Browser, Page};
use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, SHORT, SHORT_LIFE, Setup, World};

const PASSWORD: &str = "password1";
const EVA: &str = "eva@example.org";
/// Their address is not verified.
const ROLF: &str = "rolf@example.org";

const REFRESH: &str = "token.refresh_token";
const REGISTRATION: (&str, &str) = ("COOKIE_API_REGISTER_PATH", "/auth/register");

/// The access token of a storm lives so long that a slow machine answers all requests before the next one is due.
const LIFE_IN_A_STORM: (&str, &str) = ("ACCESS_TOKEN_TTL", "12");
const STORM: usize = 200;

async fn nest(peer: &[(&str, &str)], application: &[(&str, &str)], replicas: usize) -> World {
    World::start(Kind::NestCookies, Setup { replicas, peer, application }).await
}

async fn sign_in(browser: &mut Browser, from: &str, email: &str, password: &str) -> Page {
    let page = browser.open(from).await;
    browser.fill_and_press(&page, "Login", &[("email", email), ("password", password)]).await
}

async fn register(browser: &mut Browser, email: &str, password: &str) -> Page {
    let page = browser.open("/register").await;
    let typed = [("email", email), ("password", password), ("confirm_password", password)];
    browser.fill_and_press(&page, "Register", &typed).await
}

async fn signed_in(world: &World, email: &str) -> Browser {
    let mut browser = world.browser();
    let page = sign_in(&mut browser, "/login", email, PASSWORD).await;
    assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
    next_second().await;
    browser
}

/// What this application issues to one person within one second is the same, so two sessions would share a token.
async fn next_second() {
    pause(Duration::from_millis(1_010)).await;
}

async fn open_sessions(world: &World, sub: &str) -> u64 {
    let known = world.peer.ask(&format!("/sessions?sub={sub}")).await;
    known["open"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_comes_back_to_their_page() {
    let world = nest(&[], &[], 1).await;
    let mut browser = world.browser();
    let page = browser.open("/account").await;
    assert_eq!(page.url.path(), "/login");
    let from = page.url[url::Position::BeforePath..].to_owned();
    let page = sign_in(&mut browser, &from, ADA, PASSWORD).await;
    assert_eq!((page.url.path(), page.status), ("/account", 200), "{}", page.text);
    assert!(page.shows(ADA) && page.shows("admin"), "{}", page.text);
    let tokens = world.peer.ask("/tokens").await;
    let tokens: Vec<_> =
        tokens.as_array().unwrap().iter().filter_map(|token| token["token"].as_str()).collect();
    assert!(tokens.len() == 2 && tokens.iter().all(|token| !page.shows(token)), "the page has a token");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_reads_why_as_far_as_they_may() {
    let world = nest(&[], &[], 1).await;
    let mut shown = Vec::new();
    for (email, password) in [(ADA, "wrong password"), ("nobody@example.org", PASSWORD)] {
        let page = sign_in(&mut world.browser(), "/login", email, password).await;
        assert_eq!(page.url.path(), "/login");
        assert!(page.shows("Login failed. Please check your credentials."), "{}", page.text);
        shown.push(page.text.replace(email, ""));
    }
    assert_eq!(shown[0].len(), shown[1].len(), "nobody learns who has an account");
    let mut browser = world.browser();
    let page = sign_in(&mut browser, "/login", ROLF, PASSWORD).await;
    assert!(page.shows("your account is not verified yet"), "{}", page.text);
    assert_eq!(browser.open("/account").await.url.path(), "/login", "nobody is signed in");
    assert_eq!(open_sessions(&world, "rolf").await, 0, "the cookies were given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_with_a_role_are_let_in() {
    let world = nest(&[], &[("SIGN_IN_ROLES", "admin")], 1).await;
    drop(signed_in(&world, ADA).await);
    let page = sign_in(&mut world.browser(), "/login", EVA, PASSWORD).await;
    assert!(page.shows("none of the roles"), "{}", page.text);
    assert_eq!(open_sessions(&world, "eva").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_while_its_cookies_rotate() {
    let world = nest(&SHORT, &[], 1).await;
    let mut browser = signed_in(&world, ADA).await;
    for _ in 0..3 {
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{}: {}", page.status, page.text);
    }
    assert!(world.peer.count(REFRESH).await >= 3);
    assert_eq!(open_sessions(&world, "ada").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_refresh_once_and_cost_nobody_anything() {
    let world = nest(&[LIFE_IN_A_STORM], &[], 2).await;
    let mut elsewhere = signed_in(&world, ADA).await;
    let mut browser = signed_in(&world, ADA).await;
    pause(Duration::from_secs(12)).await;
    world.peer.tell("/counts/reset").await;
    let mut pages = JoinSet::new();
    for number in 0..STORM {
        let mut tab = browser.clone();
        tab.door = number;
        // A machine that is too busy for all at once says so, and serves them later.
        pages.spawn(async move { tab.open_until_served("/account").await });
    }
    let pages = pages.join_all().await;
    let shown = pages.iter().filter(|page| page.status == 200 && page.shows(ADA)).count();
    assert_eq!((world.peer.count(REFRESH).await, shown), (1, STORM), "refreshes and pages");
    assert!(browser.open("/account").await.shows(ADA), "the cookie from before is still good");
    next_second().await;
    assert!(elsewhere.open("/account").await.shows(ADA), "the other device is still signed in");
    assert_eq!(open_sessions(&world, "ada").await, 2);
}

/// The session whose answer was lost cannot go on. No other session of the person pays for it.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_costs_one_session_and_no_other() {
    let world = nest(&SHORT, &[], 2).await;
    let mut elsewhere = signed_in(&world, ADA).await;
    let mut browser = signed_in(&world, ADA).await;
    pause(SHORT_LIFE).await;
    assert!(elsewhere.open("/account").await.shows(ADA));
    next_second().await;
    world.peer.tell("/counts/reset").await;
    world.peer.tell("/lose-answer?times=1").await;
    let mut page = browser.open("/account").await;
    for door in 0..200 {
        if page.status != 503 {
            break;
        }
        pause(SHORT_LIFE / 6).await;
        browser.door = door;
        page = browser.open("/account").await;
    }
    assert_eq!(page.url.path(), "/login", "{} {}", page.status, page.text);
    assert!(elsewhere.open("/account").await.shows(ADA), "the other device is still signed in");
    // One that was lost, and one of the other device.
    assert_eq!(world.peer.count(REFRESH).await, 2);
    assert_eq!(
        open_sessions(&world, "ada").await,
        2,
        "that of the lost answer, which nobody can use, and the other"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_refresh_loses_nothing() {
    let world = nest(&SHORT, &[], 1).await;
    let mut browser = signed_in(&world, ADA).await;
    world.peer.tell("/fail-refresh?error=throttled&status=429&times=1&retry_after=2").await;
    pause(SHORT_LIFE).await;
    let page = browser.open_until_served("/account").await;
    assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_throttler_of_nest_loses_nothing() {
    let peer = [SHORT[0], ("REFRESH_LIMIT", "1"), ("THROTTLE_TTL", "8")];
    let world = nest(&peer, &[], 1).await;
    let mut browser = signed_in(&world, ADA).await;
    for _ in 0..3 {
        pause(SHORT_LIFE).await;
        let page = browser.open_until_served("/account").await;
        assert!(page.status == 200 && page.shows(ADA), "{} {}", page.status, page.text);
    }
    assert_eq!(open_sessions(&world, "ada").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_away_and_comes_back_signs_nobody_out_on_other_devices() {
    let world = nest(&SHORT, &[], 1).await;
    let mut elsewhere = signed_in(&world, ADA).await;
    let mut browser = signed_in(&world, ADA).await;
    world.peer.tell("/down?how=503").await;
    pause(SHORT_LIFE).await;
    assert_eq!(browser.open("/account").await.status, 503);
    world.peer.tell("/up").await;
    assert!(elsewhere.open("/account").await.shows(ADA), "it was not asked while the API was away");
    assert!(open_sessions(&world, "ada").await >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_the_session_there_and_no_other() {
    let world = nest(&SHORT, &[], 1).await;
    let mut elsewhere = signed_in(&world, ADA).await;
    for waits in [false, true] {
        let mut browser = signed_in(&world, ADA).await;
        let before = open_sessions(&world, "ada").await;
        let page = browser.open("/").await;
        if waits {
            // The API accepts a sign-out with a live access token only.
            pause(SHORT_LIFE + SHORT_LIFE / 3).await;
        }
        let page = browser.press(&page, "Logout").await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
        assert_eq!(browser.open("/account").await.url.path(), "/login");
        assert_eq!(open_sessions(&world, "ada").await, before - 1, "waits: {waits}");
    }
    assert!(elsewhere.open("/account").await.shows(ADA));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_the_api_ended_end_here() {
    let world = nest(&SHORT, &[], 1).await;
    let mut browser = signed_in(&world, ADA).await;
    let Value::Object(ended) = world.peer.ask("/sessions?sub=ada").await else { panic!("no answer") };
    assert_eq!(ended["open"], 1);
    world.peer.tell("/revoke-all?sub=ada").await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    assert_eq!(page.url.path(), "/login", "{}", page.text);
    assert!(page.shows("Your session has expired"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_and_is_signed_in() {
    for signs_in in ["true", "false"] {
        let world = nest(&[("REGISTER_SIGNS_IN", signs_in)], &[REGISTRATION], 1).await;
        let mut browser = world.browser();
        let page = register(&mut browser, "lin.new@example.org", PASSWORD).await;
        assert!(page.status == 200 && page.shows("Your account has been created"), "{}", page.text);
        let page = browser.open("/account").await;
        assert!(page.status == 200 && page.shows("lin.new@example.org"), "{}", page.text);
        let open = open_sessions(&world, "lin.new@example.org").await;
        assert_eq!(open, 1, "the cookies of the registration are not left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_refuses_of_a_registration_is_said_at_its_field() {
    let world = nest(&[], &[REGISTRATION], 1).await;
    for (email, password) in [(ADA, PASSWORD), ("lin.new@example.org", &*"long".repeat(20))] {
        let page = register(&mut world.browser(), email, password).await;
        assert!(page.url.path() == "/register" && page.shows("aria-invalid=\"true\""), "{}", page.text);
        assert_eq!(page.shows("A user with this email already exists"), email == ADA, "{}", page.text);
    }
    assert_eq!(world.peer.count("registration").await, 2);
    assert_eq!(open_sessions(&world, "ada").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_to_verify_their_address_first_has_an_account_and_no_session() {
    let world = nest(&[("EMAIL_VERIFICATION", "required")], &[REGISTRATION], 1).await;
    let mut browser = world.browser();
    let page = register(&mut browser, "lin.new@example.org", PASSWORD).await;
    assert!(page.url.path() == "/login" && page.shows("Your account has been created, please log in."));
    assert_eq!(browser.open("/account").await.url.path(), "/login", "nobody is signed in");
    assert_eq!(open_sessions(&world, "lin.new@example.org").await, 0);
}

/// A known address reads like a new one, and a wrong password with it says nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_hides_who_is_registered_is_not_given_away() {
    let hides = ("COOKIE_API_REGISTER_HIDES_TAKEN", "true");
    let world = nest(&[("EMAIL_VERIFICATION", "required")], &[REGISTRATION, hides], 1).await;
    let page = register(&mut world.browser(), "lin.new@example.org", PASSWORD).await;
    assert!(page.url.path() == "/login" && page.shows("If this address had no account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_path_there_is_no_registration() {
    let world = nest(&[], &[], 1).await;
    let mut browser = world.browser();
    assert_eq!(browser.open("/register").await.status, 404);
    let page = browser.open("/login").await;
    assert!(!page.shows("href=\"/register"), "{}", page.text);
}
