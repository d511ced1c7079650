use crate::browser::SESSION;
use crate::world::World;

#[tokio::test]
async fn removes_the_cookie_with_its_own_attributes_and_says_so() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = browser.post("/api/sign-out", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let removal = answer.set_cookies(SESSION);
    assert_eq!(removal.len(), 1);
    for attribute in ["Max-Age=0", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(removal[0].contains(attribute), "{attribute} is missing in {}", removal[0]);
    }
    let home = browser.get("/").await;
    assert!(home.body.contains("You have been logged out.") && home.body.contains(r#"href="/login""#));
    assert_eq!(browser.get("/account").await.status, 303);
}

#[tokio::test]
async fn leaves_no_usable_refresh_token_at_the_core_api() {
    let world = World::new().await;
    world.signed_in().await.post("/api/sign-out", "").await;
    assert_eq!(world.stats().families_revoked, 1);
}

#[tokio::test]
async fn of_nobody_is_a_sign_out_too() {
    let world = World::new().await;
    let answer = world.browser().post("/api/sign-out", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
}

#[tokio::test]
async fn removes_a_cookie_that_this_server_cannot_read() {
    let (world, elsewhere) = (World::new().await, World::new().await);
    let mut browser = world.browser();
    browser.cookies = elsewhere.signed_in().await.cookies;
    assert_eq!(browser.get("/account").await.status, 303);
    assert!(browser.session().is_some(), "another server may know the key");
    browser.post("/api/sign-out", "").await;
    assert!(browser.session().is_none());
}
