//! The page of the callback: why nobody was signed in, in plain words.

use std::time::Duration;

use axum::body::Body;
use http::Method;

use super::world::{World, assert_shows, come_back, leave};
use crate::browser::Answer;
use crate::log;

/// Checks status, words and the way on, and that nobody was signed in.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16, words: &str, way: &str) {
    assert_eq!((answer.status, answer.location()), (status, ""), "{words}: {}", answer.body);
    assert!(answer.body.contains(words), "{words}: {}", answer.body);
    assert!(answer.body.contains(way), "{way}: {}", answer.body);
    assert_eq!(answer.body.matches("<h1").count(), 1, "{}", answer.body);
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.set_cookies("ironleaf-session").is_empty());
}

const AGAIN: &str = r#"<a href="/login?return_to=/account" class="button primary wide">Try again"#;

#[tokio::test]
async fn every_error_of_the_provider_has_words_of_its_own() {
    let world = World::new().await;
    for (error, status, words) in [
        ("access_denied", 403, "You have declined at Example &amp; Sons"),
        ("login_required", 403, "without asking you something first"),
        ("interaction_required", 403, "without asking you something first"),
        ("consent_required", 403, "without asking you something first"),
        ("account_selection_required", 403, "without asking you something first"),
        ("server_error", 503, "cannot log you in right now"),
        ("temporarily_unavailable", 503, "cannot log you in right now"),
        ("invalid_request", 500, "did not accept the request of this site"),
        ("%3Cscript%3Ealert(1)%3C/script%3E", 500, "did not accept the request of this site"),
    ] {
        let mut browser = world.browser();
        let state = leave(&mut browser, "return_to=/account").await;
        let query = format!("error={error}&error_description=Call+0900-EVIL&state={state}");
        let answer = come_back(&mut browser, &query).await;
        assert_refused(&answer, status, words, AGAIN);
        assert_eq!(!answer.header("retry-after").is_empty(), status == 503, "{error}");
        for foreign in ["EVIL", "alert(1)", &state, error] {
            assert!(!answer.body.contains(foreign), "{foreign}: {}", answer.body);
        }
        // Without a state it belongs to no attempt.
        let answer = come_back(&mut browser, &format!("error={error}")).await;
        assert_refused(&answer, 400, "This login is over", "Try again");
    }
    assert_eq!(world.provider.sign_ins(), 0);
}

#[tokio::test]
async fn the_log_names_what_happened_at_the_provider_and_what_people_decide_is_no_warning() {
    log::keep();
    let world = World::new().await;
    let mut read = 0;
    for (query, level, words) in [
        ("error=access_denied", "INFO", "the person declined at the provider"),
        ("error=login_required", "INFO", "without asking them something"),
        ("error=server_error", "WARN", "cannot sign anybody in right now"),
        ("error=invalid_request", "WARN", "did not accept the request to sign in"),
        ("error=%3Cscript%3E", "WARN", "did not accept the request to sign in"),
    ] {
        let mut browser = world.browser();
        let state = leave(&mut browser, "").await;
        for (query, level, words) in [
            (format!("{query}&state={state}"), level, words),
            // Anybody can send somebody here.
            (query.to_owned(), "INFO", "belongs to no attempt"),
        ] {
            come_back(&mut browser, &query).await;
            let log = log::of_this_test();
            let lines: Vec<_> = log[read..].lines().filter(|line| line.contains("error=")).collect();
            assert_eq!(lines.len(), 1, "{query}: {lines:#?}");
            assert!(lines[0].contains(level) && lines[0].contains(words), "{query}: {}", lines[0]);
            assert!(!lines[0].contains("script"), "{}", lines[0]);
            read = log.len();
        }
    }
}

