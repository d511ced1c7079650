//! Pages that are rendered once for all who bring nothing: the second answer is the first, but for what is new with each.
//! `process/metrics.rs` shows that they are not rendered again.

use std::collections::BTreeMap;

use crate::browser::{Answer, Browser};
use crate::world::World;

const KEPT: [&str; 4] = ["/", "/login", "/register", "/reset-password"];

/// The answer without what is new with each: nonce, number of the form, number of the request.
fn constant(answer: &Answer) -> (u16, BTreeMap<String, String>, String) {
    let policy = answer.header("content-security-policy");
    let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0;
    let mut body = answer.body.replace(nonce, "NONCE");
    if let Some((_, rest)) = answer.body.split_once(r#"name="form_id" value=""#) {
        body = body.replace(rest.split_once('"').unwrap().0, "FORM");
    }
    let headers = answer.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap().replace(nonce, "NONCE");
        let value = if name == "x-request-id" { "ID".to_owned() } else { value };
        (name.to_string(), value)
    });
    (answer.status, headers.collect(), body)
}

#[tokio::test]
async fn the_second_answer_is_the_first() {
    let world = World::new().await;
    for path in KEPT {
        for (theme, language) in [(None, "en"), (Some("dark"), "en"), (Some("light"), "en"), (None, "de")] {
            let stranger = || {
                let mut browser = world.browser();
                browser.cookies.extend(theme.map(|theme| ("ironleaf-theme".to_owned(), theme.to_owned())));
                browser.cookies.insert("ironleaf-language".to_owned(), language.to_owned());
                browser
            };
            let (first, second) = (stranger().get(path).await, stranger().get(path).await);
            assert_eq!(constant(&first), constant(&second), "{path}");
            assert_ne!(first.body, second.body, "{path}: both have one nonce");
            assert!(first.body.contains(&format!(r#"<html lang="{language}""#)), "{path}");
            assert!(first.body.contains(&format!(r#"class="{}""#, theme.unwrap_or_default())), "{path}");
        }
    }
}

#[tokio::test]
async fn nobody_else_gets_what_is_kept() {
    let world = World::new().await;
    for path in KEPT {
        world.browser().get(path).await;
    }
    let mut person = world.signed_in().await;
    assert!(person.get("/").await.body.contains("Account menu"));
    for path in &KEPT[1..] {
        assert_eq!(person.get(path).await.status, 303, "{path}");
    }
    let mut refused: Browser = world.browser();
    refused.post("/api/sign-in", "email=nobody@test.com&password=wrong").await;
    let page = refused.get("/login").await.body;
    assert!(page.contains("nobody@test.com") && page.contains("Login failed"), "{page}");
    let mut stranger = world.browser();
    let page = stranger.get("/login?return_to=/account").await.body;
    assert!(page.contains(r#"name="return_to" value="/account""#), "{page}");
    assert!(!stranger.get("/login").await.body.contains(r#"value="/account""#));
}

#[tokio::test]
async fn each_answer_has_a_form_of_its_own() {
    let world = World::new().await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let page = world.browser().get("/register").await.body;
        let (_, rest) = page.split_once(r#"name="form_id" value=""#).unwrap();
        numbers.push(rest.split_once('"').unwrap().0.to_owned());
    }
    assert!(numbers.iter().all(|number| number.len() == 32));
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
}
