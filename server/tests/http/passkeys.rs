//! Passkeys: the pages on which a person adds, names and removes them, and the sign-in with one.

use http::header::ACCEPT;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::browser::{Answer, Browser};
use crate::software_passkey::{ORIGIN, Passkey};
use crate::words::{assert_in_catalogue, marked};
use crate::world::World;

const PAGE: &str = "/account/passkeys";

async fn world() -> World {
    World::with(&[("PUBLIC_ORIGIN", ORIGIN)]).await
}

fn browser(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("host", "localhost:3000".to_owned());
    browser
}

async fn signed_in(world: &World, email: &str) -> Browser {
    let mut browser = browser(world);
    let answer = browser.sign_in(email, "password1").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser
}

/// What a script gets from a form.
async fn as_script(browser: &mut Browser, path: &str, form: &str) -> (u16, Value) {
    let accept = browser.headers.insert(ACCEPT.as_str(), "application/json".to_owned()).unwrap();
    let answer = browser.post(path, form).await;
    browser.headers.insert(ACCEPT.as_str(), accept);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// What the script is to ask the browser for, and the state.
async fn begin(browser: &mut Browser, path: &str, form: &str) -> (Value, String) {
    let (status, answer) = as_script(browser, path, form).await;
    assert_eq!(status, 200, "{answer}");
    let options = serde_json::from_str(answer["ask"]["options"].as_str().unwrap()).unwrap();
    (options, encoded(answer["ask"]["state"].as_str().unwrap()))
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

async fn add(browser: &mut Browser, passkey: &mut Passkey, name: &str) -> Answer {
    let (options, state) = begin(browser, "/api/begin-passkey", &format!("name={name}")).await;
    let credential = encoded(&passkey.create(&options).to_string());
    browser.post("/api/add-passkey", &format!("name={name}&state={state}&passkey={credential}")).await
}

async fn sign_in(browser: &mut Browser, passkey: &Passkey, more: &str) -> Answer {
    let (options, state) = begin(browser, "/api/begin-passkey-sign-in", "").await;
    let credential = encoded(&passkey.get(&options).to_string());
    browser.post("/api/sign-in-with-passkey", &format!("state={state}&passkey={credential}{more}")).await
}

/// The link of the only entry on the page.
fn link_in(page: &str) -> String {
    let (_, rest) = page.split_once(r#"href="/account/passkeys/"#).unwrap_or_else(|| panic!("{page}"));
    format!("{PAGE}/{}", rest.split_once('"').unwrap().0)
}

#[tokio::test]
async fn a_person_adds_a_passkey_and_signs_in_with_it() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    assert!(person.get("/account").await.body.contains(r#"href="/account/passkeys""#));
    let page = person.get(PAGE).await.body;
    for part in [
        "You have no passkeys yet.",
        "Passkeys need JavaScript",
        r#"data-passkey="create""#,
        "/pkg/passkeys.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let mut passkey = Passkey::new("a");
    let added = add(&mut person, &mut passkey, "My+phone").await;
    assert_eq!((added.status, added.location()), (303, PAGE), "{}", added.body);
    let page = person.get(PAGE).await;
    for part in
        ["You can log in with this passkey from now on.", "My phone", "Never", "Kept by a password manager"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(page.header("cache-control"), "no-store");

    let mut other = browser(&world);
    let login = other.get("/login?return_to=/account/activity").await.body;
    for part in [
        r#"autocomplete="username webauthn""#,
        "Log in with a passkey",
        r#"data-begin="/api/begin-passkey-sign-in""#,
        "<noscript>",
    ] {
        assert!(login.contains(part), "{part}: {login}");
    }
    let answer = sign_in(&mut other, &passkey, "&return_to=/account/activity").await;
    assert_eq!((answer.status, answer.location()), (303, "/account/activity"), "{}", answer.body);
    let activity = other.get("/account/activity").await.body;
    assert!(activity.contains("Passkey added"), "{activity}");
    assert!(!other.get(PAGE).await.body.contains("Never"));
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_after_a_question() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    let mut passkey = Passkey::new("a");
    add(&mut person, &mut passkey, "My+phone").await;
    let link = link_in(&person.get(PAGE).await.body);
    let id = link.rsplit_once('/').unwrap().1.to_owned();
    assert!(person.get(&link).await.body.contains(r#"value="My phone""#));
    let unnamed = person.post("/api/rename-passkey", &format!("id={id}&name=+")).await;
    assert_eq!((unnamed.status, unnamed.location()), (303, link.as_str()));
    assert!(person.get(&link).await.body.contains("Please enter a name of 60 characters at most"));
    let renamed = person.post("/api/rename-passkey", &format!("id={id}&name=Work+%3Cb%3E")).await;
    assert_eq!((renamed.status, renamed.location()), (303, PAGE));
    let page = person.get(PAGE).await.body;
    assert!(page.contains("Work &lt;b&gt;") && page.contains("The passkey has its new name."), "{page}");

    let question = person.get(&format!("{link}/remove")).await.body;
    assert!(question.contains("Are you sure?") && question.contains("Work &lt;b&gt;"), "{question}");
    let removed = person.post("/api/remove-passkey", &format!("id={id}")).await;
    assert_eq!((removed.status, removed.location()), (303, PAGE));
    assert!(person.get(PAGE).await.body.contains("You have no passkeys yet."));
    assert_eq!(person.get(&link).await.status, 404);
    let again = person.post("/api/remove-passkey", &format!("id={id}")).await;
    assert_eq!(again.location(), PAGE);
    assert!(person.get(PAGE).await.body.contains("You do not have this passkey any more."));
    let refused = sign_in(&mut browser(&world), &passkey, "").await;
    assert_eq!((refused.status, refused.location()), (303, "/login"));
}

#[tokio::test]
async fn nobody_reaches_the_passkeys_of_others() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    add(&mut person, &mut Passkey::new("a"), "My+phone").await;
    let link = link_in(&person.get(PAGE).await.body);
    let id = link.rsplit_once('/').unwrap().1.to_owned();
    let mut stranger = signed_in(&world, "admin@test.com").await;
    for page in [&link, &format!("{link}/remove"), "/account/passkeys/..%2Fx", "/account/passkeys/1"] {
        assert_eq!(stranger.get(page).await.status, 404, "{page}");
    }
    for (form, fields) in [("/api/remove-passkey", ""), ("/api/rename-passkey", "&name=Mine")] {
        let answer = stranger.post(form, &format!("id={id}{fields}")).await;
        assert_eq!((answer.status, answer.location()), (303, PAGE), "{form}");
        assert!(stranger.get(PAGE).await.body.contains("You do not have this passkey any more."), "{form}");
    }
    assert!(person.get(PAGE).await.body.contains("My phone"));
    let nobody = browser(&world).get(PAGE).await;
    assert_eq!((nobody.status, nobody.location()), (303, "/login?return_to=/account/passkeys"));
}

#[tokio::test]
async fn adding_and_removing_ask_for_a_recent_sign_in() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    add(&mut person, &mut Passkey::new("a"), "My+phone").await;
    let id = link_in(&person.get(PAGE).await.body).rsplit_once('/').unwrap().1.to_owned();
    world.advance(std::time::Duration::from_mins(16));
    let (status, answer) = as_script(&mut person, "/api/begin-passkey", "name=Typed").await;
    assert_eq!((status, &answer["next"]), (403, &Value::from("/confirm?return_to=/account/passkeys")));
    assert!(person.get(PAGE).await.body.contains(r#"value="Typed""#), "what was typed is kept");
    world.advance(std::time::Duration::from_mins(10));
    let added = person.post("/api/add-passkey", "name=a&state=b&passkey={}").await;
    assert_eq!(added.location(), "/confirm?return_to=/account/passkeys");
    let removed = person.post("/api/remove-passkey", &format!("id={id}")).await;
    assert_eq!(removed.location(), format!("/confirm?return_to=/account/passkeys/{id}/remove"));
    assert!(person.get(PAGE).await.body.contains("My phone"));
}

#[tokio::test]
async fn a_passkey_that_was_begun_in_time_is_added() {
    let world = World::with(&[("PUBLIC_ORIGIN", ORIGIN), ("RATE_LIMIT_STRICT", "2/1h")]).await;
    let mut person = signed_in(&world, "user@test.com").await;
    world.advance(std::time::Duration::from_mins(14));
    let (options, state) = begin(&mut person, "/api/begin-passkey", "name=a").await;
    begin(&mut person, "/api/begin-passkey", "name=a").await;
    let (status, _) = as_script(&mut person, "/api/begin-passkey", "name=a").await;
    assert_eq!(status, 429);
    // The browser has made it: neither the time nor the limit refuses it now.
    world.advance(std::time::Duration::from_mins(9));
    let credential = encoded(&Passkey::new("a").create(&options).to_string());
    let form = format!("name=a&state={state}&passkey={credential}");
    let added = person.post("/api/add-passkey", &form).await;
    assert_eq!((added.status, added.location()), (303, PAGE), "{}", added.body);
    assert!(person.get(PAGE).await.body.contains("You can log in with this passkey from now on."));
}

#[tokio::test]
async fn a_name_is_checked_before_the_browser_makes_a_passkey() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    assert!(person.get(PAGE).await.body.contains(r#"maxlength="60""#));
    for name in ["+", &"x".repeat(61), "a%0Ab"] {
        let (status, answer) = as_script(&mut person, "/api/begin-passkey", &format!("name={name}")).await;
        let words = "Please enter a name of 60 characters at most";
        assert_eq!((status, &answer["message"]), (422, &Value::from(words)), "{answer}");
    }
}

#[tokio::test]
async fn a_script_and_a_page_are_told_why_a_passkey_is_refused() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    add(&mut person, &mut Passkey::new("a"), "My+phone").await;
    let mut foreign = Passkey::new("b");
    foreign.origin = "http://localhost:3001".to_owned();
    for (mut passkey, words) in [
        (Passkey::new("a"), "This passkey is registered already."),
        (foreign, "This passkey was not accepted."),
    ] {
        assert_eq!(add(&mut person, &mut passkey, "Other").await.location(), PAGE);
        assert!(person.get(PAGE).await.body.contains(words), "{words}");
    }
    let over = person.post("/api/add-passkey", "name=a&state=b&passkey={}").await;
    assert_eq!(over.location(), PAGE);
    assert!(person.get(PAGE).await.body.contains("That took too long. Please try again."));

    let mut other = browser(&world);
    let unknown = sign_in(&mut other, &Passkey::new("c"), "").await;
    assert_eq!((unknown.status, unknown.location()), (303, "/login"));
    let page = other.get("/login").await.body;
    assert!(page.contains("This passkey is not accepted here."), "{page}");
    let (status, answer) = as_script(&mut other, "/api/sign-in-with-passkey", "state=a&passkey={}").await;
    assert_eq!((status, &answer["code"]), (401, &Value::from("challenge_over")), "{answer}");
    assert_eq!(other.session(), None);
}

#[tokio::test]
async fn the_box_counts_for_a_passkey_as_for_a_password() {
    let world = world().await;
    let mut passkey = Passkey::new("a");
    add(&mut signed_in(&world, "user@test.com").await, &mut passkey, "My+phone").await;
    for (fields, lasts) in
        [("&remember_me=on&remember_me_offered=yes", true), ("&remember_me_offered=yes", false)]
    {
        let answer = sign_in(&mut browser(&world), &passkey, fields).await;
        let cookies = answer.set_cookies("ironleaf-session");
        assert_eq!(cookies.iter().any(|cookie| cookie.contains("Max-Age")), lasts, "{fields}: {cookies:?}");
    }
}

#[tokio::test]
async fn refused_passkeys_are_counted_by_their_address() {
    let settings = [("PUBLIC_ORIGIN", ORIGIN), ("RATE_LIMIT_ADDRESS", "3/1h")];
    let world = World::with(&settings).await;
    let mut stranger = browser(&world);
    for _ in 0..3 {
        assert_eq!(sign_in(&mut stranger, &Passkey::new("a"), "").await.status, 303);
    }
    let (status, answer) = as_script(&mut stranger, "/api/begin-passkey-sign-in", "").await;
    assert_eq!((status, &answer["code"]), (429, &Value::from("too_many_requests")), "{answer}");
}

#[tokio::test]
async fn without_a_domain_nothing_of_it_is_there() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    assert!(!person.get("/account").await.body.contains(PAGE));
    for page in [PAGE, "/account/passkeys/1", "/account/passkeys/1/remove"] {
        assert_eq!(person.get(page).await.status, 404, "{page}");
    }
    let login = world.browser().get("/login").await.body;
    assert!(login.contains(r#"autocomplete="username""#) && !login.contains("passkey"), "{login}");
    for form in ["begin-passkey-sign-in", "sign-in-with-passkey", "begin-passkey", "add-passkey"] {
        let answer = person.post(&format!("/api/{form}"), "name=a&state=b&passkey={}").await;
        assert_eq!(answer.status, 404, "{form}");
    }
}

#[tokio::test]
async fn its_pages_have_their_words_from_the_catalogue() {
    let world = world().await;
    let mut person = signed_in(&world, "user@test.com").await;
    marked(&mut person, world.router.clone());
    assert_in_catalogue(PAGE, &person.get(PAGE).await.body);
    add(&mut person, &mut Passkey::new("a"), "Ada+Lovelace").await;
    let page = person.get(PAGE).await.body;
    assert!(page.contains("⟦You can log in with this passkey from now on.⟧"), "{page}");
    let link = link_in(&page);
    let pages = [PAGE.to_owned(), link.clone(), format!("{link}/remove"), "/account".to_owned()];
    for path in pages {
        assert_in_catalogue(&path, &person.get(&path).await.body);
    }
    let mut stranger = browser(&world);
    marked(&mut stranger, world.router.clone());
    sign_in(&mut stranger, &Passkey::new("b"), "").await;
    assert_in_catalogue("/login", &stranger.get("/login").await.body);
}
