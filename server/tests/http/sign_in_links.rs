//! A link that signs in, asked for with the sign-in form.

use std::time::Duration;

use crate::browser::SESSION;
use crate::links::{link_to, open};
use crate::network::Outcome;
use crate::world::World;

const ASK: &str = "/api/request-sign-in-link";

#[tokio::test]
async fn the_sign_in_form_offers_a_link_with_a_button_of_its_own() {
    let world = World::new().await;
    let page = world.browser().get("/login").await.body;
    let (_, button) = page.split_once(r#"formaction="/api/request-sign-in-link""#).expect("a button");
    let (attributes, rest) = button.split_once('>').unwrap();
    assert!(
        attributes.contains("formnovalidate") && rest.trim_start().starts_with("Email me a link"),
        "{page}"
    );
}

#[tokio::test]
async fn an_api_that_sends_no_such_links_is_not_asked_for_one() {
    let world = World::with(&[("CORE_API_SIGN_IN_LINKS", "false")]).await;
    assert!(!world.browser().get("/login").await.body.contains("Email me a link"));
    assert_eq!(world.browser().post(ASK, "email=user@test.com").await.status, 404);
    world.core_api.settled().await;
    assert!(world.core_api.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_api_without_such_links_sends_no_other_e_mail_whatever_the_setting_says() {
    let world = World::new().await;
    let unknown = r#"{"statusCode":404,"message":"Not Found"}"#;
    world.network.fail("/auth/sign-in-links", Outcome::Answer(404, unknown));
    let mut browser = world.browser();
    assert_eq!(browser.post(ASK, "email=user@test.com").await.location(), "/login");
    assert!(browser.get("/login").await.body.contains("We cannot reach our servers right now."));
    world.core_api.settled().await;
    assert!(world.core_api.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_answer_is_the_same_whether_the_account_exists_or_not() {
    let world = World::new().await;
    for email in ["user@test.com", "nobody@test.com"] {
        let mut browser = world.browser();
        let answer = browser.post(ASK, &format!("email={email}&password=typed")).await;
        assert_eq!((answer.status, answer.location()), (303, "/login"));
        let page = browser.get("/login").await.body;
        assert!(page.contains(&format!("A login link has been sent to {email}")), "{page}");
        assert!(page.contains(r#"role="status""#) && !page.contains("typed"));
    }
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap();
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].message.link.contains("action="), "{}", mails[0].message.link);
    assert!(!mails[0].message.text.contains("password"), "{}", mails[0].message.text);
}

#[tokio::test]
async fn what_is_no_address_is_refused_beside_the_field() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post(ASK, "email=nonsense&remember_me_offered=yes").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    let page = browser.get("/login").await.body;
    assert!(page.contains("Invalid email address") && page.contains(r#"value="nonsense""#), "{page}");
}

#[tokio::test]
async fn the_link_signs_in_and_leads_to_where_the_person_was_going() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post(ASK, "email=User@test.com&return_to=/account").await;
    assert_eq!(answer.location(), "/login?return_to=/account");
    let link = link_to(&world, "user@test.com").await;
    let page = open(&mut browser, &link).await;
    assert!(page.contains("Continue as user@test.com") && page.contains("data-auto-submit"), "{page}");
    let answer = browser.post("/api/sign-in-with-token", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert_eq!(browser.get("/account").await.status, 200);
    let page = open(&mut world.browser(), &link).await;
    assert!(page.contains("Continue as user@test.com"), "{page}");
}

#[tokio::test]
async fn the_choice_of_the_form_holds_for_the_link_in_this_browser() {
    let world = World::new().await;
    for (fields, is_remembered) in
        [("&remember_me_offered=yes", false), ("&remember_me_offered=yes&remember_me=on", true)]
    {
        let mut browser = world.browser();
        browser.post(ASK, &format!("email=user@test.com{fields}")).await;
        let link = link_to(&world, "user@test.com").await;
        open(&mut browser, &link).await;
        let answer = browser.post("/api/sign-in-with-token", "").await;
        let cookies = answer.set_cookies(SESSION);
        assert_eq!(cookies.len(), 1);
        assert_eq!(cookies[0].contains("Max-Age="), is_remembered, "{fields}");
        world.advance(Duration::from_secs(1));
        world.advance_core_api(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn an_address_gets_no_more_than_a_few_and_nobody_is_told() {
    let world = World::with(&[("RATE_LIMIT_RECIPIENT", "2/5h")]).await;
    for _ in 0..4 {
        let mut browser = world.browser();
        assert_eq!(browser.post(ASK, "email=user@test.com").await.location(), "/login");
        let page = browser.get("/login").await.body;
        assert!(page.contains("A login link has been sent to user@test.com"), "{page}");
    }
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), 2);
    // Links for a new password are counted apart.
    world.browser().post("/api/request-password-reset", "email=user@test.com").await;
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), 3);
}
