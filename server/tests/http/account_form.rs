//! `/account`, `/set-password`, `/confirm` and `/account/delete`, through their forms.

use std::time::Duration;

use crate::browser::Browser;
use crate::links::{link_to, open};
use crate::world::World;

const A_WHILE: Duration = Duration::from_secs(15 * 60 + 1);

async fn update(browser: &mut Browser, form: &str) -> String {
    let answer = browser.post("/api/update-account", form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

#[tokio::test]
async fn the_form_shows_the_address_and_no_password() {
    let world = World::new().await;
    let page = world.signed_in().await.get("/account").await.body;
    assert!(page.contains(r#"value="user@test.com""#), "{page}");
    assert!(!page.contains("Your email address is unverified"), "{page}");
}

#[tokio::test]
async fn a_new_address_waits_for_its_verification_and_the_mail_can_be_had_again() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let form = "email=New@test.com&password=&confirm_password=";
    assert_eq!(update(&mut browser, form).await, "/account");
    let page = browser.get("/account").await.body;
    assert!(page.contains("Account updated successfully"), "{page}");
    assert!(page.contains("Your email address is unverified") && page.contains("new@test.com"), "{page}");

    let answer = browser.post("/api/resend-verification", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    assert!(browser.get("/account").await.body.contains("Verification email sent"));
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), 2);
}

#[tokio::test]
async fn every_mistake_comes_back_with_its_words_and_what_was_typed() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for (form, expected) in [
        ("email=nonsense&password=&confirm_password=", "Invalid email address"),
        ("email=a@b.cc&password=short&confirm_password=short", "Password must be at least 8 characters"),
        ("email=a@b.cc&password=password2&confirm_password=", "Please confirm your password"),
        ("email=a@b.cc&password=password2&confirm_password=password3", "Passwords must match"),
        ("email=admin@test.com&password=&confirm_password=", "A user with this email already exists"),
        ("email=ada@-b.cc&password=&confirm_password=", "Invalid email address"),
    ] {
        assert_eq!(update(&mut browser, form).await, "/account", "{form}");
        let page = browser.get("/account").await.body;
        assert!(page.contains(&format!(r#"class="field-error">{expected}</p>"#)), "{form}: {page}");
        let email = form.split(['=', '&']).nth(1).unwrap();
        assert!(page.contains(&format!(r#"value="{email}""#)), "{form}: {page}");
        assert!(!page.contains("password2") && !page.contains(r#"value="short""#), "{form}: {page}");
    }
}

#[tokio::test]
async fn a_change_long_after_the_sign_in_asks_for_the_password_and_keeps_the_form() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(A_WHILE);
    let unchanged = "email=user@test.com&password=&confirm_password=";
    assert_eq!(update(&mut browser, unchanged).await, "/account", "nothing is changed by it");
    browser.get("/account").await;

    let form = "email=new@test.com&password=&confirm_password=";
    assert_eq!(update(&mut browser, form).await, "/confirm?return_to=/account");
    let page = browser.get("/confirm?return_to=/account").await.body;
    assert!(page.contains("Confirm it's you") && page.contains("Please enter your password"), "{page}");

    let wrong = browser.post("/api/confirm-password", "password=wrong&return_to=/account").await;
    assert_eq!((wrong.status, wrong.location()), (303, "/confirm?return_to=/account"));
    assert!(browser.get("/confirm?return_to=/account").await.body.contains("Incorrect password"));

    let mut copy = browser.clone();
    let right = browser.post("/api/confirm-password", "password=password1&return_to=/account").await;
    assert_eq!((right.status, right.location()), (303, "/account"));
    assert_eq!(copy.get("/account").await.status, 303, "the session before is over");
    let page = browser.get("/account").await.body;
    assert!(
        page.contains(r#"value="new@test.com""#) && page.contains("You can make your change now"),
        "{page}"
    );
    assert_eq!(update(&mut browser, form).await, "/account");
    assert!(browser.get("/account").await.body.contains("Account updated successfully"));
}

#[tokio::test]
async fn an_address_that_was_changed_elsewhere_is_not_changed_back_without_the_password() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    assert_eq!(update(&mut elsewhere, "email=new@test.com&password=&confirm_password=").await, "/account");
    let link = link_to(&world, "new@test.com").await;
    open(&mut elsewhere, &link).await;
    elsewhere.post("/api/verify-email", "").await;
    world.advance(A_WHILE);
    let remembered = "email=user@test.com&password=&confirm_password=";
    assert_eq!(update(&mut browser, remembered).await, "/confirm?return_to=/account");
}

#[tokio::test]
async fn a_script_is_told_where_to_confirm() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(A_WHILE);
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/set-password", "password=password2&confirm_password=password2").await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status, body["code"].as_str().unwrap()), (403, "confirmation_required"));
    assert_eq!(body["next"], "/confirm?return_to=/set-password");
}

#[tokio::test]
async fn a_form_that_was_sent_after_the_session_ended_is_there_again_after_signing_in() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut other_tab = browser.clone();
    other_tab.post("/api/sign-out", "").await;
    // Both tabs share the cookie jar, so the cookie is gone here, too.
    browser.cookies.remove("ironleaf-session");
    let form = "email=new@test.com&password=password2&confirm_password=password2";
    assert_eq!(update(&mut browser, form).await, "/login?return_to=/account");
    let page = browser.get("/login?return_to=/account").await.body;
    assert!(page.contains("Your session has expired, please log in again."), "{page}");
    assert!(!page.contains("new@test.com"), "another page's field: {page}");

    let failed = browser.post("/api/sign-in", "email=user@test.com&password=wrong&return_to=/account").await;
    assert_eq!(failed.location(), "/login?return_to=/account");
    let answer =
        browser.post("/api/sign-in", "email=user@test.com&password=password1&return_to=/account").await;
    assert_eq!(answer.location(), "/account");
    let page = browser.get("/account").await.body;
    assert!(page.contains(r#"value="new@test.com""#) && !page.contains("password2"), "{page}");
}

#[tokio::test]
async fn what_one_person_typed_is_not_shown_to_the_next() {
    let world = World::new().await;
    for (path, form) in [
        ("/api/sign-in", "email=admin@test.com&password=password1"),
        ("/api/register", "email=b@test.com&password=password1&confirm_password=password1"),
    ] {
        let mut browser = world.signed_in().await;
        browser.cookies.remove("ironleaf-session");
        update(&mut browser, "email=private@test.com&password=&confirm_password=").await;
        assert_eq!(browser.post(path, form).await.location(), "/");
        let page = browser.get("/account").await.body;
        assert!(page.contains("Account Settings") && !page.contains("private@test.com"), "{path}: {page}");
    }
}

#[tokio::test]
async fn signing_out_takes_what_was_typed_along() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    update(&mut browser, "email=nonsense&password=&confirm_password=").await;
    browser.post("/api/sign-out", "").await;
    browser.sign_in("user@test.com", "password1").await;
    assert!(!browser.get("/account").await.body.contains("nonsense"));
}

#[tokio::test]
async fn a_mistyped_address_is_taken_back_by_the_old_one() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    update(&mut browser, "email=typo@test.com&password=&confirm_password=").await;
    let link = link_to(&world, "typo@test.com").await;
    update(&mut browser, "email=user@test.com&password=&confirm_password=").await;
    let page = browser.get("/account").await.body;
    assert!(page.contains("Account updated successfully") && !page.contains("typo@test.com"), "{page}");

    let mut stranger = world.browser();
    open(&mut stranger, &link).await;
    stranger.post("/api/verify-email", "").await;
    assert!(stranger.get("/email-verification").await.body.contains("Error! Invalid token"));
}

#[tokio::test]
async fn a_form_that_is_too_long_to_keep_says_what_is_wrong_with_it() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = format!("email={}&password=short&confirm_password=short", "a".repeat(2000));
    browser.post("/api/register", &form).await;
    let page = browser.get("/register").await.body;
    assert!(page.contains("Invalid email address") && page.contains("at least 8 characters"), "{page}");
}

#[tokio::test]
async fn every_page_of_a_person_says_why_they_are_signed_out() {
    let world = World::new().await;
    let phone = world.signed_in().await;
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_secs(1));
    browser.post("/api/set-password", "password=password2&confirm_password=password2").await;
    for page in ["/account", "/account/delete", "/set-password", "/confirm?return_to=/account"] {
        let mut phone = phone.clone();
        let answer = phone.get(page).await;
        assert_eq!(answer.status, 303, "{page}");
        let login = phone.get("/login").await.body;
        assert!(login.contains(r#"data-support-code="S9""#), "{page}: {login}");
    }
}

#[tokio::test]
async fn who_forgot_the_password_has_a_link_sent_from_the_page_that_asks_for_it() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/confirm?return_to=/set-password").await.body;
    assert!(page.contains(r#"action="/api/request-password-reset""#), "{page}");
    let answer = browser.post("/api/request-password-reset", "email=user@test.com").await;
    assert_eq!(browser.get(answer.location()).await.location(), "/");
    let home = browser.get("/").await.body;
    assert!(home.contains("A password reset link has been sent to user@test.com"), "{home}");
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_is_said_with_its_code() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.revoke_every_token("user@test.com", "password1").await;
    world.advance(Duration::from_mins(21));
    let mut script = browser.clone();
    // The current address needs no confirmation of the password, so the core API is called.
    let form = "email=user@test.com&password=&confirm_password=";
    assert_eq!(update(&mut browser, form).await, "/login?return_to=/account");
    let page = browser.get("/login?return_to=/account").await.body;
    assert!(page.contains(r#"data-support-code="S3""#), "{page}");

    script.headers.insert("accept", "application/json".to_owned());
    let answer = script.post("/api/resend-verification", "").await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains(r#""next":"/login?return_to=/account""#), "{}", answer.body);
}

#[tokio::test]
async fn while_the_core_api_is_gone_a_change_comes_back_with_its_fields() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.network.cut();
    assert_eq!(update(&mut browser, "email=new@test.com&password=&confirm_password=").await, "/account");
    world.network.heal();
    let page = browser.get("/account").await.body;
    assert!(
        page.contains("We cannot reach our servers") && page.contains(r#"value="new@test.com""#),
        "{page}"
    );
    assert!(browser.session().is_some());
}

#[tokio::test]
async fn deleting_signs_out_and_says_so() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/account").await.body;
    assert!(page.contains(r#"role="alertdialog""#) && page.contains("cannot be undone"), "{page}");
    let alone = browser.get("/account/delete").await.body;
    assert!(alone.contains("Are you sure?") && alone.contains(r#"action="/api/delete-account""#), "{alone}");

    world.advance(A_WHILE);
    let answer = browser.post("/api/delete-account", "").await;
    assert_eq!(answer.location(), "/confirm?return_to=/account/delete");
    browser.post("/api/confirm-password", "password=password1&return_to=/account/delete").await;
    let answer = browser.post("/api/delete-account", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let home = browser.get("/").await.body;
    assert!(home.contains("Account deleted successfully") && home.contains(r#"href="/login""#), "{home}");
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/login");
}

#[tokio::test]
async fn pages_of_a_person_ask_a_stranger_to_log_in() {
    let world = World::new().await;
    for (page, target) in [
        ("/account", "/login?return_to=/account"),
        ("/account/delete", "/login?return_to=/account/delete"),
        ("/set-password", "/login"),
        ("/confirm?return_to=/account", "/login?return_to=/account"),
    ] {
        let answer = world.browser().get(page).await;
        assert_eq!((answer.status, answer.location()), (303, target), "{page}");
    }
    for form in [
        "/api/update-account?",
        "/api/set-password?",
        "/api/resend-verification?",
        "/api/delete-account?",
        "/api/confirm-password?",
    ] {
        let fields = "email=a@b.cc&password=password2&confirm_password=password2";
        let answer = world.browser().post(form, fields).await;
        assert!(answer.location().starts_with("/login"), "{form}: {} {}", answer.status, answer.location());
    }
}

#[tokio::test]
async fn a_new_password_must_be_long_enough_and_the_same_twice() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for (form, expected) in [
        ("password=short&confirm_password=short", "Password must be at least 8 characters"),
        ("password=password2&confirm_password=", "Passwords must match"),
        ("password=password2&confirm_password=password3", "Passwords must match"),
    ] {
        assert_eq!(browser.post("/api/set-password", form).await.location(), "/set-password");
        let page = browser.get("/set-password").await.body;
        assert!(page.contains(&format!(r#"class="field-error">{expected}</p>"#)), "{form}: {page}");
    }
    assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/");
}
