//! Two people in one browser: a tab that still shows the first person must not change anything for the second.

use http::header::ACCEPT;

use crate::browser::{Browser, every_page};
use crate::world::World;

/// The possible input of a person. Each form reads its own fields.
const TYPED: &str = "email=mine@test.com&password=password2&confirm_password=password2&action=password";

/// The forms of a page: the action of each, and its fields except those that are typed.
fn forms(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let form = |html: &str| {
        let (html, _) = html.split_once("</form>").unwrap();
        let tags = html.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
        let controls =
            tags.filter(|tag| ["input ", "select ", "textarea "].iter().any(|it| tag.starts_with(it)));
        let fields = controls.filter_map(|control| {
            let name = attribute(control, "name")?;
            let value = attribute(control, "value").unwrap_or_else(|| "words".to_owned());
            let is_typed = TYPED.split(['&', '=']).any(|typed| typed == name);
            (!is_typed).then(|| format!("{name}={value}"))
        });
        (attribute(html, "action").unwrap(), fields.collect::<Vec<_>>().join("&"))
    };
    page.split("<form").skip(1).map(form).collect()
}

/// All forms of the account pages for the person who is signed in here.
async fn every_form(browser: &mut Browser) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in every_page() {
        let page = browser.get(&format!("{path}?return_to=/account")).await;
        assert!(!page.body.contains("%form_id%"), "{path}: {}", page.body);
        // Pages for visitors only redirect.
        found.extend(forms(&page.body));
    }
    let for_anybody = ["/api/set-language", "/api/set-theme", "/api/request-password-reset"];
    found.retain(|(action, _)| !for_anybody.contains(&action.as_str()));
    found.sort();
    found.dedup();
    found
}

/// The first person's forms, in a browser in which the second person has signed in since.
async fn left_open(world: &World) -> (Browser, Vec<(String, String)>) {
    let mut browser = world.signed_in().await;
    // With a new address, the account page offers to send the e-mail again.
    let changed = browser.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
    assert_eq!(changed.location(), "/account");
    let forms = every_form(&mut browser).await;
    let mut actions: Vec<_> = forms.iter().map(|(action, _)| action.as_str()).collect();
    actions.dedup();
    let expected = [
        "confirm-password",
        "delete-account",
        "resend-verification",
        "set-password",
        "sign-out",
        "update-account",
    ];
    for name in expected {
        assert!(actions.contains(&&*format!("/api/{name}")), "{name}: {actions:?}");
    }
    browser.post("/api/sign-out", "").await;
    browser.sign_in("admin@test.com", "password1").await;
    browser.get("/").await;
    (browser, forms)
}

#[tokio::test]
async fn a_form_of_a_page_that_shows_somebody_else_does_nothing_and_says_who_is_signed_in() {
    let world = World::new().await;
    let (browser, forms) = left_open(&world).await;
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap().len();
    for (action, hidden) in forms {
        let mut tab = browser.clone();
        let answer = tab.post(&action, &format!("{hidden}&{TYPED}")).await;
        assert_eq!((answer.status, answer.location()), (303, "/account"), "{action}");
        let page = tab.get("/account").await.body;
        assert!(page.contains("You are now signed in as admin@test.com"), "{action}: {page}");
        assert!(
            page.contains("value=\"admin@test.com\"") && !page.contains("mine@test.com"),
            "{action}: {page}"
        );

        let mut script = browser.clone();
        script.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
        let answer = script.post(&action, &format!("{hidden}&{TYPED}")).await;
        assert_eq!(answer.status, 409, "{action}");
        assert!(
            answer.body.contains("\"other_person\"") && answer.body.contains("\"/account\""),
            "{}",
            answer.body
        );
        assert_eq!(script.session(), browser.session(), "{action}");
    }
    world.core_api.settled().await;
    assert_eq!(world.core_api.outbox().await.unwrap().len(), mails, "somebody was sent an e-mail");
    assert_eq!(world.browser().sign_in("admin@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn a_form_is_good_in_every_session_of_its_person_and_without_the_field() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let forms = every_form(&mut browser).await;
    let (_, page_of) = forms.iter().find(|(action, _)| action == "/api/update-account").unwrap().clone();
    browser.post("/api/sign-out", "").await;
    browser.sign_in("user@test.com", "password1").await;
    for field in [page_of.as_str(), ""] {
        let form = format!("{field}&email=user@test.com&password=&confirm_password=");
        assert_eq!(browser.post("/api/update-account", &form).await.location(), "/account");
        assert!(browser.get("/account").await.body.contains("Account updated successfully"), "{field}");
    }
    let nonsense = "page_of=%00%F0%9F%8D%83&email=user@test.com&password=&confirm_password=";
    browser.post("/api/update-account", nonsense).await;
    assert!(browser.get("/account").await.body.contains("You are now signed in as user@test.com"));
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_is_asked_to_sign_in_as_ever() {
    let world = World::new().await;
    let (mut browser, forms) = left_open(&world).await;
    browser.post("/api/sign-out", "").await;
    for (action, hidden) in forms {
        let answer = browser.clone().post(&action, &format!("{hidden}&{TYPED}")).await;
        let expected = if action == "/api/sign-out" { "/" } else { "/login?return_to=" };
        assert!(answer.location().starts_with(expected), "{action}: {}", answer.location());
    }
}
