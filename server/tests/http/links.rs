//! Links in e-mails: the effects of opening them.

use std::time::Duration;

use crate::browser::{Browser, SESSION};
use crate::network::Outcome;
use crate::world::World;

/// Path and query of the newest link sent to this address.
pub(crate) async fn link_to(world: &World, email: &str) -> String {
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap();
    // What tells about a sign-in or a change has a link to a page, or leads back from a change.
    let is_for_a_step = |link: &str| link.contains("token=") && !link.contains("/restore-address");
    let mut mails = mails.into_iter().map(|stored| stored.message);
    let mail = mails.find(|mail| mail.to == email && is_for_a_step(&mail.link)).unwrap();
    mail.link.strip_prefix("http://127.0.0.1:3000").unwrap().to_owned()
}

async fn reset_link(world: &World, browser: &mut Browser) -> String {
    let answer = browser.post("/api/request-password-reset", "email=User@test.com").await;
    assert_eq!((answer.status, answer.location()), (303, "/reset-password"));
    link_to(world, "user@test.com").await
}

/// Opens a link as a browser does: the answer is a redirect without the token, which the browser follows.
pub(crate) async fn open(browser: &mut Browser, link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap();
    let answer = browser.get(link).await;
    assert_eq!((answer.status, answer.location()), (303, path), "{query}");
    assert_eq!(answer.header("cache-control"), "no-store");
    browser.get(path).await.body
}

#[tokio::test]
async fn a_reset_is_answered_the_same_whether_the_account_exists_or_not() {
    let world = World::new().await;
    for email in ["user@test.com", "nobody@test.com"] {
        let mut browser = world.browser();
        let answer = browser.post("/api/request-password-reset", &format!("email={email}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/reset-password"));
        let page = browser.get("/reset-password").await.body;
        assert!(page.contains(&format!("A password reset link has been sent to {email}")), "{page}");
        assert!(page.contains(r#"role="status""#));
    }
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_reset_for_what_is_no_address_is_refused_beside_the_field() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.post("/api/request-password-reset", "email=nonsense").await;
    let page = browser.get("/reset-password").await.body;
    assert!(page.contains("Invalid email address") && page.contains(r#"value="nonsense""#), "{page}");
}

#[tokio::test]
async fn a_link_asks_whether_to_be_remembered_unless_its_form_sends_itself() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    let page = open(&mut browser, &link).await;
    assert!(page.contains("data-auto-submit") && !page.contains("remember_me"), "{page}");
    let mut elsewhere = world.browser();
    let page = open(&mut elsewhere, &link).await;
    assert!(!page.contains("data-auto-submit") && page.contains("Remember me"), "{page}");
    let answer = elsewhere.post("/api/sign-in-with-token", "remember_me_offered=yes").await;
    let cookies = answer.set_cookies(SESSION);
    assert!(cookies.len() == 1 && !cookies[0].contains("Max-Age"), "{cookies:?}");
}

#[tokio::test]
async fn a_reset_link_signs_in_by_a_post_and_leads_to_a_new_password() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    let page = open(&mut browser, &link).await;
    assert!(page.contains("Logging you in...") && page.contains("Continue as user@test.com"), "{page}");
    assert!(page.contains("data-auto-submit"));

    let answer = browser.post("/api/sign-in-with-token", "action=password").await;
    assert_eq!((answer.status, answer.location()), (303, "/set-password"));
    assert_eq!(answer.set_cookies(SESSION).len(), 1);
    assert!(answer.set_cookies("ironleaf-link")[0].contains("Max-Age=0"));

    let form = "password=password2&confirm_password=password2";
    let answer = browser.post("/api/set-password", form).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(browser.get("/").await.body.contains("Your password has been updated"));
    assert_eq!(world.browser().sign_in("user@test.com", "password2").await.location(), "/");
    assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/login");
}

#[tokio::test]
async fn nothing_that_opens_a_link_uses_it_up() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    for _ in 0..3 {
        open(&mut world.browser(), &link).await;
        let mut head = world.browser();
        assert_eq!(head.send(http::Method::HEAD, &link, axum::body::Body::empty()).await.status, 303);
    }
    assert_eq!(world.stats().refreshes_accepted, 0);
    open(&mut browser, &link).await;
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/set-password");
}

#[tokio::test]
async fn a_link_that_was_used_leads_to_the_form() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    open(&mut browser, &link).await;
    browser.post("/api/sign-in-with-token", "").await;
    let mut again = world.browser();
    open(&mut again, &link).await;
    let answer = again.post("/api/sign-in-with-token", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    let page = again.get("/login").await.body;
    assert!(page.contains("Auto login failed, please login manually."), "{page}");
    assert!(page.contains("Login to your account"), "{page}");
    assert!(again.session().is_none());
}

#[tokio::test]
async fn without_a_link_there_is_nothing_to_sign_in_with() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in-with-token", "action=password").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(browser.get("/login").await.body.contains("Auto login failed, please login manually."));
}

