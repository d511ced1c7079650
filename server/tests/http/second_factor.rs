//! Signing in with two steps, and the pages that set that up.

use std::time::{Duration, SystemTime};

use http::header::ACCEPT;
use totp_rs::{Builder, Secret, Totp};

use crate::browser::{Answer, Browser};
use crate::links::{link_to, open};
use crate::world::World;

const PAGE: &str = "/account/two-factor";
const SET_UP: &str = "/account/two-factor/set-up";
const RECOVERY_CODES: &str = "/account/two-factor/recovery-codes";
const WRONG: &str = "This code is not correct, or it was used already";

/// The authenticator app of a person.
struct App(Totp);

impl App {
    /// From the page that shows its key.
    fn set_up_by(page: &str) -> Self {
        let (_, rest) = page.split_once(r#"<code class="key">"#).unwrap();
        let key = rest.split_once('<').unwrap().0.replace(' ', "");
        Self(Builder::new().with_secret(Secret::try_from_base32(key).unwrap()).build().unwrap())
    }

    /// What it shows now. Until then, the one before was perhaps used.
    fn code(&self, world: &World) -> String {
        world.advance(Duration::from_secs(30));
        let now = world.clock()().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        self.0.generate(now.as_secs()).to_string()
    }
}

/// Enables an app for whoever is signed in. Returns it with the recovery codes.
async fn enable(world: &World, browser: &mut Browser) -> (App, Vec<String>) {
    // Whether the API offers it is known once it has been asked for a person.
    assert_eq!(browser.get(PAGE).await.status, 200);
    let begun = browser.post("/api/begin-second-factor", "").await;
    assert_eq!((begun.status, begun.location()), (303, SET_UP), "{}", begun.body);
    let app = App::set_up_by(&browser.get(SET_UP).await.body);
    let code = app.code(world);
    let enabled = browser.post("/api/enable-second-factor", &format!("code={code}")).await;
    assert_eq!((enabled.status, enabled.location()), (303, RECOVERY_CODES), "{}", enabled.body);
    (app, codes_in(&browser.get(RECOVERY_CODES).await.body))
}

fn codes_in(page: &str) -> Vec<String> {
    let codes = page.split("<li><code>").skip(1);
    codes.map(|code| code.split_once('<').unwrap().0.to_owned()).collect()
}

async fn enter(browser: &mut Browser, code: &str) -> Answer {
    browser.post("/api/sign-in-with-code", &format!("code={code}")).await
}

#[tokio::test]
async fn a_person_sets_an_app_up_and_signs_in_with_its_codes() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    let (app, codes) = enable(&world, &mut person).await;
    assert_eq!(codes.len(), 10);
    let again = person.get(RECOVERY_CODES).await.body;
    assert_eq!(codes_in(&again), [""; 0], "they are shown once");
    let page = person.get(PAGE).await;
    assert!(page.body.contains("You have 10 recovery codes left."), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");

    let mut browser = world.browser();
    let answer = browser.sign_in("user@test.com", "password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/login/code"));
    assert_eq!(browser.session(), None, "there is no session before the code");
    assert_eq!(browser.get("/account").await.status, 303);
    let page = browser.get("/login/code").await.body;
    for part in [r#"autocomplete="one-time-code""#, r#"inputmode="numeric""#, "/login/code?with=recovery"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let wrong = enter(&mut browser, "12345").await;
    assert_eq!((wrong.status, wrong.location()), (303, "/login/code"));
    assert!(browser.get("/login/code").await.body.contains(WRONG));
    let right = enter(&mut browser, &app.code(&world)).await;
    assert_eq!((right.status, right.location()), (303, "/"));
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(browser.get("/login/code").await.location(), "/", "nothing waits any more");
    let page = world.browser().get("/login/code").await;
    assert!(
        page.status == 200 && page.body.contains("No login waits for a code in this browser."),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn the_code_leads_to_where_the_person_wanted_to_go() {
    let world = World::new().await;
    let (app, _) = enable(&world, &mut world.signed_in().await).await;
    let mut browser = world.browser();
    let form = "email=user@test.com&password=password1&return_to=/account/activity";
    let answer = browser.post("/api/sign-in", form).await;
    assert_eq!(answer.location(), "/login/code?return_to=/account/activity");
    let page = browser.get(answer.location()).await.body;
    assert!(page.contains(r#"name="return_to" value="/account/activity""#), "{page}");
    assert!(page.contains("/login/code?return_to=/account/activity&amp;with=recovery"), "{page}");
    let form = format!("code={}&return_to=/account/activity", app.code(&world));
    let answer = browser.post("/api/sign-in-with-code", &form).await;
    assert_eq!(answer.location(), "/account/activity");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let world = World::new().await;
    let (_, codes) = enable(&world, &mut world.signed_in().await).await;
    let mut browser = world.browser();
    browser.sign_in("user@test.com", "password1").await;
    let page = browser.get("/login/code?with=recovery").await.body;
    assert!(page.contains("Recovery code") && !page.contains("inputmode"), "{page}");
    let form = |code: &str| format!("with=recovery&code={code}");
    let wrong = browser.post("/api/sign-in-with-code", &form("0000-0000-0000-0000")).await;
    assert_eq!(wrong.location(), "/login/code?with=recovery");
    assert!(browser.get("/login/code?with=recovery").await.body.contains(WRONG));
    assert_eq!(browser.post("/api/sign-in-with-code", &form(&codes[0])).await.location(), "/");
    assert!(browser.get(PAGE).await.body.contains("You have 9 recovery codes left."));
    let mut other = world.browser();
    other.sign_in("user@test.com", "password1").await;
    assert_eq!(enter(&mut other, &codes[0]).await.location(), "/login/code");
}

#[tokio::test]
async fn the_code_counts_in_the_browser_of_the_password_only_and_for_ten_minutes() {
    let world = World::new().await;
    let (app, _) = enable(&world, &mut world.signed_in().await).await;
    let mut browser = world.browser();
    browser.sign_in("user@test.com", "password1").await;
    let code = app.code(&world);
    let mut other = world.browser();
    assert_eq!(enter(&mut other, &code).await.location(), "/login");
    let page = other.get("/login").await.body;
    assert!(page.contains("That took too long, or the code was for another login."), "{page}");
    world.advance(Duration::from_mins(10));
    assert_eq!(enter(&mut browser, &app.code(&world)).await.location(), "/login");
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn the_link_of_an_e_mail_is_followed_by_a_code_and_then_by_a_new_password() {
    let world = World::new().await;
    let (app, _) = enable(&world, &mut world.signed_in().await).await;
    let mut browser = world.browser();
    browser.post("/api/request-password-reset", "email=user@test.com").await;
    let link = link_to(&world, "user@test.com").await;
    open(&mut browser, &link).await;
    let answer = browser.post("/api/sign-in-with-token", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/login/code?return_to=/set-password"));
    assert_eq!(browser.session(), None);
    let form = format!("code={}&return_to=/set-password", app.code(&world));
    assert_eq!(browser.post("/api/sign-in-with-code", &form).await.location(), "/set-password");
    let form = "password=a+new+password&confirm_password=a+new+password";
    assert_eq!(browser.post("/api/set-password", form).await.status, 303);
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_of_a_person_with_two_steps_as_well() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    let (app, _) = enable(&world, &mut person).await;
    let mut other = world.browser();
    other.sign_in("user@test.com", "password1").await;
    enter(&mut other, &app.code(&world)).await;
    assert_eq!(other.get("/account").await.status, 200);
    let form = "email=user@test.com&password=another+one&confirm_password=another+one";
    world.advance(Duration::from_secs(1));
    let changed = person.post("/api/update-account", form).await;
    assert_eq!(changed.location(), "/account", "{}", changed.body);
    let page = person.get("/account").await.body;
    assert!(page.contains("Account updated successfully"), "{page}");
    assert_eq!(other.get("/account").await.status, 303);
    assert_eq!(person.get("/account").await.status, 200);
}

#[tokio::test]
async fn whoever_has_a_session_confirms_with_the_password() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    enable(&world, &mut person).await;
    world.advance(Duration::from_mins(16));
    let refused = person.post("/api/replace-recovery-codes", "code=123456").await;
    assert_eq!(refused.location(), format!("/confirm?return_to={RECOVERY_CODES}"));
    person.get("/account").await;
    let form = format!("password=password1&return_to={RECOVERY_CODES}");
    let confirmed = person.post("/api/confirm-password", &form).await;
    assert_eq!(confirmed.location(), RECOVERY_CODES);
}

#[tokio::test]
async fn whoever_confirms_after_their_access_token_has_expired_enters_a_code_as_well() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    let (app, _) = enable(&world, &mut person).await;
    world.advance(Duration::from_mins(21));
    let asked = person.post("/api/confirm-password", "password=password1&return_to=/account").await;
    assert_eq!(asked.location(), "/login/code?return_to=/account");
    assert_eq!(person.get(asked.location()).await.status, 200);
    let form = format!("code={}&return_to=/account", app.code(&world));
    assert_eq!(person.post("/api/sign-in-with-code", &form).await.location(), "/account");
    assert_eq!(person.post("/api/begin-second-factor", "").await.location(), PAGE, "it is recent now");
}

#[tokio::test]
async fn every_other_session_ends_when_an_app_is_enabled() {
    let world = World::new().await;
    let mut other = world.signed_in().await;
    let mut person = world.signed_in().await;
    enable(&world, &mut person).await;
    assert_eq!(other.get("/account").await.status, 303);
    assert_eq!(person.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_wrong_code_enables_nothing_and_is_said_beside_its_field() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    person.get(PAGE).await;
    person.post("/api/begin-second-factor", "").await;
    let refused = person.post("/api/enable-second-factor", "code=nonsense").await;
    assert_eq!((refused.status, refused.location()), (303, SET_UP));
    let page = person.get(SET_UP).await.body;
    assert!(page.contains(WRONG) && page.contains(r#"<svg role="img" aria-label="QR code"#), "{page}");
    assert!(world.signed_in().await.session().is_some(), "nobody is asked for a code");
}

#[tokio::test]
async fn a_code_replaces_the_recovery_codes_and_disables_the_second_step() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    let (app, old) = enable(&world, &mut person).await;
    let form = format!("code={}", app.code(&world));
    assert_eq!(person.post("/api/replace-recovery-codes", &form).await.location(), RECOVERY_CODES);
    let new = codes_in(&person.get(RECOVERY_CODES).await.body);
    assert_eq!((new.len(), new.contains(&old[0])), (10, false));
    let page = "/account/two-factor/disable";
    let refused = person.post("/api/disable-second-factor", &format!("code={}", old[0])).await;
    assert_eq!(refused.location(), page);
    assert!(person.get(page).await.body.contains(WRONG));
    let disabled = person.post("/api/disable-second-factor", &format!("code={}", new[0])).await;
    assert_eq!(disabled.location(), PAGE);
    let html = person.get(PAGE).await.body;
    assert!(
        html.contains("Your account no longer asks for a code.") && html.contains("Set up an app"),
        "{html}"
    );
    let late = person.post("/api/disable-second-factor", &format!("code={}", new[1])).await;
    assert_eq!(late.location(), PAGE);
    assert!(person.get(PAGE).await.body.contains("This was changed elsewhere"));
    world.signed_in().await;
    let events = person.get("/account/activity").await.body;
    for event in ["Code for logging in enabled", "Recovery codes replaced", "Code for logging in disabled"] {
        assert!(events.contains(&format!("<td>{event}</td>")), "{event}: {events}");
    }
}

#[tokio::test]
async fn what_is_shown_once_is_not_shown_to_the_next_person_in_this_browser() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    person.get(PAGE).await;
    person.post("/api/begin-second-factor", "").await;
    let key = person.cookies["ironleaf-new-app"].clone();
    person.post("/api/sign-out", "").await;
    assert!(!person.cookies.contains_key("ironleaf-new-app"));
    person.sign_in("admin@test.com", "password1").await;
    person.cookies.insert("ironleaf-new-app".to_owned(), key);
    let page = person.get(SET_UP).await.body;
    assert!(page.contains("Set up an app") && !page.contains("<svg role=\"img\""), "{page}");
}

#[tokio::test]
async fn its_pages_are_for_whoever_is_signed_in_where_the_api_offers_it() {
    let world = World::new().await;
    let pages = [PAGE, SET_UP, RECOVERY_CODES, "/account/two-factor/disable"];
    for page in pages {
        let nobody = world.browser().get(page).await;
        assert_eq!((nobody.status, nobody.location()), (303, format!("/login?return_to={page}").as_str()));
    }
    let mut person = world.signed_in().await;
    assert!(person.get("/account").await.body.contains(r#"href="/account/two-factor""#));
    for page in [SET_UP, "/account/two-factor/disable", RECOVERY_CODES] {
        let html = person.get(page).await.body;
        assert!(html.contains("Set up an app") && !html.contains("name=\"code\""), "{page}: {html}");
    }
    world.network.keep_to_the_recorded_contract();
    assert!(!person.get("/account").await.body.contains("/account/two-factor"));
    for page in pages {
        assert_eq!(person.get(page).await.status, 404, "{page}");
    }
}

#[tokio::test]
async fn a_script_learns_where_the_code_is_entered_and_what_is_wrong_with_it() {
    let world = World::new().await;
    enable(&world, &mut world.signed_in().await).await;
    let mut script = world.browser();
    script.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    let asked = script.sign_in("user@test.com", "password1").await;
    assert_eq!((asked.status, asked.body.as_str()), (200, r#"{"next":"/login/code","message":null}"#));
    let wrong = enter(&mut script, "1").await;
    assert!(wrong.status == 422 && wrong.body.contains(r#""code":"wrong_code""#), "{}", wrong.body);
    assert!(wrong.body.contains(&format!(r#""fields":{{"code":"{WRONG}"}}"#)), "{}", wrong.body);
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = World::new().await;
    let (app, _) = enable(&world, &mut world.signed_in().await).await;
    let mut browser = world.browser();
    browser.sign_in("user@test.com", "password1").await;
    let right = app.code(&world);
    let mut refused = 0;
    for _ in 0..30 {
        refused += u32::from(enter(&mut browser, "nonsense").await.status == 429);
    }
    assert!(refused > 10, "{refused} of 30");
    assert_eq!(enter(&mut browser, &right).await.status, 429);
}
