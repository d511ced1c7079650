use std::time::Duration;

use crate::browser::Browser;
use crate::world::{TOKEN_MARK, World};

/// Every page, in a state in which it is shown.
async fn every_page(world: &World) -> Vec<(&'static str, String)> {
    let mut visitor = world.browser();
    let mut person = world.signed_in().await;
    let mut pages = Vec::new();
    for path in
        ["/", "/login", "/register", "/reset-password", "/email-verification", "/restore-address", "/nowhere"]
    {
        pages.push((path, visitor.get(path).await.body));
    }
    for path in
        ["/", "/account", "/account/activity", "/account/delete", "/set-password", "/confirm", "/nowhere"]
    {
        pages.push((path, person.get(path).await.body));
    }
    visitor.sign_in("user@test.com", "wrong-password").await;
    pages.push(("/login with a message", visitor.get("/login").await.body));
    world.advance(Duration::from_mins(21));
    world.network.cut();
    pages.push(("/account while the core API is down", person.get("/account").await.body));
    pages
}

#[tokio::test]
async fn nothing_is_serialized_into_a_page_and_every_mark_is_a_comment() {
    let world = World::new().await;
    for (path, html) in every_page(&world).await {
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"), "{path}: {html}");
        assert!(!html.contains("__RESOLVED_RESOURCES") && !html.contains("<!>"), "{path}: {html}");
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        assert!(html.contains(r#"<html lang="en""#), "{path}");
    }
}

#[tokio::test]
async fn titles_name_the_page_and_the_application() {
    let world = World::with(&[("APP_NAME", "Acme")]).await;
    let mut browser = world.signed_in().await;
    for (path, title) in
        [("/", "Acme"), ("/account", "Account · Acme"), ("/nowhere", "Page not found · Acme")]
    {
        let html = browser.get(path).await.body;
        assert!(html.contains(&format!("<title>{title}</title>")), "{path}: {html}");
        assert!(!html.contains("Ironleaf"), "{path} names another brand");
    }
    let login = world.browser().get("/login").await.body;
    assert!(login.contains("<title>Login · Acme</title>"));
}

#[tokio::test]
async fn only_a_page_with_an_island_loads_web_assembly() {
    let world = World::new().await;
    let mut browser = world.browser();
    for page in ["/login", "/register", "/reset-password"] {
        assert!(browser.get(page).await.body.contains(".wasm"), "{page}");
    }
    for page in ["/", "/email-verification", "/nowhere"] {
        assert!(!browser.get(page).await.body.contains(".wasm"), "{page}");
    }
    let mut person = world.signed_in().await;
    for (page, has_island) in [
        ("/", false),
        ("/account/delete", false),
        ("/account", true),
        ("/set-password", true),
        ("/confirm", true),
    ] {
        assert_eq!(person.get(page).await.body.contains(".wasm"), has_island, "{page}");
    }
}

#[tokio::test]
async fn no_token_reaches_the_browser() {
    let world = World::new().await;
    let patterns = ironleaf_core_api::leak_patterns(TOKEN_MARK);
    let looks_clean = |what: &str, text: &str| {
        for pattern in &patterns {
            assert!(!text.contains(pattern.as_str()), "{what} holds a token: {text}");
        }
    };
    for (path, html) in every_page(&world).await {
        looks_clean(path, &html);
    }
    world.network.heal();
    let mut browser: Browser = world.signed_in().await;
    world.advance(Duration::from_mins(21));
    for path in ["/", "/account", "/login", "/nowhere"] {
        let answer = browser.get(path).await;
        looks_clean(path, &format!("{:?}", answer.headers));
    }
    let answer = browser.post("/api/sign-out", "").await;
    looks_clean("sign-out", &format!("{:?} {}", answer.headers, answer.body));
}

#[tokio::test]
async fn the_search_for_tokens_finds_one() {
    let world = World::new().await;
    let request = http::Request::post("http://core-api.test/v1/auth/tokens")
        .header("content-type", "application/json")
        .body(r#"{"email":"user@test.com","password":"password1"}"#.into())
        .unwrap();
    let answer = ironleaf_auth::Transport::send(&*world.network, request).await.unwrap();
    let text = String::from_utf8(answer.into_body().to_vec()).unwrap();
    assert!(
        ironleaf_core_api::leak_patterns(TOKEN_MARK).iter().any(|pattern| text.contains(pattern.as_str()))
    );
}