#[tokio::test]
async fn a_link_that_gets_no_answer_stays_and_is_not_pressed_by_itself_again() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    open(&mut browser, &link).await;
    world.network.cut();
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/login");
    let page = browser.get("/login").await.body;
    assert!(
        page.contains("We cannot reach our servers") && page.contains("Continue as user@test.com"),
        "{page}"
    );
    assert!(!page.contains("data-auto-submit"), "{page}");
    world.network.heal();
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/set-password");
}

#[tokio::test]
async fn somebody_who_is_signed_in_presses_the_button_themselves() {
    let world = World::new().await;
    let link = reset_link(&world, &mut world.browser()).await;
    let mut browser = world.browser();
    browser.sign_in("admin@test.com", "password1").await;
    let page = open(&mut browser, &link).await;
    assert!(page.contains("Continue as user@test.com") && page.contains("admin@test.com"), "{page}");
    assert!(!page.contains("data-auto-submit"), "{page}");
    browser.post("/api/sign-in-with-token", "").await;
    assert!(browser.get("/").await.body.contains("user@test.com"));
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1, "the session before");
}

#[tokio::test]
async fn a_link_that_was_opened_and_not_used_signs_in_nobody_who_comes_later() {
    let world = World::new().await;
    let link = reset_link(&world, &mut world.browser()).await;
    let mut browser = world.signed_in().await;
    open(&mut browser, &link).await;
    browser.post("/api/sign-out", "").await;
    let page = browser.get("/login").await.body;
    assert!(page.contains("Login to your account") && !page.contains("data-auto-submit"), "{page}");
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/login");

    for form in [
        ("/api/register", "email=b@test.com&password=password1&confirm_password=password1"),
        ("/api/sign-in", "email=admin@test.com&password=password1"),
    ] {
        let mut browser = world.browser();
        open(&mut browser, &link).await;
        assert_eq!(browser.post(form.0, form.1).await.location(), "/", "{form:?}");
        browser.cookies.remove(SESSION);
        assert!(browser.get("/login").await.body.contains("Login to your account"), "{form:?}");
    }
}

#[tokio::test]
async fn only_the_page_right_after_a_link_goes_on_by_itself() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    assert!(open(&mut browser, &link).await.contains("data-auto-submit"));
    let page = browser.get("/login").await.body;
    assert!(page.contains("Continue as user@test.com") && !page.contains("data-auto-submit"), "{page}");
}

#[tokio::test]
async fn a_link_goes_on_by_itself_only_where_its_own_address_asked_for_it() {
    let world = World::new().await;
    let mut asker = world.browser();
    let link = reset_link(&world, &mut asker).await;
    let mut stranger = world.browser();
    stranger.headers.insert("sec-fetch-site", "cross-site".to_owned());
    let page = open(&mut stranger, &link).await;
    assert!(page.contains("Continue as user@test.com") && !page.contains("data-auto-submit"), "{page}");

    // Another person's link, in the browser of a person who waits for their own.
    let mut victim = world.browser();
    victim.post("/api/request-password-reset", "email=admin@test.com").await;
    let page = open(&mut victim, &link).await;
    assert!(page.contains("Continue as user@test.com") && !page.contains("data-auto-submit"), "{page}");

    // A browser remembers its last three addresses, each for a day.
    for other in ["admin@test.com", "nobody@test.com"] {
        asker.post("/api/request-password-reset", &format!("email={other}")).await;
    }
    assert!(open(&mut asker.clone(), &link).await.contains("data-auto-submit"));
    let mut later = asker.clone();
    later.post("/api/request-password-reset", "email=fourth@test.com").await;
    assert!(!open(&mut later, &link).await.contains("data-auto-submit"));
    world.advance(Duration::from_hours(25));
    assert!(!open(&mut asker, &link).await.contains("data-auto-submit"));
}