#[tokio::test]
async fn an_error_of_another_issuer_is_the_answer_to_no_attempt() {
    log::keep();
    let world = World::new().await;
    for (issuer, status) in [("https://evil.example", 400), ("https://id.test", 500)] {
        let mut browser = world.browser();
        let state = leave(&mut browser, "return_to=/account").await;
        let query = format!("error=invalid_scope&iss={issuer}&state={state}");
        assert_eq!(come_back(&mut browser, &query).await.status, status, "{issuer}");
    }
    let log = log::of_this_test();
    let told: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert!(
        told.len() == 2 && told[0].contains("another issuer") && told[1].contains("THE_SETTING"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_is_said() {
    let world = World::new().await;
    for query in ["code=unknown", "code=ada&iss=https://evil.example", "code="] {
        let mut browser = world.browser();
        let state = leave(&mut browser, "return_to=/account").await;
        let answer = come_back(&mut browser, &format!("{query}&state={state}")).await;
        let is_empty = query == "code=";
        if !is_empty {
            assert_refused(&answer, 400, "The answer of Example &amp; Sons could not be used", AGAIN);
            assert_shows(&browser.get("/account").await, None);
        }
    }
}

/// Some providers decide only at the token endpoint who may use the application.
#[tokio::test]
async fn whoever_the_provider_does_not_let_in_here_is_told_so() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    let answer = come_back(&mut browser, &format!("code=barred&state={state}")).await;
    assert_refused(&answer, 403, "or your account there may not be used for this site", AGAIN);
    assert_shows(&browser.get("/account").await, None);
    // Nobody is signed out by it either.
    let mut browser = world.signed_in().await;
    let state = leave(&mut browser, "").await;
    assert_eq!(come_back(&mut browser, &format!("code=barred&state={state}")).await.status, 403);
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
}

#[tokio::test]
async fn an_answer_of_the_issuer_before_the_settings_were_changed_is_over() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    world.provider.moves();
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_refused(&answer, 400, "This login is over", AGAIN);
    assert_eq!(world.provider.sign_ins(), 0, "the code was sent to another issuer");
    let state = leave(&mut browser, "return_to=/account").await;
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.location(), "/account");
}

#[tokio::test]
async fn a_sign_in_that_the_provider_has_ended_meanwhile_is_said() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    world.advance(Duration::from_secs(1));
    let ended = world.server().post("/auth/back-channel-logout", "logout_token=sid+sid-1+a").await;
    assert_eq!(ended.status, 200);
    world.advance(Duration::from_secs(1));
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_refused(&answer, 403, "You have been logged out at Example &amp; Sons", AGAIN);
    assert_shows(&browser.get("/account").await, None);
    let state = leave(&mut browser, "return_to=/account").await;
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.location(), "/account");
}

#[tokio::test]
async fn a_provider_that_goes_down_on_the_way_back_is_a_503() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    world.provider.is_down(true);
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_refused(&answer, 503, "cannot log you in right now", AGAIN);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn an_answer_that_is_opened_again_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    let query = format!("code=ada&state={state}");
    let before = browser.clone();
    assert_eq!(come_back(&mut browser, &query).await.status, 303);
    // By the back button, and with the cookies of before in another tab.
    let again = come_back(&mut browser, &query).await;
    assert_refused(
        &again,
        400,
        "You are logged in as ada@test.com, and nothing was changed",
        r#"<a href="/" class="button primary wide">Go on"#,
    );
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
    let reloaded = come_back(&mut before.clone(), &query).await;
    assert_refused(&reloaded, 400, "This login is over", "Try again");
    assert_eq!(world.provider.sign_ins(), 1);
    assert_shows(&browser.get("/account").await, Some("ada@test.com"));
}

#[tokio::test]
async fn an_answer_of_another_browser_or_too_late_signs_nobody_in() {
    let world = World::new().await;
    let (mut attacker, mut victim) = (world.browser(), world.signed_in().await);
    let state = leave(&mut attacker, "").await;
    leave(&mut victim, "").await;
    let answer = come_back(&mut victim, &format!("code=mallory&state={state}")).await;
    assert_refused(&answer, 400, "You are logged in as ada@test.com", "Go on");
    assert_shows(&victim.get("/account").await, Some("ada@test.com"));
    world.advance(Duration::from_secs(601));
    let answer = come_back(&mut attacker, &format!("code=mallory&state={state}")).await;
    assert_refused(&answer, 400, "This login is over", "Try again");
    assert_eq!(world.provider.sign_ins(), 1);
}

