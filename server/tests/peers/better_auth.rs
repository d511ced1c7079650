//! Better Auth with its own sessions: everything in its contract that is visible from outside.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::browser::{Browser, Page};
use crate::lives::{LIFE_IN_A_STORM, lives_on, weathers_a_storm};
use crate::machine::pause;
use crate::outages::signs_nobody_out_while_away;
use crate::peer::Kind;
use crate::sign_out::leave;
use crate::world::{ADA, PASSWORD, SHORT, SHORT_LIFE, Setup, World};

const KIND: Kind = Kind::BetterAuthSessions;
const SESSIONS_OF_ADA: &str = "/sessions?email=ada@example.org";
const END_SESSIONS_OF_ADA: &str = "/end-sessions?email=ada@example.org";
const SECOND: Duration = Duration::from_secs(1);

async fn world(peer: &[(&str, &str)], application: &[(&str, &str)]) -> World {
    World::start(KIND, Setup { peer, application, ..Setup::default() }).await
}

fn is_ada(page: &Page) -> bool {
    page.status == 200 && page.url.path() == "/account" && page.shows(ADA)
}

async fn sessions_of_ada(world: &World) -> usize {
    world.peer.ask(SESSIONS_OF_ADA).await.as_array().map_or(0, Vec::len)
}

async fn registers(browser: &mut Browser, email: &str, password: &str) -> Page {
    let page = browser.open("/register").await;
    let typed = [("email", email), ("password", password), ("confirm_password", password)];
    browser.fill_and_press(&page, "Register", &typed).await
}

