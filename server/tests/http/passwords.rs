//! New passwords: what is refused in words, what is only hinted at, and what happens without the list of breached ones.

use std::fmt::Write as _;

use tempfile::NamedTempFile;

use crate::browser::Browser;
use crate::log;
use crate::world::World;

const BREACHED: &str = "This password has appeared in a data breach. Please choose another.";
const GUESSED: &str = "This password is easy to guess: many people use it, or one like it.";

/// SHA-1 hashes in order: of `password2`, `winter sun`, and `password1`.
const HASHES: [&str; 3] = [
    "2AA60A8FF7FCD473D321E0146AFD9E26DF395147",
    "400AB7526C68B43965E26E8D8C748692A1AA56E6",
    "E38AD214943DAAD1D64C102FAEC29DE4AFE9DA3D",
];

fn blocklist() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let lines = HASHES.iter().fold(String::new(), |mut lines, hash| {
        write!(lines, "{hash}:3\r\n").unwrap();
        lines
    });
    std::fs::write(file.path(), lines).unwrap();
    file
}

async fn world_with(blocklist: &NamedTempFile) -> World {
    World::with(&[("PASSWORD_BLOCKLIST", blocklist.path().to_str().unwrap())]).await
}

/// Every form for a new password: its path, its other fields, and its page.
const FORMS: [(&str, &str, &str); 3] = [
    ("/api/register", "email=new@test.com&", "/register"),
    ("/api/update-account", "email=user@test.com&", "/account"),
    ("/api/set-password", "", "/set-password"),
];

/// Sends a password to a form. Returns the browser, where it is led to, and what is there.
async fn send(
    world: &World,
    (form, fields, _): (&str, &str, &str),
    password: &str,
) -> (Browser, String, String) {
    let mut browser = if form == "/api/register" { world.browser() } else { world.signed_in().await };
    let body = format!("{fields}password={password}&confirm_password={password}");
    let answer = browser.post(form, &body).await;
    assert_eq!(answer.status, 303, "{form}: {}", answer.body);
    let location = answer.location().to_owned();
    let page = browser.get(&location).await.body;
    (browser, location, page)
}

