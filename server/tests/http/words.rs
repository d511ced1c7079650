//! Every word of a page is in the catalogue: in a language that puts each message between marks, no letter of a page is
//! outside of them, except for what people are called and have typed.

use std::sync::Arc;
use std::time::Duration;

use app::Language;
use axum::response::IntoResponse;
use axum::{Extension, Router};
use http_body_util::BodyExt;
use ironleaf_bff::{Problem, ProblemKind};

use crate::browser::{Browser, every_page};
use crate::links::{link_to, open};
use crate::redirect::world as elsewhere;
use crate::registry::{person, register, text};
use crate::world::World;

/// What is no word of this application: its name and the names of languages, people, roles and the provider.
const DATA: [&str; 15] = [
    "Ironleaf",
    "English",
    "Deutsch",
    "user@test.com",
    "admin@test.com",
    "new@test.com",
    "Example & Sons",
    "ada@test.com",
    "Ada Lovelace",
    "ada of Example",
    "Verified user",
    "Administrator",
    "User",
    "USER",
    "127.0.0.1",
];

/// The texts of avatars: the first letters of names.
const INITIALS: [&str; 3] = ["A", "N", "U"];

/// The pages of this application. Any other page may be in one language: then its heading is written directly.
const OURS: [&str; 20] = [
    "/",
    "/account",
    "/account/activity",
    "/account/delete",
    "/account/passkeys",
    "/account/sessions",
    "/admin/people",
    "/account/two-factor",
    "/account/two-factor/disable",
    "/account/two-factor/recovery-codes",
    "/account/two-factor/set-up",
    "/auth/callback",
    "/confirm",
    "/email-verification",
    "/login",
    "/login/code",
    "/register",
    "/reset-password",
    "/restore-address",
    "/set-password",
];

fn is_in_one_language(path: &str, html: &str) -> bool {
    let heading = html.split_once("<h1").and_then(|(_, rest)| rest.split_once("</h1>"));
    !OURS.contains(&path) && heading.is_some_and(|(heading, _)| !heading.contains('⟦'))
}

/// The attributes that people read or hear, and those from which scripts take words.
const READ: [&str; 19] = [
    "aria-label",
    "placeholder",
    "title",
    "alt",
    "data-busy",
    "data-missing",
    "data-invalid",
    "data-short",
    "data-mismatch",
    "data-close",
    "data-no-answer",
    "data-show",
    "data-hide",
    "data-which",
    "data-cancelled",
    "data-known",
    "data-absent",
    "data-elsewhere",
    "data-failed",
];

/// The letters of a page that are outside of every message: each text or attribute with any.
fn outside(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        found.extend(letters_outside(&rest[..start], &mut depth));
        let end = rest[start..].find('>').map_or(rest.len(), |end| start + end + 1);
        let tag = &rest[start..end];
        found.extend(attributes_of(tag).into_iter().filter_map(|(name, value)| {
            let is_read =
                READ.contains(&name) || (name == "content" && tag.contains(r#"name="description""#));
            let letters = is_read.then(|| letters_outside(value, &mut 0)).flatten();
            letters.map(|letters| format!("{name}: {letters}"))
        }));
        rest = &rest[end..];
        if tag.starts_with("<script") {
            rest = &rest[rest.find("</script>").unwrap()..];
        }
    }
    assert_eq!(depth, 0, "a message has no end: {html}");
    found
}

fn letters_outside(text: &str, depth: &mut i32) -> Option<String> {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let mut outside = String::new();
    for letter in text.chars() {
        match letter {
            '⟦' => *depth += 1,
            '⟧' => *depth -= 1,
            letter if *depth == 0 => outside.push(letter),
            _ => {}
        }
    }
    let words = DATA.iter().fold(outside, |words, data| words.replace(data, ""));
    let is_data = INITIALS.contains(&words.trim()) || !words.contains(char::is_alphabetic);
    (!is_data).then_some(text)
}

fn attributes_of(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, more)) = after.split_once('"') else { break };
        found.push((before.rsplit(char::is_whitespace).next().unwrap(), value));
        rest = more;
    }
    found
}

#[track_caller]
pub(crate) fn assert_in_catalogue(page: &str, html: &str) {
    assert!(html.contains("</html>"), "{page} is no page: {html}");
    let words = outside(html);
    assert!(words.is_empty(), "{page} has words outside of app/locales, see docs/languages.md: {words:#?}");
}

