//! `/account/sessions`: where a person is signed in, and the end of one session, of all others, and of all.

#[path = "sessions/away.rs"]
mod away;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use http::header::{ACCEPT, USER_AGENT};
use ironleaf_records::{RecordLimits, Records, Seen};
use ironleaf_session::{Identity, KeyRing, Ledger as _, Owner, Sealer, SessionId, Standing};
use ironleaf_store::MemoryStore;

use crate::browser::{Answer, Browser};
use crate::world::{STORE_BYTES, World};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const CHROME: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36";
const PAGE: &str = "/account/sessions";
const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

/// Signs in with another browser at another address, and waits until that is noted.
async fn signed_in(world: &World, router: &Router, user_agent: &str, host: u8) -> Browser {
    let mut browser = Browser::new(router.clone());
    browser.headers.insert(USER_AGENT.as_str(), user_agent.to_owned());
    browser.peer = [192, 0, 2, host].into();
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/");
    world.settled().await;
    browser
}

async fn page(browser: &mut Browser) -> String {
    let answer = browser.get(PAGE).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.body);
    answer.body
}

/// The names of the devices on the page, in their order.
fn devices(page: &str) -> Vec<&str> {
    let headings = page.split(r#"<h2 id="session-"#).skip(1);
    headings.filter_map(|rest| rest.split_once('>')?.1.split_once('<')).map(|(name, _)| name).collect()
}

/// The identifiers that the forms of the page end sessions by.
fn ids(page: &str) -> Vec<String> {
    let fields = page.split(r#"name="id" value=""#).skip(1);
    fields.filter_map(|rest| rest.split_once('"')).map(|(id, _)| id.to_owned()).collect()
}

fn text_of(page: &str) -> String {
    page.split('<')
        .filter_map(|tag| tag.split_once('>'))
        .map(|(_, text)| text.trim())
        .collect::<Vec<_>>()
        .join(" ")
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").await.status == 200
}

async fn at(mut browser: Browser, router: &Router) -> bool {
    browser.turn_to(router.clone());
    is_signed_in(&mut browser).await
}

#[tokio::test]
async fn the_page_shows_each_session_in_words_and_this_one_first() {
    let world = World::new().await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    world.advance(Duration::from_hours(2));
    let mut chrome = signed_in(&world, &world.router, CHROME, 2).await;
    let shown = page(&mut chrome).await;
    assert_eq!(devices(&shown), ["Chrome on Android", "Firefox on Linux"]);
    let text = text_of(&shown);
    for words in
        ["Where you are signed in", "This browser", "2 hours ago", "192.0.2.1", "192.0.2.2", "Just now"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        text.contains("15 January 2027, 08:00 UTC") && text.contains("15 January 2027, 10:00 UTC"),
        "{text}"
    );
    assert!(shown.contains(r#"<time datetime="2027-01-15T08:00:00Z">"#), "{shown}");
    assert!(shown.contains(r#"aria-label="End Firefox on Linux""#), "{shown}");
    assert!(!shown.contains("Mozilla"), "what a browser says of itself is never shown");
    assert_eq!(ids(&shown).len(), 1, "this session has no button of its own");
    assert!(firefox.get("/account").await.body.contains(r#"href="/account/sessions""#));
}

#[tokio::test]
async fn a_browser_that_sends_nonsense_is_unknown_and_none_of_it_is_shown() {
    let world = World::new().await;
    let mut browser = signed_in(&world, &world.router, FIREFOX, 1).await;
    signed_in(&world, &world.router, "<script>alert(1)</script>\u{e9}", 2).await;
    signed_in(&world, &world.router, "", 3).await;
    let shown = page(&mut browser).await;
    assert_eq!(devices(&shown), ["Firefox on Linux", "Unknown browser", "Unknown browser"]);
    assert!(!shown.contains("alert(1)"), "{shown}");
}

#[tokio::test]
async fn one_session_ends_on_every_replica_by_the_next_request() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &other, CHROME, 2).await;
    let copy = chrome.clone();
    let id = ids(&page(&mut firefox).await).remove(0);
    let answer = firefox.post("/api/end-session", &format!("id={id}")).await;
    assert_eq!((answer.status, answer.location()), (303, PAGE));
    for replica in [&other, &world.router] {
        assert!(!at(copy.clone(), replica).await);
        assert!(at(firefox.clone(), replica).await);
    }
    let shown = page(&mut firefox).await;
    assert!(shown.contains("Session ended") && devices(&shown) == ["Firefox on Linux"], "{shown}");
    let form = chrome.get("/account").await;
    assert_eq!(form.location(), "/login?return_to=/account");
    assert!(
        chrome.get(form.location()).await.body.contains("Your session has expired, please log in again.")
    );
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1, "told when its cookie came");
    let again = firefox.post("/api/end-session", &format!("id={id}")).await;
    assert_eq!(again.location(), PAGE);
    assert!(page(&mut firefox).await.contains("This session was over already."));
}

/// The tokens of a session that has refreshed are known without its cookie.
#[tokio::test]
async fn the_grants_of_ended_sessions_are_revoked_without_their_browsers() {
    let world = World::new().await;
    let mut others = Vec::new();
    for host in 2..8 {
        others.push(signed_in(&world, &world.router, CHROME, host).await);
    }
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for other in &mut others {
        assert!(is_signed_in(other).await);
    }
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    assert_eq!(this.post("/api/end-other-sessions", "").await.location(), PAGE);
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 6);
    assert!(is_signed_in(&mut this).await);
    for other in &mut others {
        assert!(!is_signed_in(other).await);
    }
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 6, "once each");
}

#[tokio::test]
async fn all_others_end_whenever_they_began_and_this_one_stays() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    let older = signed_in(&world, &world.router, CHROME, 2).await;
    world.advance(Duration::from_secs(1));
    let mut this = signed_in(&world, &other, FIREFOX, 1).await;
    world.advance(Duration::from_secs(1));
    let younger = signed_in(&world, &other, CHROME, 3).await;
    assert_eq!(devices(&page(&mut this).await).len(), 3);
    let answer = this.post("/api/end-other-sessions", "").await;
    assert_eq!((answer.status, answer.location()), (303, PAGE));
    for replica in [&world.router, &other] {
        assert!(!at(older.clone(), replica).await && !at(younger.clone(), replica).await);
        assert!(at(this.clone(), replica).await);
    }
    let shown = page(&mut this).await;
    assert!(shown.contains("All other sessions ended") && !shown.contains("End all others"), "{shown}");
    assert_eq!(devices(&shown), ["Firefox on Linux"]);
    // The API can tell a token that is over from one whose person has another address only while access tokens live.
    world.settled().await;
    // It goes on through its refreshes, and a new sign-in is a session like any other.
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert!(is_signed_in(&mut this).await);
    let mut next = signed_in(&world, &world.router, CHROME, 4).await;
    assert!(is_signed_in(&mut next).await);
    assert_eq!(devices(&page(&mut this).await), ["Firefox on Linux", "Chrome on Android"]);
    this.post("/api/sign-out", "").await;
    assert!(!is_signed_in(&mut this).await);
}

#[tokio::test]
async fn all_sessions_end_and_the_person_comes_to_the_form() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    let (copy, chrome) = (this.clone(), signed_in(&world, &other, CHROME, 2).await);
    let answer = this.post("/api/end-all-sessions", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(this.session().is_none());
    assert!(this.get("/login").await.body.contains("You have been logged out everywhere."));
    for replica in [&world.router, &other] {
        assert!(!at(copy.clone(), replica).await && !at(chrome.clone(), replica).await);
    }
    this.sign_in("user@test.com", "password1").await;
    assert!(is_signed_in(&mut this).await);
}

#[tokio::test]
async fn the_identifier_of_this_session_signs_out() {
    let world = World::new().await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &world.router, CHROME, 2).await;
    let id = ids(&page(&mut firefox).await).remove(0);
    assert_eq!(chrome.post("/api/end-session", &format!("id={id}")).await.location(), "/login");
    assert!(chrome.session().is_none());
    assert!(is_signed_in(&mut firefox).await);
    assert_eq!(devices(&page(&mut firefox).await), ["Firefox on Linux"]);
}

#[tokio::test]
async fn the_session_of_another_person_is_unknown() {
    let world = World::new().await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &world.router, CHROME, 2).await;
    let id = ids(&page(&mut firefox).await).remove(0);
    let mut stranger = world.browser();
    stranger.sign_in("admin@test.com", "password1").await;
    stranger.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    for id in [id.as_str(), "", "x", &"0".repeat(64)] {
        let answer = stranger.post("/api/end-session", &format!("id={id}")).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
        assert!(answer.body.contains(r#""code":"unknown_session""#), "{}", answer.body);
    }
    assert_eq!(stranger.post("/api/end-other-sessions", "").await.status, 200);
    assert!(is_signed_in(&mut firefox).await && is_signed_in(&mut chrome).await);
}

#[tokio::test]
async fn an_end_needs_a_person_and_a_recent_sign_in() {
    let world = World::new().await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &world.router, CHROME, 2).await;
    let id = ids(&page(&mut firefox).await).remove(0);
    world.advance(Duration::from_mins(16));
    let forms = [
        ("/api/end-session", format!("id={id}")),
        ("/api/end-other-sessions", String::new()),
        ("/api/end-all-sessions", String::new()),
    ];
    for (form, fields) in &forms {
        let answer = firefox.post(form, fields).await;
        assert_eq!(answer.location(), "/confirm?return_to=/account/sessions", "{form}");
        let nobody: Answer = world.browser().post(form, fields).await;
        assert_eq!(nobody.location(), "/login?return_to=/account/sessions", "{form}");
    }
    assert!(is_signed_in(&mut firefox).await && is_signed_in(&mut chrome).await);
    firefox.post("/api/confirm-password", "password=password1&return_to=/account/sessions").await;
    assert_eq!(firefox.post("/api/end-session", &forms[0].1).await.location(), PAGE);
    assert!(!is_signed_in(&mut chrome).await);
    let nobody = world.browser().get(PAGE).await;
    assert_eq!((nobody.status, nobody.location()), (303, "/login?return_to=/account/sessions"));
}

#[tokio::test]
async fn a_session_is_noted_at_most_every_ten_minutes_by_all_replicas_together() {
    let world = World::new().await;
    let other = world.replica(&[]).await;
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &world.router, CHROME, 2).await;
    for (mins, router, seen) in [
        (4, &other, "9 minutes ago"),
        (5, &other, "9 minutes ago"),
        (1, &world.router, "Just now"),
        (9, &other, "9 minutes ago"),
    ] {
        world.advance(Duration::from_mins(mins));
        chrome.turn_to(router.clone());
        chrome.get("/").await;
        world.settled().await;
        if mins != 4 {
            let shown = text_of(&page(&mut this).await);
            assert_eq!(
                shown.matches(seen).count(),
                if seen == "Just now" { 2 } else { 1 },
                "{mins}: {shown}"
            );
        }
    }
}

