//! The pages of accounts, where the provider manages none.

use std::time::Duration;

use super::world::{World, assert_shows};

#[tokio::test]
async fn the_account_page_shows_who_it_is_and_where_to_change_it() {
    let world = World::new().await;
    world.provider.grant_roles(&["evaluator"]);
    let page = world.signed_in().await.get("/account").await.body;
    for there in [
        "Account Settings",
        "ada of Example",
        "ada@test.com",
        "evaluator",
        r#"href="https://id.test/account">Manage your account at Example &amp; Sons"#,
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    for absent in ["/api/update-account", "/api/delete-account", "password", ".wasm"] {
        assert!(!page.contains(absent), "{absent}: {page}");
    }
}

#[tokio::test]
async fn a_refresh_brings_the_newest_identity() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.provider.grant_roles(&["evaluator"]);
    assert!(!browser.get("/account").await.body.contains("evaluator"));
    world.advance(Duration::from_mins(30));
    assert!(browser.get("/account").await.body.contains("evaluator"));
    assert_eq!(world.provider.refreshes(), 1);
    world.provider.reject_refreshes();
    world.advance(Duration::from_mins(30));
    assert_shows(&browser.get("/account").await, None);
    assert!(browser.get("/login").await.body.contains("Your session has expired, please log in again."));
}

#[tokio::test]
async fn pages_that_the_provider_cannot_fill_are_not_there() {
    let world = World::new().await;
    for mut browser in [world.browser(), world.signed_in().await] {
        for path in [
            "/register",
            "/reset-password",
            "/set-password",
            "/email-verification",
            "/email-verification?token=x",
            "/account/delete",
        ] {
            let page = browser.get(path).await;
            assert!(page.status == 404 && page.body.contains("Page not found"), "{path}: {}", page.status);
        }
    }
}

#[tokio::test]
async fn forms_that_the_provider_cannot_act_on_are_not_there() {
    let world = World::new().await;
    let login = [
        "/api/sign-in-with-provider",
        "/api/confirm-with-provider",
        "/api/sign-out",
        "/api/set-language",
        "/api/set-theme",
    ];
    let sessions = ["/api/end-session", "/api/end-other-sessions", "/api/end-all-sessions"];
    let without_accounts: Vec<_> = app::server_fn_routes()
        .into_iter()
        .filter(|path| !login.contains(path) && !sessions.contains(path))
        .collect();
    assert!(without_accounts.len() >= 10, "{without_accounts:?}");
    let fields = "email=ada@test.com&current_password=password1&password=password1&confirm_password=password1&code=1\
         &id=1&name=a&state=1&passkey=1";
    for mut browser in [world.browser(), world.signed_in().await] {
        for path in &without_accounts {
            assert_eq!(browser.post(path, fields).await.status, 404, "{path}");
        }
        browser.headers.insert("accept", "application/json".to_owned());
        let answer = browser.post("/api/sign-in", fields).await;
        assert!(answer.status == 404 && answer.body.contains(r#""code":"not_found""#), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_link_of_an_e_mail_leaves_no_token_in_the_address() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.get("/login?email=ada@test.com&token=one-time&return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    assert!(browser.get("/login").await.body.contains("Continue with"));
}
