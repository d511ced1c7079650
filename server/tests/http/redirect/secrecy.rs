//! No token, code or state reaches a page or a line of the log.

use std::time::Duration;

use super::world::{World, come_back, leave};
use crate::log;
use crate::world::TOKEN_MARK;

#[tokio::test]
async fn neither_token_nor_code_nor_state_is_in_a_page_or_in_the_log() {
    log::keep();
    let world = World::new().await;
    world.provider.sign_out_elsewhere();
    let mut browser = world.browser();
    let (mut pages, mut states) = (Vec::new(), Vec::new());
    for query in ["error=access_denied", "code=unknown", "error=invalid_scope", "code=ada"] {
        let state = leave(&mut browser, "return_to=/account").await;
        let query = format!("{query}&state={state}&session_state=CANARY-QUERY");
        pages.push(come_back(&mut browser, &query).await);
        pages.push(come_back(&mut browser, &query).await);
        states.push(state);
    }
    for path in ["/", "/account", "/login", "/confirm", "/register", "/nowhere"] {
        pages.push(browser.get(path).await);
    }
    world.advance(Duration::from_mins(30));
    pages.push(browser.get("/account").await);
    let logout = world.server().post("/auth/back-channel-logout", "logout_token=CANARY-TOKEN").await;
    pages.push(logout);
    browser.post("/api/sign-out", "").await;

    let log = log::of_this_test();
    assert!(log.contains("/auth/callback") && log.contains("a sign-in by redirect did not succeed"), "{log}");
    assert!(log.contains("a back-channel logout was refused"), "{log}");
    let secrets = states.iter().map(String::as_str).chain([TOKEN_MARK, "CANARY", "ada@test.com"]);
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
        let is_name = secret == "ada@test.com";
        for page in pages.iter().filter(|_| !is_name) {
            assert!(!page.body.contains(secret), "{secret} is in: {}", page.body);
            assert!(!format!("{:?}", page.headers).contains(secret), "{secret}: {:?}", page.headers);
        }
    }
}