#[tokio::test]
async fn a_verification_goes_on_by_itself_where_a_registration_or_a_change_asked_for_it() {
    let world = World::new().await;
    let mut registered = world.browser();
    registered
        .post("/api/register", "email=new@test.com&password=password1&confirm_password=password1")
        .await;
    let link = link_to(&world, "new@test.com").await;
    assert!(open(&mut registered, &link).await.contains("data-auto-submit"));

    let mut browser = world.signed_in().await;
    assert!(!open(&mut browser, &link).await.contains("data-auto-submit"));
    // No address waits for a verification, so no e-mail is sent.
    browser.post("/api/resend-verification", "").await;
    assert!(!open(&mut browser, &link).await.contains("data-auto-submit"));

    let mut changed = world.signed_in().await;
    changed.post("/api/update-account", "email=third@test.com&password=&confirm_password=").await;
    assert!(open(&mut changed, &link).await.contains("data-auto-submit"));
    changed.cookies.remove("ironleaf-asked");
    changed.post("/api/resend-verification", "").await;
    assert!(open(&mut changed, &link).await.contains("data-auto-submit"));
}

#[tokio::test]
async fn a_link_that_names_another_person_than_its_token_signs_nobody_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await.replace("user%40test.com", "admin%40test.com");
    assert!(open(&mut browser, &link).await.contains("Continue as admin@test.com"));
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/login");
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn after_a_link_the_page_says_who_is_signed_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    open(&mut browser, &link).await;
    browser.post("/api/sign-in-with-token", "").await;
    assert!(browser.get("/set-password").await.body.contains("You are logged in as user@test.com"));
}

#[tokio::test]
async fn the_password_form_is_one_link_away_from_a_pending_link() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    open(&mut browser, &link).await;
    let answer = browser.get("/login?with=password").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(browser.get("/login").await.body.contains("Login to your account"));
    browser.sign_in("user@test.com", "wrong-password").await;
    let page = browser.get("/login").await.body;
    assert!(page.contains("Login failed") && page.contains(r#"value="user@test.com""#), "{page}");
}

#[tokio::test]
async fn a_verification_works_signed_out_and_twice() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.post("/api/register", "email=new@test.com&password=password1&confirm_password=password1").await;
    let link = link_to(&world, "new@test.com").await;
    for _ in 0..2 {
        let mut elsewhere = world.browser();
        let page = open(&mut elsewhere, &link).await;
        assert!(!page.contains("data-auto-submit") && page.contains(">Verify</button>"), "{page}");
        let answer = elsewhere.post("/api/verify-email", "").await;
        assert_eq!((answer.status, answer.location()), (303, "/email-verification"));
        for _ in 0..2 {
            let page = elsewhere.get("/email-verification").await.body;
            assert!(page.contains("Success! your email has been verified"), "{page}");
        }
    }
    let account = browser.get("/account").await.body;
    assert!(!account.contains("Your email address is unverified"), "{account}");
}

#[tokio::test]
async fn a_verification_without_a_good_token_is_an_error() {
    let world = World::new().await;
    for path in ["/email-verification", "/email-verification?token="] {
        let page = world.browser().get(path).await.body;
        assert!(page.contains("Error! Invalid token"), "{path}: {page}");
    }
    let mut browser = world.browser();
    open(&mut browser, "/email-verification?token=nonsense").await;
    assert_eq!(browser.post("/api/verify-email", "").await.location(), "/email-verification");
    assert!(browser.get("/email-verification").await.body.contains("Error! Invalid token"));
    browser.headers.insert("accept", "application/json".to_owned());
    let answer = browser.post("/api/verify-email", "").await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Error! Invalid token"), "{}", answer.body);
}

#[tokio::test]
async fn a_verification_that_gets_no_answer_can_be_tried_again() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.post("/api/register", "email=new@test.com&password=password1&confirm_password=password1").await;
    let link = link_to(&world, "new@test.com").await;
    open(&mut browser, &link).await;
    world.network.fail("/auth/action-requests", Outcome::Reset);
    assert_eq!(browser.post("/api/verify-email", "").await.location(), "/email-verification");
    let page = browser.get("/email-verification").await.body;
    assert!(page.contains("We cannot reach our servers") && !page.contains("data-auto-submit"), "{page}");
    world.network.heal();
    browser.post("/api/verify-email", "").await;
    assert!(browser.get("/email-verification").await.body.contains("Success!"));
}

