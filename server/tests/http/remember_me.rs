//! The checkbox `Remember me`: whether a session outlives the browser and an hour without a request.

use std::time::Duration;

use crate::browser::{Answer, Browser, SESSION};
use crate::world::World;

const FORM: &str = "email=user@test.com&password=password1";
const MINUTE: Duration = Duration::from_mins(1);

async fn signed_in(world: &World, fields: &str) -> (Browser, Answer) {
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in", &format!("{FORM}{fields}")).await;
    assert_eq!((answer.status, answer.location()), (303, "/"), "{fields}");
    (browser, answer)
}

/// Whether no cookie of the session that the answer sets outlives the browser. It sets one.
fn ends_with_browser(answer: &Answer) -> bool {
    let cookies = answer.set_cookies(SESSION);
    assert!(!cookies.is_empty());
    let lasting = cookies.iter().filter(|cookie| cookie.contains("Max-Age") || cookie.contains("Expires"));
    lasting.count() == 0
}

async fn is_there(browser: &mut Browser) -> bool {
    browser.get("/account").await.status == 200
}

/// What a form of the page says about being remembered: the hidden field, and the box.
fn box_of(page: &str) -> (bool, bool) {
    let is_offered = page.contains(r#"name="remember_me_offered" value="yes""#);
    let input =
        page.split("<input").find(|input| input.contains(r#"name="remember_me""#)).unwrap_or_default();
    let input = input.split_once('>').map_or(input, |(input, _)| input);
    (is_offered && input.contains(r#"type="checkbox""#), input.contains("checked"))
}

#[tokio::test]
async fn only_a_box_that_was_there_and_is_empty_means_that_nobody_is_remembered() {
    let world = World::new().await;
    for (fields, is_remembered) in [
        ("", true),
        ("&remember_me_offered=yes&remember_me=on", true),
        ("&remember_me=on", true),
        ("&remember_me_offered=yes", false),
        ("&remember_me=no", false),
    ] {
        let (_, answer) = signed_in(&world, fields).await;
        assert_eq!(!ends_with_browser(&answer), is_remembered, "{fields}");
    }
}

#[tokio::test]
async fn the_form_has_the_box_and_it_is_ticked() {
    let world = World::new().await;
    let page = world.browser().get("/login").await.body;
    assert_eq!(box_of(&page), (true, true));
    assert!(page.contains(r#"<label for="remember_me">Remember me</label>"#), "{page}");
}

#[tokio::test]
async fn a_refused_form_is_shown_with_its_box_as_it_was() {
    let world = World::new().await;
    for (fields, is_ticked) in
        [("&remember_me_offered=yes", false), ("&remember_me_offered=yes&remember_me=on", true)]
    {
        let mut browser = world.browser();
        browser.post("/api/sign-in", &format!("email=user@test.com&password=wrong{fields}")).await;
        assert_eq!(box_of(&browser.get("/login").await.body), (true, is_ticked), "{fields}");
        assert_eq!(box_of(&browser.get("/login").await.body), (true, true), "shown once");
    }
}

#[tokio::test]
async fn an_hour_without_a_request_ends_the_session_of_whoever_is_not_remembered() {
    let world = World::new().await;
    let (mut unremembered, _) = signed_in(&world, "&remember_me=no").await;
    let (mut remembered, _) = signed_in(&world, "").await;
    world.advance(59 * MINUTE);
    assert!(is_there(&mut unremembered).await, "less than an hour");
    world.advance(60 * MINUTE);
    assert!(is_there(&mut remembered).await);
    let over = unremembered.get("/account").await;
    assert_eq!((over.status, over.location()), (303, "/login?return_to=/account"));
    let told = unremembered.get("/login?return_to=/account").await.body;
    assert!(told.contains("Your session has expired"), "{told}");
}

#[tokio::test]
async fn the_hour_is_a_setting() {
    let world = World::with(&[("SESSION_UNREMEMBERED_IDLE_TIMEOUT", "10m")]).await;
    let (mut browser, _) = signed_in(&world, "&remember_me=no").await;
    world.advance(9 * MINUTE);
    assert!(is_there(&mut browser).await);
    world.advance(10 * MINUTE);
    assert!(!is_there(&mut browser).await);
}

#[tokio::test]
async fn a_refresh_a_proof_and_a_new_password_leave_it_at_the_choice() {
    let world = World::new().await;
    let (mut browser, _) = signed_in(&world, "&remember_me=no").await;
    world.advance(25 * MINUTE);
    assert!(ends_with_browser(&browser.get("/account").await), "refreshed");
    assert_eq!(world.stats().refreshes_accepted, 1);
    let confirmed = browser.post("/api/confirm-password", "password=password1").await;
    assert_eq!((confirmed.status, ends_with_browser(&confirmed)), (303, true), "confirmed");
    let form = "password=password2&confirm_password=password2";
    let changed = browser.post("/api/set-password", form).await;
    assert_eq!(
        (changed.status, changed.location(), ends_with_browser(&changed)),
        (303, "/", true),
        "changed"
    );
    world.advance(60 * MINUTE);
    assert!(!is_there(&mut browser).await);
}

#[tokio::test]
async fn the_list_of_sessions_has_it_for_as_long_as_it_lasts() {
    let world = World::new().await;
    let (mut unremembered, _) = signed_in(&world, "&remember_me=no").await;
    let (mut other, _) = signed_in(&world, "").await;
    world.settled().await;
    let count = |page: &str| page.matches(r#"<h2 id="session-"#).count();
    assert_eq!(count(&other.get("/account/sessions").await.body), 2);
    // A request that is not noted, because the last note is not old enough, prolongs the session.
    world.advance(9 * MINUTE);
    assert!(is_there(&mut unremembered).await);
    world.settled().await;
    world.advance(59 * MINUTE);
    assert_eq!(count(&other.get("/account/sessions").await.body), 2, "it is not over");
    world.advance(20 * MINUTE);
    assert_eq!(count(&other.get("/account/sessions").await.body), 1, "it is over");
}
