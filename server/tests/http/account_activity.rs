//! What people are told about their accounts, from the browser to the core API and back.

use std::time::Duration;

use ironleaf_core_api::Message;

use crate::browser::{Browser, SESSION};
use crate::links::open;
use crate::world::World;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

fn browser(world: &World, user_agent: &str, peer: &str) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("user-agent", user_agent.to_owned());
    browser.peer = peer.parse().unwrap();
    browser
}

async fn mails(world: &World, to: &str, subject: &str) -> Vec<Message> {
    world.settled().await;
    world.core_api.settled().await;
    let stored = world.core_api.outbox().await.unwrap().into_iter().map(|stored| stored.message);
    stored.filter(|mail| mail.to == to && mail.subject.starts_with(subject)).collect()
}

async fn path_in(world: &World, to: &str, subject: &str) -> String {
    let mails = mails(world, to, subject).await;
    mails[0].link.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned()
}

#[tokio::test]
async fn a_sign_in_from_another_browser_is_told_by_e_mail_and_one_from_the_same_is_not() {
    let world = World::new().await;
    let mut known = browser(&world, FIREFOX, "203.0.113.9");
    let mut other = browser(&world, CHROME, "198.51.100.7");
    for (browser, told) in [(0, 0), (1, 1), (0, 1), (1, 1)] {
        let browser = if browser == 0 { &mut known } else { &mut other };
        assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/");
        browser.post("/api/sign-out", "").await;
        let mails = mails(&world, "user@test.com", "New sign-in").await;
        assert_eq!(mails.len(), told);
    }
    let mail = &mails(&world, "user@test.com", "New sign-in").await[0];
    assert!(mail.text.contains("From: Chrome on Windows, address 198.51.100.7\n"), "{}", mail.text);
    assert_eq!(mail.link, "http://127.0.0.1:3000/reset-password");
}

#[tokio::test]
async fn the_core_api_gets_a_pseudonym_of_the_browser_at_a_sign_in_and_nothing_of_its_cookie() {
    let world = World::new().await;
    let mut browser = browser(&world, &FIREFOX.repeat(9), "203.0.113.9");
    browser.headers.insert("x-device-id", "chosen".to_owned());
    browser.headers.insert("x-forwarded-user-agent", "chosen".to_owned());
    let mut seen = Vec::new();
    for _ in 0..2 {
        browser.sign_in("user@test.com", "password1").await;
        seen.extend(world.network.take_devices());
    }
    seen.dedup();
    assert!(seen.len() == 1 && seen[0].len() == 43, "{seen:?}");
    assert_eq!(browser.get("/account").await.status, 200);
    let told = world.network.last_headers();
    assert_eq!(told["x-forwarded-user-agent"].as_bytes(), &FIREFOX.repeat(9).as_bytes()[..300]);
    assert!(!told.contains_key("x-device-id"), "only a sign-in needs it");
    assert!(browser.cookies.values().all(|value| !value.contains(&seen[0])));
}

