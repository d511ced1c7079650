//! What a script learns of the session from `GET /api/session`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Method;
use http::header::ACCEPT;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, SESSION};
use crate::registry::change;
use crate::store_outage::Away;
use crate::world::{TOKEN_MARK, World};

const PATH: &str = "/api/session";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// When the clocks of the tests begin, in seconds since 1970.
const START: u64 = 1_800_000_000;

/// Asks as `fetch` does, which accepts everything.
async fn ask(browser: &mut Browser) -> Answer {
    browser.headers.insert(ACCEPT.as_str(), "*/*".to_owned());
    browser.get(PATH).await
}

async fn ask_again(browser: &mut Browser, tag: &str) -> Answer {
    browser.headers.insert("if-none-match", tag.to_owned());
    let answer = ask(browser).await;
    browser.headers.remove("if-none-match");
    answer
}

fn told(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_visitor_is_told_where_to_sign_in() {
    let world = World::new().await;
    let answer = ask(&mut world.browser()).await;
    assert_eq!((answer.status, told(&answer)), (200, json!({ "signed_in": false, "sign_in": "/login" })));
    assert_eq!(ask_again(&mut world.browser(), answer.header("etag")).await.status, 304);
}

#[tokio::test]
async fn whoever_is_signed_in_learns_who_with_which_roles_and_until_when() {
    let world = World::with(&[("SESSION_ABSOLUTE_TIMEOUT", "3d"), ("SESSION_IDLE_TIMEOUT", "1d")]).await;
    let mut browser = world.signed_in().await;
    let answer = ask(&mut browser).await;
    let mut known = told(&answer);
    assert_eq!(answer.status, 200);
    assert!(known["user"]["id"].take().as_str().is_some_and(|id| !id.is_empty()));
    let person = json!({
        "id": null,
        "email": "user@test.com",
        "unverified_email": null,
        "roles": ["VERIFIED_USER"],
        "claims": {},
    });
    assert_eq!(
        known,
        json!({
            "signed_in": true,
            "user": person,
            "ends_at": START + 3 * DAY.as_secs(),
            "idle_ends_at": START + DAY.as_secs(),
            "sign_out": "/api/sign-out",
        })
    );
    world.advance(DAY.saturating_sub(Duration::from_secs(1)));
    assert_eq!(told(&ask(&mut browser).await)["signed_in"], true, "until the very second");
    world.advance(Duration::from_secs(1));
    assert_eq!(told(&ask(&mut browser).await)["signed_in"], false);
}

#[tokio::test]
async fn no_answer_has_a_token_or_can_be_kept_by_a_cache() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = ask(&mut browser).await;
    let known = ask_again(&mut browser, answer.header("etag")).await;
    let visitors = ask(&mut world.browser()).await;
    assert_eq!((answer.status, known.status, known.body.as_str()), (200, 304, ""));
    for answer in [answer, known, visitors] {
        assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store, private", "cookie"));
        let headers = answer.headers.values().map(|value| value.to_str().unwrap());
        for text in headers.chain([answer.body.as_str()]) {
            assert!(!text.contains(TOKEN_MARK) && !text.contains("eyJ"), "{text}");
        }
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
    }
}

#[tokio::test]
async fn a_script_that_asks_for_ever_keeps_no_session_alive() {
    let world =
        World::with(&[("SESSION_UNREMEMBERED_IDLE_TIMEOUT", "1h"), ("SESSION_IDLE_TIMEOUT", "1h")]).await;
    let mut browser = world.signed_in().await;
    let first = ask(&mut browser).await;
    for _ in 0..11 {
        world.advance(5 * MINUTE);
        let answer = ask(&mut browser).await;
        assert_eq!((answer.status, &answer.body), (200, &first.body));
        assert!(answer.set_cookies(SESSION).is_empty(), "its seal is not renewed");
    }
    let mut used = browser.clone();
    assert_eq!(used.get("/account").await.set_cookies(SESSION).len(), 1, "a page is a use");
    let later = told(&ask(&mut used).await)["idle_ends_at"].as_u64();
    assert_eq!(later, told(&first)["idle_ends_at"].as_u64().map(|end| end + 55 * 60));
    world.advance(5 * MINUTE);
    assert_eq!(told(&ask(&mut browser).await)["signed_in"], false);
    assert_eq!(told(&ask(&mut used).await)["signed_in"], true);
    assert_eq!(world.stats().refreshes_accepted, 1, "the page has refreshed, and no script");
}

#[tokio::test]
async fn the_tag_changes_with_the_answer_and_says_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut tags = HashSet::new();
    let first = ask(&mut browser).await.header("etag").to_owned();
    tags.insert(first.clone());
    assert_eq!(ask(&mut browser).await.header("etag"), first);
    browser.turn_to(world.replica(&[]).await);
    assert_eq!(ask(&mut browser).await.header("etag"), first, "the same at every replica");

    // The same person with the same roles and the same end, in another session.
    let mut other = world.signed_in().await;
    let twin = ask(&mut other).await;
    assert_eq!(twin.body, ask(&mut browser).await.body);
    assert!(tags.insert(twin.header("etag").to_owned()), "nobody can try likely answers");

    change(&world, "user@test.com", &json!({ "roles": ["ADMIN"] })).await;
    world.advance(21 * MINUTE);
    browser.get("/account").await;
    let promoted = ask_again(&mut browser, &first).await;
    assert_eq!(told(&promoted)["user"]["roles"], json!(["ADMIN"]), "a refresh brings new roles");
    assert!(tags.insert(promoted.header("etag").to_owned()));

    other.post("/api/sign-out", "").await;
    let nobody = ask_again(&mut other, twin.header("etag")).await;
    assert_eq!(nobody.status, 200);
    assert!(tags.insert(nobody.header("etag").to_owned()));
    assert!(tags.iter().all(|tag| tag.len() < 30 && tag.starts_with('"')), "{tags:?}");
}

