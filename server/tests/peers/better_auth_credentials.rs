//! Better Auth with its own sessions: another address, another password, and a forgotten one.

use serde_json::Value;
use tokio::join;

use crate::better_auth::signs_in;
use crate::browser::{Browser, Page};
use crate::machine::pause;
use crate::peer::Kind;
use crate::world::{ADA, PASSWORD, SHORT, SHORT_LIFE, Setup, World};

const KIND: Kind = Kind::BetterAuthSessions;
const NEW_PASSWORD: &str = "another password only for tests";
const RESET: (&str, &str) = ("BETTER_AUTH_RESET_PASSWORD", "true");

async fn world(peer: &[(&str, &str)], application: &[(&str, &str)]) -> World {
    World::start(KIND, Setup { peer, application, ..Setup::default() }).await
}

async fn changes_password(browser: &mut Browser, page: &Page, current: &str, new: &str) -> Page {
    let typed = [("current_password", current), ("password", new), ("confirm_password", new)];
    browser.fill_and_press(page, "Update Password", &typed).await
}

/// The newest e-mail of this kind.
async fn mail(world: &World, what: &str) -> Value {
    let mails = world.peer.ask("/mails").await;
    let newest = mails.as_array().unwrap().iter().rev().find(|mail| mail["what"] == what);
    newest.unwrap_or_else(|| panic!("no e-mail to {what}: {mails}")).clone()
}

async fn asks_for_a_link(world: &World, browser: &mut Browser) -> Value {
    let page = browser.open("/reset-password").await;
    let page = browser.fill_and_press(&page, "Reset Password", &[("email", ADA)]).await;
    assert!(page.shows("A password reset link has been sent to ada@example.org"), "{}", page.text);
    mail(world, "reset").await
}

async fn sets_password(browser: &mut Browser, page: &Page, password: &str) -> Page {
    let typed = [("password", password), ("confirm_password", password)];
    browser.fill_and_press(page, "Update Password", &typed).await
}