#[tokio::test]
async fn a_breached_password_is_refused_in_words_by_every_form() {
    let list = blocklist();
    let world = world_with(&list).await;
    for form in FORMS {
        let (mut browser, location, page) = send(&world, form, "password2").await;
        let (form, _, own_page) = form;
        assert_eq!(location, own_page);
        assert!(page.contains(&format!(r#"class="field-error">{BREACHED}</p>"#)), "{form}: {page}");
        assert!(!page.contains("password2") && page.contains(r#"aria-invalid="true""#), "{form}: {page}");
        assert!(!browser.get(&location).await.body.contains(BREACHED), "{form}: it is said twice");
    }
    assert_eq!(world.browser().sign_in("new@test.com", "password2").await.location(), "/login");
    assert_eq!(
        world.browser().sign_in("user@test.com", "password1").await.location(),
        "/",
        "it was in use before"
    );
}

#[tokio::test]
async fn the_core_api_is_asked_nothing_about_a_breached_password_whoever_has_the_address() {
    let list = blocklist();
    let world = world_with(&list).await;
    for address in ["user@test.com", "nobody@test.com"] {
        let mut browser = world.browser();
        browser.headers.insert("accept", "application/json".to_owned());
        let form = format!("email={address}&password=password2&confirm_password=password2");
        world.network.take_calls();
        let answer = browser.post("/api/register", &form).await;
        assert_eq!(world.network.take_calls(), Vec::<String>::new(), "{address}");
        let expected = serde_json::json!({
            "code": "invalid_fields", "message": BREACHED, "fields": { "password": BREACHED },
        });
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, body), (422, expected), "{address}");
    }
}

#[tokio::test]
async fn a_password_is_looked_up_in_the_form_in_which_it_is_kept() {
    let list = blocklist();
    let world = world_with(&list).await;
    let no_break_space = "winter%C2%A0sun";
    let form = format!("email=new@test.com&password={no_break_space}&confirm_password={no_break_space}");
    let mut browser = world.browser();
    assert_eq!(browser.post("/api/register", &form).await.location(), "/register");
    assert!(browser.get("/register").await.body.contains(BREACHED));
}

#[tokio::test]
async fn without_its_list_no_new_password_is_set_and_the_log_says_why() {
    log::keep();
    let list = blocklist();
    let world = world_with(&list).await;
    let path = list.path().to_owned();
    list.close().unwrap();
    for form in FORMS {
        let (_, location, page) = send(&world, form, "lamp+under+the+ninth+boat").await;
        assert_eq!(location, form.2);
        assert!(page.contains("We cannot reach our servers right now"), "{location}: {page}");
    }
    let said = log::of_this_test();
    let lines: Vec<_> =
        said.lines().filter(|line| line.contains("a new password cannot be checked")).collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines.iter().all(|line| line.contains("ERROR") && line.contains("No such file")), "{lines:?}");
    assert!(!said.contains("ninth boat"), "{said}");

    std::fs::write(&path, format!("{}\n", HASHES[0])).unwrap();
    let mut browser = world.signed_in().await;
    let form = "password=lamp+under+the+ninth+boat&confirm_password=lamp+under+the+ninth+boat";
    assert_eq!(
        browser.post("/api/set-password", form).await.location(),
        "/",
        "a list that is back counts at once"
    );
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn what_is_easy_to_guess_is_refused_where_that_is_configured() {
    let world = World::with(&[("PASSWORD_MIN_STRENGTH", "2"), ("APP_NAME", "Larkspur")]).await;
    for form in FORMS {
        let (_, location, page) = send(&world, form, "password2").await;
        assert_eq!(location, form.2);
        assert!(page.contains(&format!(r#"class="field-error">{GUESSED}</p>"#)), "{location}: {page}");
    }
    for (password, words) in [
        ("larkspur7", "This password is easy to guess: your address or the name of this site is in it."),
        (
            "grace.hopperton",
            "This password is easy to guess: your address or the name of this site is in it.",
        ),
        ("qwertyuiop", "This password is easy to guess: "),
    ] {
        let mut browser = world.browser();
        let form = format!("email=grace.hopperton@test.com&password={password}&confirm_password={password}");
        assert_eq!(browser.post("/api/register", &form).await.location(), "/register", "{password}");
        let page = browser.get("/register").await.body;
        assert!(page.contains(words) && page.contains("grace.hopperton@test.com"), "{password}: {page}");
    }
    let mut german = world.browser();
    german.headers.insert("accept-language", "de".to_owned());
    german.post("/api/register", "email=a@b.cc&password=password2&confirm_password=password2").await;
    assert!(german.get("/register").await.body.contains("leicht zu erraten: Viele verwenden es"));
    let (_, location, page) = send(&world, FORMS[0], "lamp+under+the+ninth+boat").await;
    assert_eq!(location, "/");
    assert!(!page.contains("easy to guess"), "{page}");
}

#[tokio::test]
async fn whoever_sets_a_password_that_is_easy_to_guess_is_told_once_and_it_is_in_force() {
    for form in FORMS {
        let world = World::new().await;
        let (mut browser, location, page) = send(&world, form, "password2").await;
        let hint = page.split("<aside").nth(1).unwrap_or_default().split("</aside>").next().unwrap();
        assert!(hint.contains(GUESSED) && hint.contains(r#"href="/account""#), "{form:?}: {page}");
        assert!(!page.contains("password2"), "{form:?}: {page}");
        assert!(!browser.get(&location).await.body.contains("easy to guess"), "{form:?}: it is said twice");
        let address = if form.2 == "/register" { "new@test.com" } else { "user@test.com" };
        assert_eq!(world.browser().sign_in(address, "password2").await.location(), "/", "{form:?}");
    }
}

#[tokio::test]
async fn there_is_no_hint_about_a_password_that_is_hard_to_guess() {
    for form in FORMS {
        let world = World::new().await;
        let (_, location, page) = send(&world, form, "lamp+under+the+ninth+boat").await;
        assert!(["/", "/account"].contains(&location.as_str()), "{form:?}: {location}");
        assert!(!page.contains("<aside"), "{form:?}: {page}");
    }
}

#[tokio::test]
async fn who_does_not_change_the_password_gets_no_hint() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
    let page = browser.get("/account").await.body;
    assert!(page.contains("Account updated successfully") && !page.contains("easy to guess"), "{page}");
}