/// As one whose entry was lost, or that is older than the list.
#[tokio::test]
async fn a_session_without_an_entry_is_on_the_list_with_its_next_request() {
    let world = World::new().await;
    let elsewhere = Arc::new(MemoryStore::new(STORE_BYTES, world.clock()));
    let elsewhere = world.replica_at(elsewhere).await;
    let mut firefox = signed_in(&world, &world.router, FIREFOX, 1).await;
    let mut chrome = signed_in(&world, &elsewhere, CHROME, 2).await;
    assert_eq!(devices(&page(&mut firefox).await), ["Firefox on Linux"]);
    chrome.turn_to(world.router.clone());
    assert!(is_signed_in(&mut chrome).await);
    world.settled().await;
    assert_eq!(devices(&page(&mut firefox).await), ["Firefox on Linux", "Chrome on Android"]);
}

#[tokio::test]
async fn a_sign_out_and_an_idle_session_leave_the_list() {
    let world = World::new().await;
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    signed_in(&world, &world.router, CHROME, 2).await.post("/api/sign-out", "").await;
    assert_eq!(devices(&page(&mut this).await).len(), 1);
    signed_in(&world, &world.router, CHROME, 3).await;
    for _ in 0..7 {
        assert_eq!(devices(&page(&mut this).await).len(), 2);
        world.advance(Duration::from_hours(24));
        assert!(is_signed_in(&mut this).await);
        world.settled().await;
    }
    assert_eq!(devices(&page(&mut this).await).len(), 1);
}

