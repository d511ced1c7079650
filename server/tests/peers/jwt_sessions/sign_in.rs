//! Sign-in and sign-out.

use crate::jwt_sessions::world::{ADA, ENDED, PASSWORD, SHORT, World, sign_in};
use crate::machine::pause;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_a_password_and_comes_back_to_where_they_were() {
    let world = World::start(1, &[], &[]).await;
    let mut browser = world.browser();
    let page = sign_in(&mut browser, "/login?return_to=/account", "Ada@Example.org", PASSWORD).await;
    assert_eq!((page.url.path(), page.status), ("/account", 200), "{}", page.text);
    assert!(page.shows(ADA) && page.shows("admin"), "{}", page.text);
    // The address is tried as it was typed, and then in lower case.
    assert_eq!((world.api.count("login").await, world.api.count("me").await), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_says_who_the_person_is_where_the_api_has_no_page_for_it() {
    let world =
        World::start(1, &[], &[("JWT_SESSIONS_ME_PATH", ""), ("JWT_SESSIONS_PERSON_ROLES", "")]).await;
    let mut browser = world.browser();
    let page = sign_in(&mut browser, "/login?return_to=/account", ADA, PASSWORD).await;
    assert!(page.status == 200 && page.shows(ADA), "{}", page.text);
    assert_eq!((world.api.count("login").await, world.api.count("me").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_which_of_address_and_password_is_wrong() {
    for failures in ["text", "html"] {
        let world = World::start(1, &[("FAILURES", failures)], &[]).await;
        let mut browser = world.browser();
        for (email, password) in [(ADA, "wrong"), ("nobody@example.org", PASSWORD)] {
            let page = sign_in(&mut browser, "/login", email, password).await;
            assert_eq!((page.url.path(), page.status), ("/login", 200), "{}", page.text);
            assert!(page.shows("Login failed. Please check your credentials."), "{}", page.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_without_accounts_for_pages_offers_none() {
    let world = World::start(1, &[], &[]).await;
    let mut browser = world.browser();
    let page = browser.open("/login").await;
    assert!(!page.shows("Sign up") && !page.shows("Forgot Password"), "{}", page.text);
    assert_eq!(browser.open("/register").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_with_a_role_are_let_in_and_the_session_of_others_ends_at_the_api() {
    let world = World::start(1, &[], &[("SIGN_IN_ROLES", "admin")]).await;
    let mut browser = world.browser();
    let page = sign_in(&mut browser, "/login", "eva@example.org", PASSWORD).await;
    assert_eq!(page.url.path(), "/login", "{}", page.text);
    assert!(page.shows("your account has none of the roles"), "{}", page.text);
    assert_ne!(browser.open("/account").await.url.path(), "/account");
    assert_eq!(world.sessions().await, (0, 0));
    drop(world.signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_the_session_at_the_api_also_after_the_access_token_has_ended() {
    for wait in [false, true] {
        let world = World::start(2, &[SHORT], &[]).await;
        let mut browser = world.signed_in().await;
        let mut copy = browser.clone();
        let page = browser.open("/").await;
        if wait {
            pause(ENDED).await;
        }
        let page = browser.press(&page, "Logout").await;
        assert_eq!((page.url.path(), page.status), ("/", 200), "{}", page.text);
        copy.door = 1;
        assert_eq!(copy.open("/account").await.url.path(), "/login");
        assert_eq!((world.api.count("logout").await, world.sessions().await), (1, (0, 0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_whose_answer_is_lost_is_over_all_the_same() {
    let world = World::start(1, &[], &[]).await;
    let mut browser = world.signed_in().await;
    let page = browser.open("/").await;
    world.api.tell("/lose-answer?grant=logout&times=1").await;
    browser.press(&page, "Logout").await;
    assert_eq!(browser.open("/account").await.url.path(), "/login");
    assert_eq!(world.sessions().await, (0, 0));
}