pub(crate) async fn signs_in(browser: &mut Browser, email: &str, password: &str) -> Page {
    let page = browser.open("/login?return_to=/account").await;
    browser.fill_and_press(&page, "Login", &[("email", email), ("password", password)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_comes_back_to_where_they_were() {
    let world = world(&[], &[("SIGN_IN_ROLES", "admin")]).await;
    let mut browser = world.browser();
    let page = world.sign_in(&mut browser, "/login?return_to=/account").await;
    assert!(is_ada(&page) && page.shows("Ada Admin") && page.shows("admin"), "{}", page.text);
    let page = browser.open("/account").await;
    assert!(!page.shows("Update Email") && !page.shows("Delete Account"), "nothing that is not offered");
    let page = signs_in(&mut world.browser(), "eva@example.org", PASSWORD).await;
    assert!(page.url.path() == "/login" && page.shows("none of the roles"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_auth_server_sees_its_own_cookie_one_origin_one_address_and_nothing_of_the_browser() {
    let world = world(&SHORT, &[("BETTER_AUTH_REMEMBER_ME", "false")]).await;
    let mut browser = world.signed_in().await;
    pause(SHORT_LIFE).await;
    assert!(is_ada(&browser.open("/account").await));
    leave(&mut browser).await;
    let heard = world.peer.ask("/heard").await;
    let origin = world.peer.issuer.trim_end_matches("/api/auth");
    let asked = heard.as_array().unwrap();
    for path in ["/sign-in/email", "/token", "/get-session", "/sign-out"] {
        let path = format!("/api/auth{path}");
        assert!(asked.iter().any(|one| one["path"] == path), "{path} was not asked: {heard}");
    }
    for one in asked.iter().filter(|one| one["path"] != "/api/auth/jwks") {
        assert_eq!((&one["origin"], &one["forwarded"]), (&origin.into(), &"127.0.0.1".into()), "{one}");
        let headers = one["headers"].as_array().unwrap().iter().filter_map(Value::as_str);
        let of_browser = headers.filter(|name| name.starts_with("sec-fetch") || *name == "authorization");
        assert_eq!(of_browser.count(), 0, "{one}");
        if one["path"] == "/api/auth/sign-in/email" {
            assert_eq!(one["cookies"], serde_json::json!([]), "{one}");
        } else {
            let both = serde_json::json!(["better-auth.session_token", "better-auth.dont_remember"]);
            assert_eq!(one["cookies"], both, "{one}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_limit_are_told_apart() {
    let world = world(&[("SIGN_IN_LIMIT", "2/30")], &[]).await;
    let mut browser = world.browser();
    for _ in 0..2 {
        let page = signs_in(&mut browser, ADA, "wrong").await;
        assert!(page.shows("Please check your credentials"), "{}", page.text);
    }
    let page = signs_in(&mut browser, ADA, PASSWORD).await;
    assert!(page.status == 429 && page.shows("Too many attempts"), "{}: {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_on_past_the_end_of_its_tokens() {
    lives_on(KIND, &SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_prolonged_by_the_answers_of_the_auth_server() {
    let world = world(&[SHORT[0], ("SESSION_TTL", "8"), ("UPDATE_AGE", "1")], &[]).await;
    let mut browser = world.signed_in().await;
    for _ in 0..5 {
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(is_ada(&page), "{}: {}", page.url, page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_at_two_replicas_ask_for_one_token() {
    weathers_a_storm(KIND, &[LIFE_IN_A_STORM]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_without_it_nobody_is_signed_out() {
    signs_nobody_out_while_away(KIND, "503").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_server_that_resets_connections_signs_nobody_out() {
    signs_nobody_out_while_away(KIND, "reset").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_costs_nothing() {
    let world = world(&SHORT, &[]).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/lose-answer?times=1").await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    let page = if page.status == 503 { browser.open("/account").await } else { page };
    assert!(is_ada(&page), "asking again needs no rest: {} {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_auth_server_is_not_the_end() {
    for status in [500, 502, 403, 401] {
        let world = world(&SHORT, &[]).await;
        let mut browser = world.signed_in().await;
        world.peer.tell(&format!("/fail-refresh?status={status}&times=1")).await;
        pause(SHORT_LIFE).await;
        let page = browser.open_until_served("/account").await;
        assert!(is_ada(&page), "{status}: {} {}", page.status, page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_the_auth_server_is_not_the_end() {
    // The sign-in takes the first token, and the next one is asked for within the window.
    let world = world(&[SHORT[0], ("TOKEN_LIMIT", "1/6")], &[]).await;
    let mut browser = world.signed_in().await;
    pause(SHORT_LIFE).await;
    let page = browser.open("/account").await;
    assert_eq!(page.status, 503, "{}", page.text);
    let page = browser.open_until_served("/account").await;
    assert!(is_ada(&page), "{} {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_auth_server_has_ended_ends_here_with_a_reason() {
    for cache in ["off", "on"] {
        let world = world(&[SHORT[0], ("COOKIE_CACHE", cache)], &[]).await;
        let mut browser = world.signed_in().await;
        world.peer.tell(END_SESSIONS_OF_ADA).await;
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(page.url.path() == "/login" && page.shows("Your session has expired"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_about_the_person_notices_that_before_the_token_ends() {
    let world = world(&[], &[]).await;
    let mut browser = world.signed_in().await;
    world.peer.tell(END_SESSIONS_OF_ADA).await;
    let page = browser.open("/account").await;
    assert!(page.url.path() == "/login" && page.shows("Your session has expired"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_the_session_at_the_auth_server_and_at_every_replica() {
    let world = World::start(KIND, Setup { replicas: 2, ..Setup::default() }).await;
    let mut browser = world.signed_in().await;
    assert_eq!(sessions_of_ada(&world).await, 1);
    let mut copy = browser.clone();
    let page = leave(&mut browser).await;
    assert!(page.shows("You have been logged out"), "{}", page.text);
    assert_eq!(sessions_of_ada(&world).await, 0);
    copy.door = 1;
    assert_eq!(copy.open("/account").await.url.path(), "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_ins_of_an_empty_key_table_all_succeed() {
    let world = World::start(KIND, Setup { replicas: 2, ..Setup::default() }).await;
    assert_eq!(world.peer.ask("/keys").await["published"], 0);
    let mut people = JoinSet::new();
    for door in 0..8 {
        let mut browser = world.browser();
        browser.door = door;
        people.spawn(async move { signs_in(&mut browser, ADA, PASSWORD).await });
    }
    for page in people.join_all().await {
        assert!(is_ada(&page), "{}: {}", page.status, page.text);
    }
    assert!(world.peer.ask("/keys").await["published"].as_u64() >= Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_while_people_are_signed_in() {
    for command in ["/rotate-keys", "/rotate-keys?drop=true"] {
        let world = world(&SHORT, &[]).await;
        let mut browser = world.signed_in().await;
        world.peer.tell(command).await;
        pause(SHORT_LIFE).await;
        let page = browser.open("/account").await;
        assert!(is_ada(&page), "{command}: {}", page.text);
        drop(world.signed_in().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_brings_new_roles() {
    let world = world(&SHORT, &[("SIGN_IN_ROLES", "admin")]).await;
    let mut browser = world.signed_in().await;
    world.peer.tell("/set-role?email=ada@example.org&role=user").await;
    pause(SHORT_LIFE + SECOND).await;
    let page = browser.open("/account").await;
    assert!(page.url.path() == "/login" && page.shows("none of the roles"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_and_is_signed_in() {
    let world = world(&[], &[]).await;
    let mut browser = world.browser();
    let page = registers(&mut browser, "lin.new@example.org", "password1").await;
    assert!(page.status == 200 && page.shows("Your account has been created"), "{}", page.text);
    let page = browser.open("/account").await;
    assert!(page.shows("lin.new@example.org"), "{}", page.text);
    let sessions = world.peer.ask("/sessions?email=lin.new@example.org").await;
    assert_eq!(sessions.as_array().unwrap().len(), 1, "the session of the sign-up is not left behind");
    for (email, password) in
        [("lin.new@example.org", "password1"), ("other@example.org", &*"long".repeat(40))]
    {
        let page = registers(&mut world.browser(), email, password).await;
        assert!(
            page.url.path() == "/register"
                && (page.shows("aria-invalid=\"true\"") || page.shows("Please check")),
            "{}",
            page.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_says_nothing_about_a_known_address_where_the_auth_server_says_nothing() {
    let verify = [("BETTER_AUTH_VERIFY_EMAIL", "true")];
    let world = world(&[("EMAIL_VERIFICATION", "required")], &verify).await;
    for (email, password) in [("lin.new@example.org", "password1"), (ADA, "not hers, but long")] {
        let page = registers(&mut world.browser(), email, password).await;
        assert!(page.url.path() == "/login" && page.shows("If this address had no account"), "{}", page.text);
    }
    let mut browser = world.browser();
    let page = signs_in(&mut browser, "lin.new@example.org", "password1").await;
    assert!(
        page.url.path() == "/login" && page.shows("your account is not verified yet"),
        "not verified: {}",
        page.text
    );
    let mails = world.peer.ask("/mails").await;
    let token = mails[0]["token"].as_str().unwrap();
    let page = browser.open(&format!("/email-verification?token={token}")).await;
    let page = if page.shows("Verify") && page.text.contains("<button") {
        browser.press(&page, "Verify").await
    } else {
        page
    };
    assert_eq!(page.status, 200, "{}", page.text);
    let page = signs_in(&mut browser, "lin.new@example.org", "password1").await;
    assert!(page.status == 200 && page.shows("lin.new@example.org"), "{}: {}", page.status, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_auth_server_does_not_offer_has_no_page_and_no_link() {
    let world = world(&[], &[("BETTER_AUTH_SIGN_UP", "false")]).await;
    let mut browser = world.browser();
    let page = browser.open("/login").await;
    assert!(!page.shows("Sign up") && !page.shows("Forgot Password"), "{}", page.text);
    for path in ["/register", "/reset-password", "/email-verification"] {
        assert_eq!(browser.open(path).await.status, 404, "{path}");
    }
    let mut browser = world.signed_in().await;
    assert_eq!(browser.open("/account/delete").await.status, 404);
    let page = browser.open("/confirm?return_to=/account").await;
    assert!(page.shows("Enter the password of") && !page.shows("Forgot Password"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_where_the_auth_server_offers_that() {
    let world = world(&[("DELETE_USER", "on")], &[("BETTER_AUTH_DELETE_USER", "true")]).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/account/delete").await;
    let page = browser.press(&page, "Delete Account").await;
    assert!(page.shows("Account deleted successfully"), "{}", page.text);
    let page = signs_in(&mut browser, ADA, PASSWORD).await;
    assert!(page.url.path() == "/login" && page.shows("Login failed"), "{}", page.text);
}
