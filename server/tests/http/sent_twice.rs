//! A double click without scripts: the browser aborts the first request, and shows the answer to the second.

use futures_util::poll;

use crate::browser::{Answer, Browser, SESSION};
use crate::links::{link_to, open};
use crate::world::World;

/// The id of this page's forms.
fn form_id(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="form_id" value=""#).expect("the page has a form with a number");
    let id: String = rest.chars().take_while(|letter| *letter != '"').collect();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    id
}

/// Sends a form of `page` twice, and aborts the first request once it has been sent.
async fn double_click(browser: &mut Browser, page: &str, path: &str, fields: &str) -> Answer {
    let form = format!("form_id={}&{fields}", form_id(page));
    let mut first = browser.clone();
    {
        let mut broken_off = Box::pin(first.post(path, &form));
        for _ in 0..3 {
            assert!(poll!(broken_off.as_mut()).is_pending(), "it was answered before it could be broken off");
        }
    }
    browser.post(path, &form).await
}

const NEW: &str = "email=new@test.com&password=password1&confirm_password=password1";

#[tokio::test]
async fn a_registration_creates_the_account_once_and_signs_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/register").await.body;
    let answer = double_click(&mut browser, &page, "/api/register", NEW).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert_eq!(answer.set_cookies(SESSION).len(), 1);
    let home = browser.get("/").await.body;
    assert!(home.contains("new@test.com") && home.contains("Welcome!"), "{home}");
    assert_eq!(world.stats().sign_ins, 1);
}

#[tokio::test]
async fn both_of_two_at_once_are_answered_alike() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = format!("form_id={}&{NEW}", form_id(&browser.get("/register").await.body));
    let mut other = browser.clone();
    let (one, two) = tokio::join!(browser.post("/api/register", &form), other.post("/api/register", &form));
    assert_eq!((one.status, one.location()), (303, "/"));
    assert_eq!(
        one.headers.get_all("set-cookie").iter().count(),
        two.headers.get_all("set-cookie").iter().count()
    );
    assert_eq!(one.set_cookies(SESSION), two.set_cookies(SESSION));
    // Each is still a separate request.
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn a_new_password_is_set_once_and_the_session_goes_on() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/account").await.body;
    let fields = "email=user@test.com&password=password2&confirm_password=password2";
    let answer = double_click(&mut browser, &page, "/api/update-account", fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    let page = browser.get("/account").await.body;
    assert!(page.contains("Account updated successfully") && page.contains("user@test.com"), "{page}");
}

#[tokio::test]
async fn an_account_is_deleted_once_and_the_page_says_so() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/account/delete").await.body;
    let answer = double_click(&mut browser, &page, "/api/delete-account", "").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(browser.get("/").await.body.contains("Account deleted successfully"));
}

#[tokio::test]
async fn a_link_signs_in_although_its_token_works_once() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.post("/api/request-password-reset", "email=user@test.com").await;
    let link = link_to(&world, "user@test.com").await;
    let page = open(&mut browser, &link).await;
    let answer = double_click(&mut browser, &page, "/api/sign-in-with-token", "action=password").await;
    assert_eq!((answer.status, answer.location()), (303, "/set-password"));
    assert!(browser.get("/set-password").await.body.contains("Set Your Password"));
}

#[tokio::test]
async fn one_e_mail_is_sent_for_two_equal_wishes() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/reset-password").await.body;
    double_click(&mut browser, &page, "/api/request-password-reset", "email=user@test.com").await;
    world.settled().await;
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_form_with_other_fields_another_number_or_none_is_acted_upon() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get("/register").await.body;
    let (id, next) = (form_id(&page), form_id(&browser.get("/register").await.body));
    assert_ne!(id, next);
    let mistaken = "email=new@test.com&password=short&confirm_password=short";
    for (form, expected) in [
        (format!("form_id={id}&{mistaken}"), "/register"),
        (format!("form_id={id}&{NEW}"), "/"),
        (format!("form_id={next}&{NEW}"), "/register"),
        (NEW.to_owned(), "/register"),
        (format!("form_id=x&{NEW}"), "/register"),
        (format!("form_id={id}&{NEW}"), "/"),
    ] {
        let answer = world.browser().post("/api/register", &form).await;
        assert_eq!((answer.status, answer.location()), (303, expected), "{form}");
    }
}

/// With scripts, the page stays open and keeps its form id.
#[tokio::test]
async fn a_form_that_was_refused_is_acted_upon_when_it_is_sent_again() {
    let world = World::new().await;
    for accept in ["application/json", "text/html"] {
        let mut client = world.browser();
        client.headers.insert("accept", accept.to_owned());
        let form =
            format!("form_id={}&{}", "0".repeat(32), NEW.replace("new@", &format!("{}@", accept.len())));
        world.network.cut();
        let mut other = client.clone();
        let (one, two) =
            tokio::join!(client.post("/api/register", &form), other.post("/api/register", &form));
        assert_eq!(one.status, two.status);
        world.network.heal();
        for _ in 0..2 {
            let answer = client.post("/api/register", &form).await;
            assert!(answer.status == 200 || answer.location() == "/", "{}", answer.body);
        }
    }
    assert_eq!(world.stats().sign_ins, 2);
}

/// The tab still shows the first person's page.
#[tokio::test]
async fn nobody_gets_what_was_answered_to_another_person_of_the_browser() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let page = browser.get("/account").await.body;
    let page_of =
        page.split(r#"name="page_of" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let id = form_id(&page);
    let form = format!(
        "form_id={id}&page_of={page_of}&email=user@test.com&password=password2&confirm_password=password2"
    );
    assert_eq!(browser.post("/api/update-account", &form).await.location(), "/account");
    browser.post("/api/sign-out", "").await;
    browser.sign_in("admin@test.com", "password1").await;
    let session = browser.session().cloned();
    let answer = browser.post("/api/update-account", &form).await;
    assert!(answer.set_cookies(SESSION).is_empty() && browser.session() == session.as_ref());
    let page = browser.get("/account").await.body;
    assert!(page.contains("You are now signed in as admin@test.com."), "{page}");
    // Nor after a sign-out.
    browser.post("/api/sign-out", "").await;
    assert!(browser.post("/api/update-account", &form).await.location().starts_with("/login"));
}

#[tokio::test]
async fn forms_that_are_refused_leave_nothing() {
    let world = World::new().await;
    let before = world.store().usage().await.unwrap();
    for number in 0..200 {
        let form = format!("form_id={number:032x}&email=a@b.cc&password=short&confirm_password=short");
        assert_eq!(world.browser().post("/api/register", &form).await.location(), "/register");
    }
    assert_eq!(world.store().usage().await.unwrap(), before);
}

#[tokio::test]
async fn forms_that_cost_nothing_do_not_use_up_what_is_kept_for_the_others() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = format!("form_id={}&{NEW}", form_id(&browser.get("/register").await.body));
    assert_eq!(browser.post("/api/register", &form).await.location(), "/");
    let mut stranger = world.browser();
    for number in 0..1_005 {
        let theme = format!("form_id={number:032x}&theme=dark");
        assert_eq!(stranger.post("/api/set-theme", &theme).await.status, 303);
    }
    assert_eq!(browser.post("/api/register", &form).await.location(), "/");
}