#[tokio::test]
async fn a_script_gets_json() {
    let world = World::new().await;
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    this.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    let answer = this.post("/api/end-other-sessions", "").await;
    assert_eq!(answer.body, r#"{"next":"/account/sessions","message":"All other sessions ended"}"#);
    let answer = this.post("/api/end-session", "").await;
    assert_eq!((answer.status, answer.body.contains(r#""code""#)), (400, true), "{}", answer.body);
}

/// Their browsers are not needed for it: the cookies of 999 of them are as another replica would check them.
#[tokio::test]
async fn a_thousand_sessions_are_on_one_page_and_end_in_one_request() {
    const OTHERS: u32 = 999;
    let world = World::new().await;
    let mut this = signed_in(&world, &world.router, FIREFOX, 1).await;
    let owner = owner_of(&page(&mut this).await);
    let sealer = Sealer::new(KeyRing::parse(world.secrets().trim()).unwrap(), ironleaf_auth::system_random());
    let replica = Records::new(world.store(), sealer, world.clock(), RecordLimits::default());
    let others: Vec<_> = (0..OTHERS).map(|number| other_session(owner, number, (world.clock())())).collect();
    for other in &others {
        let (at, address) = (other.created_at, Some([192, 0, 2, 9].into()));
        let seen = Seen { at, address, user_agent: CHROME, provider_mark: None };
        assert!(replica.note_session(other, &seen, Duration::from_hours(1), Duration::ZERO).await.unwrap());
    }
    let shown = page(&mut this).await;
    assert_eq!(devices(&shown).len(), 1000);
    assert_eq!(ids(&shown).len(), 999);
    assert_eq!(this.post("/api/end-other-sessions", "").await.location(), PAGE);
    for other in &others {
        assert_eq!(replica.standing(other).await.unwrap().standing, Standing::Ended);
    }
    assert!(at(this.clone(), &world.replica(&[]).await).await);
    assert_eq!(devices(&page(&mut this).await), ["Firefox on Linux"]);
}

/// The hash that stands in the forms of the person's pages.
fn owner_of(page: &str) -> Owner {
    let (_, rest) = page.split_once(r#"name="page_of" value=""#).unwrap();
    let mut bytes = [0; 16];
    hex::decode_to_slice(&rest[..32], &mut bytes).unwrap();
    Owner::from_bytes(bytes)
}

fn other_session(owner: Owner, number: u32, created_at: SystemTime) -> Identity {
    let mut id = [7; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Identity { id: SessionId::from_bytes(id), owner, provider_sid: None, created_at, rotation: 0 }
}
