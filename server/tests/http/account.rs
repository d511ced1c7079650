use std::time::Duration;

use crate::browser::SESSION;
use crate::network::Outcome;
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
    // Positions after the version and the key id, which the authentication tag protects.
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

#[tokio::test]
async fn comes_back_to_the_very_address() {
    let world = World::new().await;
    let answer = world.browser().get("/account?tab=mail&x=1").await;
    assert_eq!(answer.location(), "/login?return_to=/account?tab=mail%26x=1");
}

#[tokio::test]
async fn an_answer_that_says_nothing_of_the_grant_ends_no_session() {
    let world = World::new().await;
    for (status, body) in [
        (403, "<html>a gateway's own</html>"),
        (400, r#"{"statusCode":400,"message":"Bad","error":"Bad Request"}"#),
        (404, "<html>"),
        (401, "<html>a gateway's own</html>"),
        (200, "not json"),
        (500, ""),
    ] {
        let mut browser = world.signed_in().await;
        world.network.fail("/user/users/current", Outcome::Answer(status, body));
        let page = browser.get("/account").await;
        assert_eq!(page.status, 503, "{status}: {}", page.location());
        assert!(browser.session().is_some(), "{status} ended the session");
        assert_eq!(browser.get("/login").await.location(), "/");
        world.network.heal();
        assert_eq!(browser.get("/account").await.status, 200, "{status}");
    }
}

#[tokio::test]
async fn what_an_account_may_not_see_is_a_403_that_ends_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let forbidden = r#"{"statusCode":403,"message":"Forbidden resource","error":"Forbidden"}"#;
    world.network.fail("/user/users/current", Outcome::Answer(403, forbidden));
    let page = browser.get("/account").await;
    assert!(page.status == 403 && page.body.contains("Not allowed"), "{}: {}", page.status, page.body);
    assert!(!page.body.contains("cannot reach"), "{}", page.body);
    world.network.heal();
    assert_eq!(browser.get("/account").await.status, 200);
}

/// With the original core API's answer for a deleted person.
#[tokio::test]
async fn somebody_who_is_gone_is_signed_out_once_the_refresh_is_refused_as_well() {
    let world = World::new().await;
    let gone = r#"{"statusCode":404,"message":"Not Found"}"#;
    let mut browser = world.signed_in().await;
    world.network.fail("/user/users/current", Outcome::Answer(404, gone));
    // The 404 alone ends no session: the refresh has to be refused, too.
    assert_eq!(browser.get("/account").await.status, 503);
    assert!(browser.session().is_some());

    world.network.heal();
    world.revoke_every_token("user@test.com", "password1").await;
    world.network.fail("/user/users/current", Outcome::Answer(404, gone));
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let page = browser.get("/login?return_to=/account").await.body;
    assert!(page.contains("Your session has expired") && page.contains("S5"), "{page}");
}

/// As with a grant that another tab has just replaced, and then with one that it had not written yet.
#[tokio::test]
async fn an_api_that_does_not_know_a_grant_is_asked_again_with_the_next() {
    let world = World::new().await;
    let gone = r#"{"statusCode":404,"message":"Not Found"}"#;
    for (times, status) in [(1, 200), (2, 200), (3, 503)] {
        let mut browser = world.signed_in().await;
        world.network.fail("/user/users/current", Outcome::Times(times, 404, gone));
        let before = world.stats().refreshes_accepted;
        let page = browser.get("/account").await;
        assert_eq!(page.status, status, "{times}: {}", page.body);
        assert_eq!(world.stats().refreshes_accepted - before, u64::from(times.min(2)), "{times}");
    }
}

#[tokio::test]
async fn a_defect_while_rendering_is_a_500_that_says_nothing_and_loses_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(21));
    world.network.fail("/user/users/current", Outcome::Panic);
    let page = browser.get("/account").await;
    assert_eq!(page.status, 500);
    assert!(page.body.contains("Something went wrong") && page.body.contains(page.header("x-request-id")));
    assert!(page.body.contains("Account menu") && !page.body.contains("a defect of ours"), "{}", page.body);
    assert_eq!(page.set_cookies(SESSION).len(), 1, "the renewed token is lost");
    world.network.heal();
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(world.stats().refreshes_refused, 0);
}

#[tokio::test]
async fn trying_again_keeps_the_query() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.network.cut();
    let page = browser.get("/account?tab=mail&x=%22").await;
    assert!(
        page.body.contains(r#"name="tab" value="mail""#) && page.body.contains(r#"name="x" value="&quot;""#),
        "{}",
        page.body
    );
}
