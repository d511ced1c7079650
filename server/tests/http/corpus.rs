//! Damaged, unusual and nearly correct input, row by row: `corpus/*.tsv`.

use std::time::Duration;

use http::header::HOST;
use percent_encoding::percent_decode_str;

use crate::browser::{Answer, Browser};
use crate::links::link_to;
use crate::network::Outcome;
use crate::world::World;

/// The rows of a table: the input and the expected result.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.rsplit_once('\t').unwrap_or_else(|| panic!("{row:?} has no tab")))
}

/// Follows redirects. Returns the last path and its page.
async fn open(browser: &mut Browser, path: &str) -> (String, Answer) {
    let mut path = path.to_owned();
    for _ in 0..5 {
        let answer = browser.get(&path).await;
        if !(300..400).contains(&answer.status) {
            return (path, answer);
        }
        answer.location().clone_into(&mut path);
    }
    panic!("{path} leads round in a circle");
}

#[test]
fn there_are_sixty_rows_and_more() {
    let tables = [
        include_str!("corpus/links.tsv"),
        include_str!("corpus/hosts.tsv"),
        include_str!("corpus/places.tsv"),
        include_str!("corpus/answers.tsv"),
        include_str!("corpus/addresses.tsv"),
        include_str!("corpus/passwords.tsv"),
    ];
    assert!(tables.into_iter().flat_map(rows).count() >= 60);
}

#[tokio::test]
async fn a_link_is_what_it_was_meant_to_be_or_is_said_to_be_damaged() {
    let form = "email=a%2Bb@test.com&password=password1&confirm_password=password1";
    for (path, right) in rows(include_str!("corpus/links.tsv")) {
        let world = World::new().await;
        world.browser().post("/api/register", form).await;
        let verification = link_to(&world, "a+b@test.com").await;
        world.browser().post("/api/request-password-reset", "email=a%2Bb@test.com").await;
        let reset = link_to(&world, "a+b@test.com").await;
        let token = |link: &str| link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned();
        let (reset, verification) = (token(&reset), token(&verification));
        assert!(reset.len() > 10 && verification.len() > 10 && reset != verification);
        let path = path.replace("TOKEN", &reset).replace("VERIFY", &verification);
        let mut browser = world.browser();
        let (place, page) = open(&mut browser, &path).await;
        let result = meant(&mut browser, &page).await;
        assert_eq!(result, right, "{path}");
        let stays = place.contains(&reset) || place.contains(&verification);
        assert!(page.status == 404 || !stays, "the token of {path} stays in {place}");
    }
}

