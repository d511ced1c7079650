//! In development, pages are served under `localhost` as well. A sign-in begins under `PUBLIC_ORIGIN`, because the
//! browser comes back there.

use super::automatic::AUTOMATIC;
use super::world::{World, come_back, leave};
use crate::browser::{Answer, Browser};

fn at_localhost(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("host", "localhost:3000".to_owned());
    browser
}

/// By a page, for the same reason as on the way to the provider.
#[track_caller]
fn assert_leads_to(answer: &Answer, url: &str) {
    assert_eq!((answer.status, answer.location()), (200, ""), "{}", answer.body);
    assert!(answer.body.contains(&format!("content=\"0;url={url}\"")), "{}", answer.body);
    assert!(answer.body.contains("Continue to 127.0.0.1"), "{}", answer.body);
}

#[tokio::test]
async fn the_button_leads_to_the_same_page_of_the_public_origin() {
    let world = World::new().await;
    let answer = at_localhost(&world).post("/api/sign-in-with-provider", "return_to=/account").await;
    assert_leads_to(&answer, "http://127.0.0.1:3000/login?return_to=/account");
    let sets_attempt = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|cookie| cookie.to_str().unwrap().starts_with("ironleaf-redirect"));
    assert!(!sets_attempt && world.provider.authorizations().is_empty());
    // And from there on.
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.location(), "/account");
}

#[tokio::test]
async fn the_automatic_way_begins_at_the_public_origin() {
    let world = World::with(&AUTOMATIC).await;
    let answer = at_localhost(&world).get("/login?return_to=/account").await;
    assert_leads_to(&answer, "http://127.0.0.1:3000/login?return_to=/account");
    assert!(world.provider.authorizations().is_empty());
    world.browser().get("/login?return_to=/account").await;
    assert_eq!(world.provider.authorizations().len(), 1);
}

#[tokio::test]
async fn the_default_port_may_be_left_out() {
    let world = World::with(&[("PUBLIC_ORIGIN", "http://127.0.0.1:80")]).await;
    for host in ["127.0.0.1", "127.0.0.1:80"] {
        let mut browser = world.browser();
        browser.headers.insert("host", host.to_owned());
        leave(&mut browser, "").await;
    }
}