#[tokio::test]
async fn a_link_that_is_none_leaves_nothing_of_itself_on_the_page() {
    let world = World::new().await;
    for link in ["email=Call%20us%20now@b.c&token=t", "token=t", "email=a@b.c&token="] {
        let mut browser = world.browser();
        let answer = browser.get(&format!("/login?{link}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/login"), "{link}");
        let page = browser.get("/login").await.body;
        assert!(page.contains("Auto login failed, please login manually."), "{link}: {page}");
        assert!(page.contains("Login to your account") && !page.contains("all us"), "{link}: {page}");
    }
}

#[tokio::test]
async fn a_verification_link_without_a_token_is_not_the_one_before() {
    let world = World::new().await;
    let mut browser = world.browser();
    open(&mut browser, "/email-verification?token=one").await;
    assert!(browser.get("/email-verification?token=").await.body.contains("Error! Invalid token"));
    assert!(browser.get("/email-verification").await.body.contains("Error! Invalid token"));
}

#[tokio::test]
async fn a_link_is_forgotten_after_ten_minutes() {
    let world = World::new().await;
    let mut browser = world.browser();
    let link = reset_link(&world, &mut browser).await;
    open(&mut browser, &link).await;
    world.advance(Duration::from_secs(601));
    assert!(browser.get("/login").await.body.contains("Login to your account"));
}

#[tokio::test]
async fn part_of_a_link_takes_an_earlier_one_away() {
    let world = World::new().await;
    let mut browser = world.browser();
    open(&mut browser, "/login?email=planted@test.com&token=x").await;
    assert_eq!(browser.get("/login?token=").await.location(), "/login");
    let page = browser.get("/login").await.body;
    assert!(page.contains("The link is damaged") && !page.contains("planted@test.com"), "{page}");
}

#[tokio::test]
async fn whoever_signs_out_leaves_neither_a_place_nor_a_link_that_presses_itself() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let form = "email=user@test.com&return_to=/account?private=1";
    assert_eq!(browser.post("/api/request-password-reset", form).await.status, 303);
    let link = link_to(&world, "user@test.com").await;
    browser.post("/api/sign-out", "").await;
    assert!(!open(&mut browser, &link).await.contains("data-auto-submit"));
    assert_eq!(browser.post("/api/sign-in-with-token", "").await.location(), "/set-password");
}

#[tokio::test]
async fn the_place_is_found_again_over_every_page_of_signing_in() {
    let world = World::new().await;
    let place = "/account?tab=mail%26x=1";
    for page in ["/login", "/register", "/reset-password"] {
        let mut browser = world.browser();
        let html = browser.get(&format!("{page}?return_to={place}")).await.body;
        let to = |path: &str| {
            html.contains(&format!(r#"href="{path}?return_to=/account?tab=mail%26amp;x=1""#))
                || html.contains(&format!(r#"href="{path}?return_to=/account?tab=mail%26x=1""#))
        };
        assert!(to(if page == "/login" { "/register" } else { "/login" }), "{page}: {html}");
        assert!(page != "/login" || to("/reset-password"), "{html}");
    }
    let registered =
        format!("email=new@test.com&password=password1&confirm_password=password1&return_to={place}");
    assert_eq!(world.browser().post("/api/register", &registered).await.location(), "/account?tab=mail&x=1");

    let mut browser = world.browser();
    browser.post("/api/request-password-reset", &format!("email=user@test.com&return_to={place}")).await;
    let link = link_to(&world, "user@test.com").await;
    open(&mut browser, &link).await;
    let answer = browser.post("/api/sign-in-with-token", "").await;
    assert_eq!(answer.location(), "/set-password?return_to=/account?tab=mail%26x=1");
    let form = format!("password=password2&confirm_password=password2&return_to={place}");
    assert_eq!(browser.post("/api/set-password", &form).await.location(), "/account?tab=mail&x=1");
    // The second of two waiting tabs.
    assert_eq!(browser.get(&format!("/login?return_to={place}")).await.location(), "/account?tab=mail&x=1");
}

#[tokio::test]
async fn a_message_waits_for_a_page_that_a_person_sees() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.post("/api/update-account", "email=user@test.com&password=&confirm_password=").await;
    let said = "Account updated successfully";
    for path in ["/", "/nowhere", "/favicon.ico"] {
        assert!(!browser.get(path).await.body.contains(said), "{path}");
    }
    browser.send(http::Method::HEAD, "/account", axum::body::Body::empty()).await;
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("sec-fetch-dest", "empty")] {
        browser.headers.insert(name, value.to_owned());
        browser.get("/account").await;
        browser.headers.remove(name);
    }
    assert!(browser.get("/account").await.body.contains(said));
    assert!(!browser.get("/account").await.body.contains(said));
}