/// The result of pressing the button on the page that a link leads to.
async fn meant(browser: &mut Browser, page: &Answer) -> String {
    if let Some((_, rest)) = page.body.split_once("Continue as ") {
        let email = rest.split('<').next().unwrap().to_owned();
        let hidden = if page.body.contains(r#"value="password""#) { "action=password" } else { "" };
        return match browser.post("/api/sign-in-with-token", hidden).await.location() {
            "/set-password" => format!("password for {email}"),
            "/" => format!("home as {email}"),
            other => format!("refused, to {other}"),
        };
    }
    if page.body.contains(">Verify</button>") {
        browser.post("/api/verify-email", "").await;
        let result = browser.get("/email-verification").await.body;
        return if result.contains("Success!") { "verified" } else { "not verified" }.to_owned();
    }
    let known = [
        (404, "Page not found", "not found"),
        (200, "The link is damaged", "damaged"),
        (200, "Login to your account", "sign-in form"),
        (200, "Error! Invalid token", "not verified"),
    ];
    let found =
        known.into_iter().find(|(status, words, _)| page.status == *status && page.body.contains(words));
    found.map_or_else(|| format!("{}: {}", page.status, page.body), |(_, _, result)| result.to_owned())
}

#[tokio::test]
async fn a_host_is_ours_however_it_is_written_and_no_other_is() {
    let world = World::with(&[("PUBLIC_ORIGIN", "https://localhost")]).await;
    for (host, right) in rows(include_str!("corpus/hosts.tsv")) {
        let mut browser = world.browser();
        browser.headers.insert(HOST.as_str(), host.to_owned());
        assert_eq!(browser.get("/login").await.status.to_string(), right, "{host}");
    }
}

#[tokio::test]
async fn a_place_is_where_somebody_is_after_signing_in() {
    let world = World::new().await;
    for (path, right) in rows(include_str!("corpus/places.tsv")) {
        let mut browser = world.browser();
        let (_, page) = open(&mut browser, path).await;
        let (_, rest) = page.body.split_once(r#"name="return_to" value=""#).unwrap();
        let place = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#39;", "'");
        let place: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        let form = format!("email=user@test.com&password=password1&return_to={place}");
        let answer = browser.post("/api/sign-in", &form).await;
        assert_eq!((answer.status, answer.location()), (303, right), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_can_be_read_renews_and_no_other_ends_a_session() {
    let world = World::new().await;
    for (form, right) in rows(include_str!("corpus/answers.tsv")) {
        let mut browser = world.signed_in().await;
        world.advance(Duration::from_mins(20) + Duration::from_secs(1));
        world.network.fail("/auth/tokens", Outcome::Rewritten(form));
        let status = browser.get("/account").await.status;
        world.network.heal();
        let result = match (status, browser.session().is_some()) {
            (200, true) => "renewed",
            (503, true) => "kept",
            _ => "lost",
        };
        assert_eq!(result, right, "{form}: {status}");
        if right == "renewed" && !form.contains("next") {
            // The session kept its old token, although the core API has replaced it.
            continue;
        }
        // An unreadable answer is asked for again. The core API recognises the repetition for ten minutes.
        world.advance(if right == "kept" { Duration::from_mins(2) } else { Duration::from_mins(21) });
        assert_eq!(browser.get("/account").await.status, 200, "{form}: after that");
    }
}

#[tokio::test]
async fn an_address_is_one_in_whatever_script_it_is_typed() {
    for (row, right) in rows(include_str!("corpus/addresses.tsv")) {
        let (registered, typed) = row.split_once(' ').unwrap();
        let escaped = |text: &str| {
            let text: Vec<u8> = percent_decode_str(text).collect();
            url::form_urlencoded::byte_serialize(&text).collect::<String>()
        };
        let (registered, typed) = (escaped(registered), escaped(typed));
        let result = registered_and_signed_in((&registered, "password1"), (&typed, "password1"));
        assert_eq!(result.await, right, "{row}");
    }
}

#[tokio::test]
async fn a_password_is_one_on_whatever_keyboard_it_is_typed() {
    for (row, right) in rows(include_str!("corpus/passwords.tsv")) {
        let (registered, typed) = row.split_once(' ').unwrap();
        let result = registered_and_signed_in(("new@test.com", registered), ("new@test.com", typed));
        assert_eq!(result.await, right, "{row}");
    }
}

/// Both arguments are an address and a password, as a form sends them.
async fn registered_and_signed_in(registered: (&str, &str), typed: (&str, &str)) -> &'static str {
    let world = World::new().await;
    let mut browser = world.browser();
    let (email, password) = registered;
    let form = format!("email={email}&password={password}&confirm_password={password}");
    if browser.post("/api/register", &form).await.location() != "/" {
        let page = browser.get("/register").await.body;
        let known = [
            ("Invalid email address</p>", "no address"),
            ("Password must be at least 8 characters</p>", "too short"),
            ("Password cannot contain control characters</p>", "control characters"),
        ];
        let found = known.into_iter().find(|(words, _)| page.contains(words));
        return found.unwrap_or_else(|| panic!("{page}")).1;
    }
    let (email, password) = typed;
    let answer = world.browser().post("/api/sign-in", &format!("email={email}&password={password}")).await;
    if answer.location() == "/" { "signed in" } else { "refused" }
}