#[tokio::test]
async fn the_page_shows_what_happened_when_and_from_where() {
    let world = World::new().await;
    let mut guesser = browser(&world, CHROME, "198.51.100.7");
    guesser.sign_in("user@test.com", "not this one").await;
    world.core_api.settled().await;
    world.advance(Duration::from_mins(1));
    let mut person = browser(&world, FIREFOX, "203.0.113.9");
    person.sign_in("user@test.com", "password1").await;
    assert!(person.get("/account").await.body.contains(r#"href="/account/activity""#));
    let page = person.get("/account/activity").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let cells: Vec<&str> =
        page.body.split("<td>").skip(1).map(|cell| cell.split("</td>").next().unwrap()).collect();
    let time = |minute| {
        format!(r#"<time datetime="2027-01-15T08:0{minute}:00Z">15 January 2027, 08:0{minute} UTC</time>"#)
    };
    let (now, before) = (time(1), time(0));
    let expected = [
        [now.as_str(), "Signed in", "Firefox on Linux", "203.0.113.9"],
        [&before, "Sign-in failed", "Chrome on Windows", "198.51.100.7"],
    ];
    assert_eq!(cells, expected.concat());
}

#[tokio::test]
async fn a_sign_out_is_shown_as_one() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.post("/api/sign-out", "").await;
    world.settled().await;
    let page = world.signed_in().await.get("/account/activity").await.body;
    assert!(page.contains("<td>Signed out</td>") && !page.contains("used twice"), "{page}");
}

#[tokio::test]
async fn nobody_sees_it_who_is_not_signed_in() {
    let world = World::new().await;
    let answer = world.browser().get("/account/activity").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account/activity"));
}

#[tokio::test]
async fn an_api_that_keeps_no_activity_has_no_such_page() {
    let world = World::new().await;
    world.network.keep_to_the_recorded_contract();
    let mut browser = world.signed_in().await;
    assert!(!browser.get("/account").await.body.contains("/account/activity"));
    assert_eq!(browser.get("/account/activity").await.status, 404);
}

/// A browser that has changed the address of `user@test.com` to `attacker@test.com`, and the way back.
async fn taken_over(world: &World) -> (Browser, String) {
    let mut attacker = browser(world, CHROME, "198.51.100.7");
    attacker.sign_in("user@test.com", "password1").await;
    attacker.post("/api/update-account", "email=attacker@test.com&password=&confirm_password=").await;
    open(&mut attacker, &path_in(world, "attacker@test.com", "Verify").await).await;
    attacker.post("/api/verify-email", "").await;
    attacker.post("/api/set-password", "password=password2&confirm_password=password2").await;
    assert!(attacker.get("/account").await.body.contains("attacker@test.com"));
    let back = path_in(world, "user@test.com", "Your e-mail address has been changed").await;
    (attacker, back)
}

#[tokio::test]
async fn whoever_reads_the_old_mailbox_takes_the_account_back() {
    let world = World::new().await;
    let (mut attacker, link) = taken_over(&world).await;
    world.advance(Duration::from_secs(2));
    let mut person = browser(&world, FIREFOX, "203.0.113.9");
    let page = open(&mut person, &link).await;
    assert!(page.contains("<h1>Take your address back</h1>") && !page.contains("data-auto-submit"), "{page}");
    assert_eq!(attacker.get("/account").await.status, 200, "opening the link changes nothing");

    let answer = person.post("/api/restore-address", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/restore-address"));
    assert!(person.get("/restore-address").await.body.contains("Success! your address is yours again"));

    let answer = attacker.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    assert!(answer.set_cookies(SESSION).iter().all(|cookie| cookie.contains("Max-Age=0")));
    for email in ["attacker@test.com", "user@test.com"] {
        let refused = browser(&world, CHROME, "198.51.100.7").sign_in(email, "password2").await;
        assert_eq!(refused.location(), "/login", "{email}");
    }

    // The e-mail takes a moment.
    world.advance(Duration::from_secs(2));
    let reset = path_in(&world, "user@test.com", "Set a new password").await;
    open(&mut person, &reset).await;
    person.post("/api/sign-in-with-token", "action=password").await;
    person.post("/api/set-password", "password=password3&confirm_password=password3").await;
    let account = person.get("/account").await.body;
    assert!(account.contains("user@test.com") && !account.contains("attacker@test.com"), "{account}");
    assert!(person.get("/account/activity").await.body.contains("<td>Email address taken back</td>"));
}

#[tokio::test]
async fn a_way_back_that_was_opened_is_not_left_to_the_next_person() {
    let world = World::new().await;
    let (_, link) = taken_over(&world).await;
    for leave in ["/api/sign-in", "/api/sign-out"] {
        let mut browser = world.browser();
        if leave == "/api/sign-out" {
            browser.sign_in("admin@test.com", "password1").await;
        }
        assert!(open(&mut browser, &link).await.contains("Take it back"));
        browser.post(leave, "email=admin@test.com&password=password1").await;
        browser.post("/api/restore-address", "").await;
        let page = browser.get("/restore-address").await.body;
        assert!(page.contains("Error! Invalid token"), "{leave}: {page}");
    }
}

#[tokio::test]
async fn a_way_back_is_not_used_up_by_opening_it_and_works_once() {
    let world = World::new().await;
    let (_, link) = taken_over(&world).await;
    for _ in 0..3 {
        let page = open(&mut world.browser(), &link).await;
        assert!(page.contains("Take it back"), "{page}");
    }
    let (mut first, mut second) = (world.browser(), world.browser());
    open(&mut first, &link).await;
    open(&mut second, &link).await;
    first.post("/api/restore-address", "").await;
    second.post("/api/restore-address", "").await;
    assert!(first.get("/restore-address").await.body.contains("Success!"));
    let page = second.get("/restore-address").await.body;
    assert!(page.contains("Success!"), "as if the first answer had been lost: {page}");
    world.advance(Duration::from_mins(10));
    let mut third = world.browser();
    open(&mut third, &link).await;
    third.post("/api/restore-address", "").await;
    assert!(third.get("/restore-address").await.body.contains("Error! Invalid token"));
}

#[tokio::test]
async fn without_a_link_there_is_nothing_to_take_back() {
    let world = World::new().await;
    let mut browser = world.browser();
    for path in ["/restore-address", "/restore-address?token="] {
        assert!(browser.get(path).await.body.contains("Error! Invalid token"), "{path}");
    }
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/restore-address", "").await;
    assert!(
        answer.status == 422 && answer.body.contains("invalid_token"),
        "{} {}",
        answer.status,
        answer.body
    );
}

#[tokio::test]
async fn a_core_api_that_is_down_leaves_the_link_for_the_next_try() {
    let world = World::new().await;
    let (_, link) = taken_over(&world).await;
    let mut person = world.browser();
    open(&mut person, &link).await;
    world.network.cut();
    assert_eq!(person.post("/api/restore-address", "").await.location(), "/restore-address");
    world.network.heal();
    let page = person.get("/restore-address").await.body;
    assert!(
        page.contains("We cannot reach our servers right now") && page.contains("Take it back"),
        "{page}"
    );
    person.post("/api/restore-address", "").await;
    assert!(person.get("/restore-address").await.body.contains("Success!"));
}