pub(crate) fn marked(browser: &mut Browser, router: Router) {
    browser.turn_to(router.layer(Extension(Language::MARKED)));
}

fn marked_browser(world: &World) -> Browser {
    Browser::new(world.router.clone().layer(Extension(Language::MARKED)))
}

#[test]
fn the_search_for_words_finds_them() {
    for (html, found) in [
        ("<p>⟦Login⟧ Ironleaf 404 · user@test.com</p>", vec![]),
        ("<p>⟦You are <b>anybody</b> here.⟧</p>", vec![]),
        ("<p>⟦Login⟧ now</p>", vec!["⟦Login⟧ now"]),
        (r#"<a title="Here" href="/x">⟦x⟧</a>"#, vec!["title: Here"]),
        (r#"<meta name="description" content="A site">"#, vec!["content: A site"]),
        ("<script>let x;</script><b>é</b>", vec!["é"]),
    ] {
        assert_eq!(outside(html), found, "{html}");
    }
}

#[tokio::test]
async fn every_page_has_its_words_from_the_catalogue() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    marked(&mut person, world.router.clone());
    let mut seen = 0;
    let mut administrator = world.administrator().await;
    marked(&mut administrator, world.router.clone());
    for mut browser in [marked_browser(&world), person, administrator] {
        for path in every_page().chain(["/nowhere".to_owned()]) {
            let answer = browser.get(&path).await;
            if answer.location().is_empty() && !is_in_one_language(&path, &answer.body) {
                assert_in_catalogue(&path, &answer.body);
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "{seen} pages");
}

#[tokio::test]
async fn what_is_wrong_with_a_form_and_what_was_done_is_said_in_words_of_the_catalogue() {
    let world = World::new().await;
    let mut stranger = marked_browser(&world);
    for (path, form, page, words) in [
        ("/api/sign-in", "email=user@test.com&password=wrong", "/login", "⟦Login failed."),
        (
            "/api/register",
            "email=x&password=short&confirm_password=other",
            "/register",
            "⟦Invalid email address⟧",
        ),
        ("/api/request-password-reset", "email=user@test.com", "/reset-password", "⟦A password reset link"),
        ("/api/request-sign-in-link", "email=user@test.com", "/login", "⟦A login link"),
        ("/api/sign-out", "", "/", "⟦You have been logged out.⟧"),
    ] {
        stranger.post(path, form).await;
        let html = stranger.get(page).await.body;
        assert!(html.contains(words), "{page}: {html}");
        assert_in_catalogue(page, &html);
    }
    let mut person = world.signed_in().await;
    marked(&mut person, world.router.clone());
    person.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
    let html = person.get("/account").await.body;
    for words in ["⟦Account updated successfully⟧", "⟦Your email address is unverified"] {
        assert!(html.contains(words), "{html}");
    }
    assert_in_catalogue("/account", &html);
    person.post("/api/update-account", "email=x&password=short&confirm_password=other").await;
    assert_in_catalogue("/account", &person.get("/account").await.body);
    world.advance(Duration::from_hours(1));
    person.post("/api/delete-account", "").await;
    assert_in_catalogue("/confirm", &person.get("/confirm?return_to=/account/delete").await.body);
    person.post("/api/confirm-password", "password=wrong").await;
    assert_in_catalogue("/confirm", &person.get("/confirm").await.body);
    world.advance(Duration::from_hours(24 * 60));
    assert_eq!(person.get("/account").await.status, 303);
    let html = person.get("/login").await.body;
    assert!(html.contains("⟦Your session has expired") && html.contains("⟦Support code "), "{html}");
    assert_in_catalogue("/login", &html);
}

#[tokio::test]
async fn the_pages_of_other_people_have_their_words_from_the_catalogue() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    marked(&mut administrator, world.router.clone());
    let mut people = vec![register(&world, "new@test.com").await];
    people.extend([person(&world, "user@test.com").await, person(&world, "admin@test.com").await]);
    for person in people {
        let id = text(&person, "id");
        for path in [format!("/admin/people/{id}"), format!("/admin/people/{id}/delete")] {
            let answer = administrator.get(&path).await;
            if answer.status == 200 {
                assert_in_catalogue(&path, &answer.body.replace(&id, ""));
            }
        }
        administrator.post("/api/delete-person", &format!("id={id}&version=x")).await;
        let html = administrator.get(&format!("/admin/people/{id}/delete")).await.body;
        assert!(html.contains("⟦Nothing was changed: this person has changed") || html.is_empty(), "{html}");
    }
    assert_in_catalogue("/admin/people", &administrator.get("/admin/people?q=nobody&page=7").await.body);
}

#[tokio::test]
async fn the_pages_of_links_have_their_words_from_the_catalogue() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    marked(&mut person, world.router.clone());
    person.post("/api/request-password-reset", "email=user@test.com").await;
    let link = link_to(&world, "user@test.com").await;
    assert_in_catalogue("/login with a link", &open(&mut marked_browser(&world), &link).await);
    // Another person is signed in.
    let mut other = marked_browser(&world);
    other.post("/api/register", "email=new@test.com&password=password1&confirm_password=password1").await;
    assert_in_catalogue("/login of another", &open(&mut other, &link).await);
    let link = link_to(&world, "new@test.com").await;
    let mut other = marked_browser(&world);
    assert_in_catalogue("/email-verification", &open(&mut other, &link).await);
    other.post("/api/verify-email", "").await;
    let html = other.get("/email-verification").await.body;
    assert!(html.contains("⟦Success! your email has been verified⟧"), "{html}");
    assert_in_catalogue("/email-verification at its end", &html);
}

#[tokio::test]
async fn the_pages_of_a_sign_in_elsewhere_have_their_words_from_the_catalogue() {
    let world = elsewhere::World::new().await;
    let router = world.replica(&[]).await.layer(Extension(Language::MARKED));
    let browser = || Browser::new(router.clone());
    assert_in_catalogue("/login", &browser().get("/login").await.body);
    for query in [
        "error=access_denied",
        "error=login_required",
        "error=server_error",
        "error=invalid_request",
        "code=nobody",
        "code=locked",
    ] {
        let mut browser = browser();
        let answer = browser.post("/api/sign-in-with-provider", "").await;
        assert_in_catalogue("the page that leads to the provider", &answer.body);
        let state = elsewhere::state_in(&answer.body);
        let answer = elsewhere::come_back(&mut browser, &format!("{query}&state={state}")).await;
        if answer.location().is_empty() {
            assert_in_catalogue(query, &answer.body);
        }
        assert_in_catalogue(query, &elsewhere::come_back(&mut browser, query).await.body);
    }
    let mut person = world.signed_in().await;
    person.turn_to(router.clone());
    for page in ["/account", "/confirm"] {
        assert_in_catalogue(page, &person.get(page).await.body);
    }
    world.advance(Duration::from_mins(16));
    let answer = person.post("/api/confirm-with-provider", "").await;
    let state = elsewhere::state_in(&answer.body);
    let answer = elsewhere::come_back(&mut person, &format!("code=bob&state={state}")).await;
    assert!(answer.body.contains("⟦Somebody else has logged in"), "{}", answer.body);
    assert_in_catalogue("of another person", &answer.body);
}

#[tokio::test]
async fn the_page_of_every_problem_has_its_words_from_the_catalogue() {
    for kind in EVERY_KIND {
        for secs in [None, Some(1), Some(300), Some(7200)] {
            let problem = Problem { kind, retry_after: secs.map(Duration::from_secs) };
            let mut parts = http::Request::new(()).into_parts().0;
            parts.extensions.insert(Language::MARKED);
            let site = app::Site { app_name: "Ironleaf".to_owned(), ..app::Site::default() };
            parts.extensions.insert(Arc::new(site));
            let page = app::pages().problem_page(parts, problem, problem.into_response()).await;
            let html = page.into_body().collect().await.unwrap().to_bytes();
            assert_in_catalogue(kind.code(), std::str::from_utf8(&html).unwrap());
        }
    }
}

const EVERY_KIND: [ProblemKind; 14] = [
    ProblemKind::BadRequest,
    ProblemKind::CrossSite,
    ProblemKind::CookiesBlocked,
    ProblemKind::Forbidden,
    ProblemKind::NotFound,
    ProblemKind::MethodNotAllowed,
    ProblemKind::RequestTimeout,
    ProblemKind::PayloadTooLarge,
    ProblemKind::UnsupportedMediaType,
    ProblemKind::TooManyRequests,
    ProblemKind::MisdirectedRequest,
    ProblemKind::Internal,
    ProblemKind::SessionTooLarge,
    ProblemKind::Unavailable,
];