/// Nothing that an address bar, a history or a referrer would show has the token.
fn keeps_secret(page: &Page, token: &str) {
    assert!(!page.url.as_str().contains(token), "{}", page.url);
    assert!(!page.text.contains(token), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_needs_the_current_one_and_ends_every_other_session() {
    let world = World::start(KIND, Setup { replicas: 2, ..Setup::default() }).await;
    let mut elsewhere = world.signed_in().await;
    elsewhere.door = 1;
    let mut browser = world.signed_in().await;
    let copy = browser.clone();
    let page = browser.open("/account").await;
    assert!(page.shows("Current Password") && page.shows("current-password"), "{}", page.text);
    assert!(!page.shows("Update Email"), "the address cannot be changed here");

    let page = changes_password(&mut browser, &page, "not hers", NEW_PASSWORD).await;
    assert_eq!((page.url.path(), page.status), ("/account", 200));
    assert!(page.shows("Your current password is not correct"), "{}", page.text);
    assert!(!page.shows(NEW_PASSWORD), "no password is echoed");

    let page = changes_password(&mut browser, &page, PASSWORD, NEW_PASSWORD).await;
    assert!(page.url.path() == "/account" && page.shows("Your password has been updated"), "{}", page.text);
    assert_eq!(browser.open("/account").await.status, 200, "this session goes on");
    for mut other in [elsewhere, copy] {
        assert_eq!(other.open("/account").await.url.path(), "/login", "every other one ends at once");
    }
    let sessions = world.peer.ask("/sessions?email=ada@example.org").await;
    assert_eq!(sessions.as_array().unwrap().len(), 1, "at the auth server, too");
    let page = signs_in(&mut world.browser(), ADA, PASSWORD).await;
    assert!(page.shows("Login failed"), "{}", page.text);
    assert_eq!(signs_in(&mut world.browser(), ADA, NEW_PASSWORD).await.url.path(), "/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_a_new_password_asks_for_the_present_one_too() {
    let world = world(&[], &[]).await;
    let mut browser = world.browser();
    assert_eq!(browser.open("/set-password").await.url.path(), "/login");
    let mut browser = world.signed_in().await;
    let page = browser.open("/set-password?return_to=/account").await;
    assert!(page.shows("Current Password"), "{}", page.text);
    let page = changes_password(&mut browser, &page, "not hers", NEW_PASSWORD).await;
    assert_eq!(page.url.path(), "/set-password");
    assert!(page.shows("Your current password is not correct"), "{}", page.text);
    let page = changes_password(&mut browser, &page, PASSWORD, "short").await;
    assert!(page.shows("Password must be at least 8 characters"), "{}", page.text);
    let page = changes_password(&mut browser, &page, PASSWORD, NEW_PASSWORD).await;
    assert!(page.url.path() == "/account" && page.shows("Your password has been updated"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_current_password_are_counted_with_those_of_a_confirmation() {
    let world = world(&[], &[("RATE_LIMIT_STRICT", "5/15m")]).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/confirm?return_to=/account").await;
    for _ in 0..3 {
        browser.fill_and_press(&page, "Continue", &[("password", "not hers")]).await;
    }
    let page = browser.open("/account").await;
    let mut tries = 0;
    loop {
        let page = changes_password(&mut browser, &page, "not hers", NEW_PASSWORD).await;
        if page.status == 429 {
            break;
        }
        tries += 1;
        assert!(page.shows("Your current password is not correct"), "{}", page.text);
        assert!(tries < 3, "a guess of both kinds counts");
    }
    assert_eq!(signs_in(&mut world.browser(), ADA, PASSWORD).await.url.path(), "/account", "nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_whose_answer_is_lost_is_changed_all_the_same() {
    let world = world(&SHORT, &[]).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/account").await;
    world.peer.tell("/lose-answer?grant=change_password&times=1").await;
    let page = changes_password(&mut browser, &page, PASSWORD, NEW_PASSWORD).await;
    assert!(page.url.path() == "/account" && page.shows("Your password has been updated"), "{}", page.text);
    pause(SHORT_LIFE).await;
    assert_eq!(browser.open("/account").await.url.path(), "/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_lost_answer_has_cost_ends_with_a_reason() {
    // The sign-in with the new password is refused by the limit, so nobody knows that it is in force.
    let world = world(&[("SIGN_IN_LIMIT", "1/60")], &[]).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/account").await;
    world.peer.tell("/lose-answer?grant=change_password&times=1").await;
    let page = changes_password(&mut browser, &page, PASSWORD, NEW_PASSWORD).await;
    assert!(page.status == 200 && page.url.path() == "/login", "{} {}", page.status, page.url);
    assert!(page.shows("Your session has expired"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auth_server_that_is_away_changes_nothing() {
    for how in ["503", "reset"] {
        let world = world(&[], &[]).await;
        let mut browser = world.signed_in().await;
        let page = browser.open("/account").await;
        world.peer.tell(&format!("/down?how={how}")).await;
        let page = changes_password(&mut browser, &page, PASSWORD, NEW_PASSWORD).await;
        assert_eq!(page.status, 503, "the page that it comes back to: {}", page.text);
        world.peer.tell("/up").await;
        let page = browser.open_until_served("/account").await;
        assert_eq!(page.url.path(), "/account", "{how}: {}", page.text);
        assert_eq!(signs_in(&mut world.browser(), ADA, PASSWORD).await.url.path(), "/account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_change_the_password_at_once_get_one_change_and_no_failure_of_ours() {
    let world = World::start(KIND, Setup { replicas: 2, ..Setup::default() }).await;
    let mut one = world.signed_in().await;
    let page = one.open("/account").await;
    let mut other = one.clone();
    other.door = 1;
    let (first, second) = join!(
        changes_password(&mut one, &page, PASSWORD, "the password of tab one"),
        changes_password(&mut other, &page, PASSWORD, "the password of tab two"),
    );
    let mut winners = 0;
    for (page, password) in [(first, "the password of tab one"), (second, "the password of tab two")] {
        assert_eq!(page.status, 200, "{}: {}", page.url, page.text);
        let is_told = page.shows("Your password has been updated")
            || page.shows("Your current password is not correct")
            || page.shows("Your session has expired")
            || page.shows("cannot reach our servers");
        assert!(is_told, "{}: {}", page.url, page.text);
        let page = signs_in(&mut world.browser(), ADA, password).await;
        winners += usize::from(page.url.path() == "/account");
    }
    assert_eq!(winners, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_changed_by_the_link_of_an_e_mail() {
    let change = [("BETTER_AUTH_CHANGE_EMAIL", "true"), ("BETTER_AUTH_VERIFY_EMAIL", "true")];
    for (way, steps) in [("on", &["verify"][..]), ("confirmed", &["confirm", "verify"])] {
        let world = world(&[("CHANGE_EMAIL", way)], &change).await;
        let mut browser = world.signed_in().await;
        let page = browser.open("/account").await;
        let page = browser.fill_and_press(&page, "Update Email", &[("email", "ada.new@example.org")]).await;
        assert!(page.url.path() == "/account" && page.shows("when you follow the link"), "{}", page.text);
        for what in steps {
            let mail = mail(&world, what).await;
            let to = if *what == "confirm" { ADA } else { "ada.new@example.org" };
            assert_eq!(mail["to"], to);
            // The address of the auth server, which leads back.
            let url = mail["url"].as_str().unwrap().parse().unwrap();
            let mut mailbox = browser.clone();
            assert_eq!(mailbox.visit(url).await.url.path(), "/account");
        }
        let page = browser.open("/account").await;
        assert!(page.shows("ada.new@example.org"), "{way}: {}", page.text);
        let page = signs_in(&mut world.browser(), "ada.new@example.org", PASSWORD).await;
        assert_eq!(page.url.path(), "/account", "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_for_an_address_can_lead_to_our_page() {
    let change = [("BETTER_AUTH_CHANGE_EMAIL", "true"), ("BETTER_AUTH_VERIFY_EMAIL", "true")];
    let world = world(&[("CHANGE_EMAIL", "on")], &change).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/account").await;
    browser.fill_and_press(&page, "Update Email", &[("email", "ada.new@example.org")]).await;
    let token = mail(&world, "verify").await["token"].as_str().unwrap().to_owned();
    let page = browser.open(&format!("/email-verification?token={token}")).await;
    let page = browser.press(&page, "Verify").await;
    assert!(page.shows("Success! your email has been verified"), "{}", page.text);
    assert!(browser.open("/account").await.shows("ada.new@example.org"));
    let sessions = world.peer.ask("/sessions?email=ada.new@example.org").await;
    assert_eq!(sessions.as_array().unwrap().len(), 1, "the link leaves no session behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_and_a_new_one_read_the_same() {
    let world = world(&[("CHANGE_EMAIL", "on")], &[("BETTER_AUTH_CHANGE_EMAIL", "true")]).await;
    let mut browser = world.signed_in().await;
    let mut texts = Vec::new();
    for email in ["eva@example.org", "ada.new@example.org"] {
        let page = browser.open("/account").await;
        let page = browser.fill_and_press(&page, "Update Email", &[("email", email)]).await;
        assert!(page.shows("when you follow the link"), "{}", page.text);
        texts.push(page.shows(email));
    }
    assert_eq!(texts, [false, false], "the address is as it was");
    assert_eq!(world.peer.ask("/mails").await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_with_the_link_of_an_e_mail() {
    let world = world(&[], &[RESET, ("RUST_LOG", "info")]).await;
    let mut elsewhere = world.signed_in().await;
    let mut browser = world.browser();
    assert!(browser.open("/login").await.shows("Forgot Password"));
    let mail = asks_for_a_link(&world, &mut browser).await;
    let token = mail["token"].as_str().unwrap();
    // The address of the auth server, which leads to our page with the token, and on without it.
    let page = browser.visit(mail["url"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!((page.url.path(), page.status), ("/set-password", 200));
    keeps_secret(&page, token);
    assert!(!page.shows("Current Password"), "{}", page.text);
    let page = sets_password(&mut browser, &page, "short").await;
    assert!(page.shows("Password must be at least 8 characters"), "{}", page.text);
    let page = sets_password(&mut browser, &page, &"long".repeat(40)).await;
    assert!(page.url.path() == "/set-password" && page.shows("This cannot be used"), "{}", page.text);
    let page = sets_password(&mut browser, &page, NEW_PASSWORD).await;
    assert!(page.url.path() == "/login" && page.shows("Your password has been updated"), "{}", page.text);
    assert_eq!(browser.open("/account").await.url.path(), "/login", "nobody is signed in by it");
    assert_eq!(signs_in(&mut browser, ADA, NEW_PASSWORD).await.url.path(), "/account");
    assert_eq!(elsewhere.open("/account").await.url.path(), "/login", "the auth server ends other sessions");
    let page = world.browser().open(&format!("/set-password?token={token}")).await;
    keeps_secret(&page, token);
    let said = world.replicas[0].said.lock().unwrap().iter().cloned().collect::<String>();
    assert!(said.contains("set-password") && !said.contains(token), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_link_says_so_and_another_can_be_asked_for() {
    let world = world(&[], &[RESET]).await;
    let mut browser = world.browser();
    // From the auth server, which looks at the token first.
    for path in ["/set-password?error=INVALID_TOKEN", "/set-password?token="] {
        let page = browser.open(path).await;
        assert!(page.url.path() == "/reset-password" && page.shows("This link is too old"), "{}", page.text);
    }
    let page = browser.open("/set-password?token=spent").await;
    let page = sets_password(&mut browser, &page, NEW_PASSWORD).await;
    assert!(page.url.path() == "/reset-password" && page.shows("This link is too old"), "{}", page.text);
    let mail = asks_for_a_link(&world, &mut browser).await;
    let page = browser.open(&format!("/set-password?token={}", mail["token"].as_str().unwrap())).await;
    let page = sets_password(&mut browser, &page, NEW_PASSWORD).await;
    assert!(page.shows("Your password has been updated"), "{}", page.text);
    assert_eq!(browser.open("/set-password").await.url.path(), "/login", "the link is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_says_nothing_about_who_is_known() {
    let world = world(&[], &[RESET]).await;
    let mut browser = world.browser();
    let page = browser.open("/reset-password").await;
    let page = browser.fill_and_press(&page, "Reset Password", &[("email", "nobody@example.org")]).await;
    assert!(page.shows("A password reset link has been sent to nobody@example.org"), "{}", page.text);
    assert_eq!(world.peer.ask("/mails").await.as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_another_provider_signs_nobody_in() {
    let world = world(&[], &[RESET]).await;
    let page = world.browser().open("/login?email=ada@example.org&token=whatever").await;
    assert!(page.url.query().is_none() && page.shows("Login to your account"), "{}: {}", page.url, page.text);
}