#[tokio::test]
async fn a_tag_is_recognised_in_a_list_and_if_a_proxy_has_weakened_it() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let tag = ask(&mut browser).await.header("etag").to_owned();
    for (named, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"other\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (tag.trim_matches('"').to_owned(), 200),
        (String::new(), 200),
    ] {
        let answer = ask_again(&mut browser, &named).await;
        assert_eq!((answer.status, answer.header("etag")), (status, tag.as_str()), "{named}");
    }
}

#[tokio::test]
async fn an_end_elsewhere_is_seen_and_left_for_a_page_to_tell() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let tag = ask(&mut browser).await.header("etag").to_owned();
    let mut elsewhere = browser.clone();
    elsewhere.turn_to(world.replica(&[]).await);
    elsewhere.post("/api/sign-out", "").await;
    let answer = ask_again(&mut browser, &tag).await;
    assert_eq!((answer.status, told(&answer)["signed_in"].as_bool()), (200, Some(false)));
    assert!(answer.set_cookies(SESSION).is_empty(), "the person has not been told yet");
    let page = browser.get("/account").await;
    assert_eq!((page.status, page.set_cookies(SESSION).len()), (303, 1));
}

#[tokio::test]
async fn whoever_may_be_signed_in_is_not_told_that_they_are_not() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.turn_to(world.replica_at(Arc::new(Away)).await);
    assert_eq!(told(&ask(&mut browser).await)["signed_in"], true, "as long as the access token lives");
    world.advance(21 * MINUTE);
    let answer = ask(&mut browser).await;
    assert_eq!((answer.status, told(&answer)["code"].as_str()), (503, Some("unavailable")));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(!answer.body.contains("user@test.com") && answer.header("etag").is_empty());
    let mut visitor = world.browser();
    visitor.turn_to(world.replica_at(Arc::new(Away)).await);
    assert_eq!(told(&ask(&mut visitor).await)["signed_in"], false, "nobody has a session to lose");
}

#[tokio::test]
async fn another_origin_learns_nothing() {
    let world = World::new().await;
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let mut browser = world.signed_in().await;
        browser.headers.insert("sec-fetch-site", site.to_owned());
        browser.headers.insert("origin", "https://evil.example".to_owned());
        let answer = ask(&mut browser).await;
        assert_eq!(answer.status, status, "{site}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{site}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{site}");
        if status == 403 {
            assert_eq!(told(&answer)["code"], "cross_site");
            assert!(!answer.body.contains("user@test.com") && answer.header("etag").is_empty());
        }
    }
}

#[tokio::test]
async fn it_is_only_read() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let read = ask(&mut browser).await;
    let head = browser.send(Method::HEAD, PATH, Body::empty()).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("etag"), read.header("etag"));
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let refused = browser.send(method.clone(), PATH, Body::empty()).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET,HEAD"), "{method}");
    }
}

#[tokio::test]
async fn no_route_of_the_proxy_takes_its_place() {
    let world = World::with(&[("PROXY_ROUTES", "/api/=http://127.0.0.1:9/ who=anyone token=no")]).await;
    assert_eq!(told(&ask(&mut world.signed_in().await).await)["signed_in"], true);
    let mut browser = world.signed_in().await;
    for (method, path) in [
        (Method::GET, "/api/%73ession"),
        (Method::GET, "/%61pi/session"),
        (Method::POST, "/api/%73ign-out"),
        (Method::POST, "/api/sign%2Dout"),
    ] {
        let answer = browser.send(method.clone(), path, Body::empty()).await;
        assert_eq!(answer.status, 400, "{method} {path}: an API would be a 503");
    }
    let other = browser.get("/api/%73essions").await;
    assert_eq!(other.status, 503, "another path is the API's");
}

#[tokio::test]
async fn a_script_signs_the_person_out_as_a_form_does() {
    let world = World::new().await;
    for (headers, status) in [
        (&[("sec-fetch-site", "same-origin")][..], 200),
        (&[("origin", "http://127.0.0.1:3000")], 200),
        (&[("x-requested-with", "fetch")], 200),
        (&[("sec-fetch-site", "cross-site"), ("x-requested-with", "fetch")], 403),
        (&[("origin", "https://evil.example"), ("x-requested-with", "fetch")], 403),
        (&[], 403),
    ] {
        let mut browser = world.signed_in().await;
        browser.headers.remove("sec-fetch-site");
        browser.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
        for (name, value) in headers {
            browser.headers.insert(name, (*value).to_owned());
        }
        let answer = browser.send(Method::POST, "/api/sign-out", Body::empty()).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
        assert_eq!(browser.session().is_some(), status == 403, "{headers:?}");
        if status == 200 {
            assert_eq!(told(&answer)["next"], "/");
        }
    }
}
