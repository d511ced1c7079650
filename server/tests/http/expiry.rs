use std::time::Duration;

use crate::browser::SESSION;
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

#[tokio::test]
async fn an_expired_access_token_is_renewed_and_the_cookie_leaves_with_that_very_page() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().unwrap().clone();
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let page = browser.get("/account").await;
    assert!(page.status == 200 && page.body.contains("user@test.com"), "{}: {}", page.status, page.body);
    assert_eq!(page.set_cookies(SESSION).len(), 1);
    assert_ne!(browser.session().unwrap(), &before);
    assert_eq!(world.stats().refreshes_accepted, 1);
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(world.stats().refreshes_accepted, 1, "the new access token is used");
}

#[tokio::test]
async fn a_page_that_does_not_call_the_core_api_does_not_refresh() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for path in ["/", "/login", "/nowhere"] {
        browser.get(path).await;
    }
    assert_eq!(world.stats().refreshes_accepted, 0);
}

#[tokio::test]
async fn without_core_api_and_access_token_everything_else_works_and_the_session_stays() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    world.network.cut();

    let home = browser.get("/").await;
    assert!(home.status == 200 && home.body.contains("Account menu"), "{}", home.body);

    let account = browser.get("/account").await;
    assert_eq!(account.status, 503);
    assert!(account.body.contains("Temporarily unavailable") && account.body.contains("Try again"));
    assert!(account.body.contains("Account menu"), "the header forgets the person");
    assert!(!account.header("retry-after").is_empty());
    assert!(account.set_cookies(SESSION).is_empty() && browser.session().is_some());

    world.network.heal();
    assert!(browser.get("/account").await.body.contains("user@test.com"));

    world.network.cut();
    let out = browser.post("/api/sign-out", "").await;
    assert_eq!((out.status, out.location()), (303, "/"));
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn a_grant_that_the_core_api_revoked_ends_the_session_and_says_why() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.revoke_every_token("user@test.com", "password1").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let form = browser.get("/login?return_to=/account").await;
    assert!(form.body.contains("Your session has expired, please log in again."), "{}", form.body);
    assert!(form.body.contains(r#"role="status""#));
}

#[tokio::test]
async fn a_session_ends_when_nobody_comes_back_for_a_week() {
    let world = World::with(&[("REFRESH_TOKEN_MAX_AGE", "20d")]).await;
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_hours(7 * 24 + 1));
    assert_eq!(browser.get("/account").await.location(), "/login?return_to=/account");
    let form = browser.get("/login?return_to=/account").await;
    assert!(form.body.contains("Your session has expired, please log in again."), "{}", form.body);
}

#[tokio::test]
async fn a_short_life_of_refresh_tokens_ends_the_sessions_of_those_who_are_away_only() {
    let world = World::with(&[("REFRESH_TOKEN_MAX_AGE", "10m")]).await;
    let mut browser = world.signed_in().await;
    let cookie = browser.clone();
    for request in 1..15 {
        world.advance(Duration::from_mins(4));
        assert_eq!(browser.get("/account").await.status, 200, "request {request}");
    }
    assert_eq!(
        cookie.clone().get("/account").await.location(),
        "/login?return_to=/account",
        "a copy of the first cookie"
    );
    world.advance(Duration::from_mins(10));
    assert_eq!(browser.get("/account").await.location(), "/login?return_to=/account");
}

#[tokio::test]
async fn a_reader_who_only_reads_stays_signed_in() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for _ in 0..9 {
        world.advance(Duration::from_hours(3 * 24));
        let page = browser.get("/account").await;
        assert_eq!(page.status, 200, "{}", page.location());
    }
}

#[tokio::test]
async fn an_access_token_that_is_refused_early_is_renewed_once_and_the_call_repeated() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance_core_api(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let page = browser.get("/account").await;
    assert!(page.status == 200 && page.body.contains("user@test.com"), "{}: {}", page.status, page.body);
    assert_eq!(page.set_cookies(SESSION).len(), 1);
    assert_eq!(world.stats().refreshes_accepted, 1);
}
