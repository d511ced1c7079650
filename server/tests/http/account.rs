use crate::browser::SESSION;
use crate::world::World;

#[tokio::test]
async fn shows_the_person_and_what_they_may_do() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.sign_in("admin@test.com", "password1").await;
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("admin@test.com") && page.body.contains("Administrator"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn leads_a_signed_out_visitor_to_the_form_and_says_nothing_about_expiry() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    assert!(!browser.get("/login?return_to=/account").await.body.contains("expired"));
}

#[tokio::test]
async fn one_changed_character_makes_an_anonymous_request_and_removes_the_cookie() {
    let world = World::new().await;
    let browser = world.signed_in().await;
    let value = browser.session().unwrap().clone();
    // Past version and key id: what the authentication tag speaks for.
    for position in [40, value.len() / 2, value.len() - 2] {
        let mut changed = value.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        let mut other = browser.clone();
        other.cookies.insert(SESSION.to_owned(), String::from_utf8(changed).unwrap());
        let answer = other.get("/account").await;
        assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"), "{position}");
        assert!(other.session().is_none(), "the cookie stays after a change at {position}");
    }
}
