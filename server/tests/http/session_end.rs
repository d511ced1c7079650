//! What a page says about the end of its session, which nothing but another sign-in moves.

use std::time::Duration;

use crate::browser::Browser;
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

/// How many seconds the page says that its session lasts. `None` if it says nothing of it.
fn left_on(page: &str) -> Option<u64> {
    let (number, _) = page.split_once(r#"data-left=""#)?.1.split_once('"')?;
    Some(number.parse().unwrap())
}

async fn left(browser: &mut Browser, page: &str) -> Option<u64> {
    let answer = browser.get(page).await;
    assert_eq!(answer.status, 200, "{page}");
    left_on(&answer.body)
}

#[tokio::test]
async fn a_page_carries_the_end_of_its_session_which_no_request_moves() {
    let world = World::with(&[("SESSION_ABSOLUTE_TIMEOUT", "3d")]).await;
    let mut browser = world.signed_in().await;
    for page in ["/", "/account", "/account/sessions", "/confirm"] {
        assert_eq!(left(&mut browser, page).await, Some(3 * 86_400), "{page}");
    }
    world.advance(2 * DAY);
    assert_eq!(left(&mut browser, "/account").await, Some(86_400), "its tokens were refreshed");
    assert_eq!(world.stats().refreshes_accepted, 1);
    world.advance(DAY.saturating_sub(MINUTE));
    assert_eq!(left(&mut browser, "/account").await, Some(60));
    world.advance(MINUTE);
    assert_eq!(browser.get("/account").await.location(), "/login?return_to=/account");
    assert_eq!(left(&mut browser, "/").await, None);
}

#[tokio::test]
async fn nobody_who_is_signed_out_gets_a_note() {
    let world = World::new().await;
    for page in ["/", "/login"] {
        let page = world.browser().get(page).await.body;
        assert!(left_on(&page).is_none() && !page.contains("Stay signed in"), "{page}");
    }
}

#[tokio::test]
async fn a_proof_begins_a_session_with_an_end_of_its_own_and_says_to_go_on_in_the_other_tab() {
    let world = World::with(&[("SESSION_ABSOLUTE_TIMEOUT", "1d")]).await;
    let mut browser = world.signed_in().await;
    world.advance(DAY.saturating_sub(MINUTE));
    let page = browser.get("/account").await.body;
    assert_eq!(left_on(&page), Some(60));
    assert!(
        page.contains(r#"<a href="/confirm" target="_blank" rel="noopener">Stay signed in</a>"#),
        "{page}"
    );

    let answer = browser.post("/api/confirm-password", "password=password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let page = browser.get("/").await.body;
    assert!(page.contains("You stay signed in."), "{page}");
    assert_eq!(left_on(&page), Some(86_400));

    // The page in the other tab is that of the same person: its form works as if nothing had happened.
    world.advance(2 * MINUTE);
    let account = browser.get("/account").await;
    assert_eq!((account.status, left_on(&account.body)), (200, Some(86_400 - 120)));
}

#[tokio::test]
async fn a_form_of_the_old_session_is_acted_upon_in_the_new_one() {
    let world = World::with(&[("SESSION_ABSOLUTE_TIMEOUT", "1d")]).await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/account").await.body;
    let field = |name: &str| {
        let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#)).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (form_id, page_of) = (field("form_id"), field("page_of"));
    world.advance(DAY.saturating_sub(MINUTE));
    browser.post("/api/confirm-password", "password=password1").await;
    world.advance(2 * MINUTE);
    let form =
        format!("form_id={form_id}&page_of={page_of}&email=typed@test.com&password=&confirm_password=");
    let answer = browser.post("/api/update-account", &form).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert!(browser.get("/account").await.body.contains("typed@test.com"));
}

#[tokio::test]
async fn a_form_that_is_sent_after_the_end_keeps_what_was_typed() {
    let world = World::with(&[("SESSION_ABSOLUTE_TIMEOUT", "1d")]).await;
    let mut browser = world.signed_in().await;
    world.advance(DAY);
    let form = "email=typed@test.com&password=&confirm_password=";
    let answer = browser.post("/api/update-account", form).await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    assert_eq!(browser.sign_in("user@test.com", "password1").await.status, 303);
    let page = browser.get("/account").await.body;
    assert!(page.contains(r#"value="typed@test.com""#), "{page}");
}
