//! The language of an answer: the one that was chosen, or the one that the browser asks for.

use crate::browser::{Answer, Browser};
use crate::world::World;

fn speaking(world: &World, accepted: &str) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("accept-language", accepted.to_owned());
    browser
}

#[track_caller]
fn assert_is_in(answer: &Answer, language: &str, words: &str) {
    assert!(answer.body.contains(&format!(r#"<html lang="{language}""#)), "{}", answer.body);
    assert!(answer.body.contains(words), "{words}: {}", answer.body);
    assert_eq!(answer.header("content-language"), language);
    assert_eq!(answer.header("vary"), "accept-language, cookie");
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_asks_for() {
    let world = World::new().await;
    for (accepted, language, words) in [
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Melden Sie sich an"),
        ("en-GB, de;q=0.9", "en", "Login to your account"),
        ("fr, de;q=0.3, en;q=0.4", "en", "Login to your account"),
        ("fr", "en", "Login to your account"),
        ("de;q=0", "en", "Login to your account"),
        ("*", "en", "Login to your account"),
        ("\"><script>", "en", "Login to your account"),
    ] {
        // Once rendered for this browser, and once as it was kept.
        for _ in 0..2 {
            assert_is_in(&speaking(&world, accepted).get("/login").await, language, words);
        }
        // With a query, it is not kept.
        assert_is_in(&speaking(&world, accepted).get("/login?return_to=/account").await, language, words);
    }
    assert_is_in(&world.browser().get("/login").await, "en", "Login to your account");
}

#[tokio::test]
async fn a_chosen_language_stays_and_wins() {
    let world = World::new().await;
    let mut browser = speaking(&world, "de");
    assert_is_in(&browser.get("/register").await, "de", "Konto erstellen");
    let answer = browser.post("/api/set-language", "language=en&return_to=/register").await;
    assert_eq!((answer.status, answer.location()), (303, "/register"));
    let cookies = answer.set_cookies("ironleaf-language");
    assert_eq!(cookies, ["ironleaf-language=en; HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000"]);
    assert_is_in(&browser.get("/register").await, "en", "Create an Account");
    browser.sign_in("user@test.com", "password1").await;
    assert_is_in(&browser.get("/account").await, "en", "Account Settings");
    browser.post("/api/set-language", "language=de&return_to=/account").await;
    assert_is_in(&browser.get("/account").await, "de", "Kontoeinstellungen");
    browser.post("/api/sign-out", "").await;
    assert_is_in(&browser.get("/").await, "de", "Sie wurden abgemeldet.");
}

#[tokio::test]
async fn a_language_that_is_none_is_refused_and_such_a_cookie_says_nothing() {
    let world = World::new().await;
    for language in ["fr", "", "%22%3E%3Cscript%3E", "DE"] {
        let answer = world.browser().post("/api/set-language", &format!("language={language}")).await;
        assert_eq!(answer.status, 400, "{language}");
        assert!(answer.set_cookies("ironleaf-language").is_empty(), "{language}");
    }
    let mut browser = speaking(&world, "de");
    browser.cookies.insert("ironleaf-language".to_owned(), "fr\"onload=x".to_owned());
    assert_is_in(&browser.get("/login").await, "de", "Melden Sie sich an");
}

#[tokio::test]
async fn every_page_offers_every_language_in_its_own_name() {
    let world = World::new().await;
    let mut person = world.signed_in().await;
    person.headers.insert("accept-language", "de".to_owned());
    for path in
        ["/", "/account", "/account/delete", "/set-password", "/confirm?return_to=/account", "/nowhere"]
    {
        let html = person.get(path).await.body;
        let (_, foot) = html.split_once("<footer").unwrap();
        assert!(foot.contains(r#"<nav aria-label="Sprache">"#), "{path}: {foot}");
        let buttons = [
            r#"type="submit" name="language" value="en" lang="en" class="link">English</button>"#,
            r#"type="submit" name="language" value="de" lang="de" aria-current="true" class="link">Deutsch</button>"#,
        ];
        assert!(buttons.into_iter().all(|button| foot.contains(button)), "{path}: {foot}");
        let back = if path == "/nowhere" { "/" } else { path };
        assert!(foot.contains(&format!(r#"name="return_to" value="{back}""#)), "{path}: {foot}");
        assert!(foot.len() < 600, "{} bytes: {foot}", foot.len());
    }
    for path in ["/login", "/register", "/reset-password", "/email-verification"] {
        assert!(world.browser().get(path).await.body.contains(r#"<nav aria-label="Language">"#), "{path}");
    }
}

#[tokio::test]
async fn a_script_gets_its_message_in_the_language_of_its_request() {
    let world = World::new().await;
    let mut script = speaking(&world, "de");
    script.headers.insert("accept", "application/json".to_owned());
    for (path, form, code, words) in [
        (
            "/api/sign-in",
            "email=user@test.com&password=wrong",
            "invalid_credentials",
            "Anmeldung fehlgeschlagen.",
        ),
        (
            "/api/register",
            "email=x&password=short&confirm_password=",
            "invalid_fields",
            "Ungültige E-Mail-Adresse",
        ),
        (
            "/api/register",
            "email=x&password=short&confirm_password=",
            "invalid_fields",
            "mindestens 8 Zeichen",
        ),
        ("/api/register", "email=x", "bad_request", "Ein Feld fehlt oder ist fehlerhaft."),
        ("/api/nothing", "", "not_found", "Unter dieser Adresse gibt es keine Seite."),
    ] {
        let answer = script.post(path, form).await;
        assert!(answer.body.contains(&format!(r#""code":"{code}""#)), "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    let answer = script.post("/api/request-password-reset", "email=user@test.com").await;
    assert!(answer.body.contains("wurde an user@test.com gesendet"), "{}", answer.body);
    for _ in 0..40 {
        script.sign_in("user@test.com", "wrong").await;
    }
    let answer = script.sign_in("user@test.com", "wrong").await;
    assert!(answer.status == 429 && answer.body.contains("Bitte versuchen Sie es in "), "{}", answer.body);
    script.headers.insert("accept", "text/plain".to_owned());
    assert_eq!(script.get("/nowhere").await.body, "Unter dieser Adresse gibt es keine Seite.\n");
}

#[tokio::test]
async fn problems_and_errors_of_forms_are_in_the_language_of_the_page() {
    let world = World::new().await;
    let mut browser = speaking(&world, "de-AT");
    assert_is_in(&browser.get("/nowhere").await, "de", "<title>Seite nicht gefunden · Ironleaf</title>");
    browser.headers.insert("sec-fetch-site", "cross-site".to_owned());
    let answer = browser.post("/api/sign-in", "email=a&password=b").await;
    assert_eq!(answer.status, 403);
    assert_is_in(&answer, "de", "Diese Anfrage kam von einer anderen Website");
    browser.headers.insert("sec-fetch-site", "same-origin".to_owned());
    browser.post("/api/register", "email=a@b&password=password1&confirm_password=password2").await;
    let page = browser.get("/register").await;
    assert_is_in(&page, "de", r#"class="field-error">Die Passwörter müssen übereinstimmen</p>"#);
    // What the island says is in the page.
    assert!(page.body.contains(r#"data-invalid="Ungültige E-Mail-Adresse""#), "{}", page.body);
    let mut person = world.signed_in().await;
    person.headers.insert("accept-language", "de".to_owned());
    world.advance(std::time::Duration::from_mins(21));
    world.network.cut();
    let answer = person.get("/account").await;
    assert_eq!(answer.status, 503);
    assert_is_in(&answer, "de", "Vorübergehend nicht verfügbar");
}