#[tokio::test]
async fn a_hostile_address_is_a_page() {
    let world = World::new().await;
    let long = "x".repeat(4_000);
    for query in [
        "",
        "state=&code=",
        "code=ada",
        "state=%00&code=%ff",
        "state=a&state=b&code=c&code=d",
        "state=../../etc&code='",
        "error=%3Cscript%3E",
        "state[]=1&code[]=2",
        "iss=&state=&error=",
        &long,
    ] {
        let answer = come_back(&mut world.browser(), query).await;
        assert_refused(&answer, 400, "This login is over", "Try again");
        assert!(
            !answer.body.contains("<script>") && !answer.body.contains("etc"),
            "{query}: {}",
            answer.body
        );
    }
}

/// Prefetches, previews, images and frames use up no code.
#[tokio::test]
async fn only_a_navigation_uses_up_the_answer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let state = leave(&mut browser, "").await;
    let path = format!("/auth/callback?code=ada&state={state}");
    let head = browser.send(Method::HEAD, &path, Body::empty()).await;
    assert_eq!(head.status, 405);
    for (name, value) in
        [("sec-purpose", "prefetch;prerender"), ("sec-fetch-dest", "image"), ("sec-fetch-dest", "iframe")]
    {
        let mut other = browser.clone();
        other.headers.insert(name, value.to_owned());
        assert_eq!(other.get(&path).await.status, 400, "{name}: {value}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        assert_eq!(browser.clone().send(method.clone(), &path, Body::empty()).await.status, 405, "{method}");
    }
    assert_eq!(world.provider.sign_ins(), 0);
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.status, 303);
}

#[tokio::test]
async fn who_lacks_the_role_is_told_and_signed_in_nowhere() {
    let world = World::with(&[("SIGN_IN_ROLES", "admin,evaluator")]).await;
    world.provider.grant_roles(&["guest"]);
    let mut browser = world.browser();
    let state = leave(&mut browser, "return_to=/account").await;
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_refused(&answer, 403, "none of the roles that this site asks for", AGAIN);
    assert_shows(&browser.get("/account").await, None);
    world.provider.grant_roles(&["evaluator"]);
    let state = leave(&mut browser, "return_to=/account").await;
    assert_eq!(come_back(&mut browser, &format!("code=ada&state={state}")).await.location(), "/account");
}

#[tokio::test]
async fn who_loses_the_role_is_told_why_they_are_signed_out() {
    let world = World::with(&[("SIGN_IN_ROLES", "admin")]).await;
    world.provider.grant_roles(&["admin"]);
    let mut browser = world.signed_in().await;
    world.provider.grant_roles(&[]);
    world.advance(Duration::from_mins(30));
    assert_shows(&browser.get("/account").await, None);
    let page = browser.get("/login").await.body;
    assert!(page.contains("has none of the roles that this site asks for"), "{page}");
    assert!(page.contains(r#"data-support-code="S12""#), "{page}");
}

#[tokio::test]
async fn too_many_tries_are_a_429_with_a_wait() {
    let world = World::with(&[("RATE_LIMIT_ADDRESS", "3/15m"), ("RATE_LIMIT_STRICT", "3/15m")]).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = come_back(&mut world.browser(), "code=ada&state=guess").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 400);
    }
    let refused = refused.expect("a limit");
    assert_refused(&refused, 429, "Too many attempts", "Try again");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_session_that_would_be_too_large_is_said() {
    let world = World::with(&[("SESSION_HEADER_BUDGET", "2000")]).await;
    world.provider.issue_tokens_of(6_000);
    let mut browser = world.browser();
    let state = leave(&mut browser, "").await;
    let answer = come_back(&mut browser, &format!("code=ada&state={state}")).await;
    assert_refused(&answer, 500, "SESSION_HEADER_BUDGET", "Try again");
    assert_shows(&browser.get("/account").await, None);
}
