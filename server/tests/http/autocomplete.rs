//! Every field for an address, a password or a code says what it is for, so that password managers fill in the right one
//! (WCAG 1.3.5, ASVS 6.2.7). The pages are those that the application has.

use crate::browser::every_page;
use crate::world::World;

/// The form whose person is not known to this application, but to the link alone.
const WITHOUT_PERSON: &str = "/api/set-password-by-link";

/// The `<input>` elements of a form that people fill in, and those that name its person.
fn inputs(form: &str) -> Vec<&str> {
    let tags = form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
    let is_typed = |tag: &&str| {
        !["hidden", "submit", "checkbox", "radio"].contains(&attribute(tag, "type").unwrap_or("text"))
    };
    tags.filter(is_typed).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = [" ", ""].iter().find_map(|before| tag.split_once(&format!("{before}{name}=\"")))?;
    rest.split('"').next()
}

/// What the last word of `autocomplete` has to be, or one of it.
fn purpose(tag: &str, sets_password: bool) -> &'static str {
    match (attribute(tag, "type").unwrap_or("text"), attribute(tag, "name")) {
        ("password", Some("password" | "confirm_password")) if sets_password => "new-password",
        ("password", _) => "current-password",
        ("email", _) => "username",
        // A recovery code has letters, and a browser has nothing to offer for it.
        (_, Some("code")) if attribute(tag, "inputmode") != Some("numeric") => "off",
        (_, Some("code")) => "one-time-code",
        _ => "",
    }
}

/// What is wrong with the forms of a page.
fn problems(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for form in html.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap()) {
        let inputs = inputs(form);
        let sets_password = inputs.iter().any(|tag| attribute(tag, "name") == Some("confirm_password"));
        let purposes: Vec<Vec<&str>> = inputs
            .iter()
            .map(|tag| attribute(tag, "autocomplete").unwrap_or_default().split(' ').collect())
            .collect();
        for (tag, said) in inputs.iter().zip(&purposes) {
            let purpose = purpose(tag, sets_password);
            if said.contains(&"") || (!purpose.is_empty() && !said.contains(&purpose)) {
                found.push(format!("{tag} is for `{purpose}`"));
            }
        }
        let is_of_password = |said: &Vec<&str>| said.iter().any(|purpose| purpose.ends_with("-password"));
        let first_password = purposes.iter().position(is_of_password);
        let person = purposes.iter().position(|said| said.contains(&"username"));
        let is_known = person.is_some_and(|person| first_password.is_none_or(|password| person < password));
        if first_password.is_some() && !is_known && !form.contains(WITHOUT_PERSON) {
            found.push(format!("the person is missing before the password: {form}"));
        }
    }
    found
}

#[tokio::test]
async fn every_field_says_what_it_is_for() {
    let world = World::new().await;
    let (mut visitor, mut person) = (world.browser(), world.signed_in().await);
    let mut passwords = 0;
    for path in every_page() {
        for browser in [&mut visitor, &mut person] {
            let page = browser.get(&path).await.body;
            assert_eq!(problems(&page), Vec::<String>::new(), "{path}");
            passwords += page.matches(r#"type="password""#).count();
        }
    }
    // Of the forms for login, registration, confirmation, account, and a new password.
    assert!(passwords >= 8, "the walk has found {passwords} passwords");
}

#[test]
fn the_search_finds_what_is_wrong() {
    let form = |inputs: &str| format!(r#"<form action="/api/x" method="post">{inputs}</form>"#);
    let person = r#"<input type="email" autocomplete="username" value="a@b.c" hidden readonly />"#;
    let current = r#"<input name="current_password" type="password" autocomplete="current-password">"#;
    let new = r#"<input name="password" type="password" autocomplete="new-password">"#;
    let again = r#"<input name="confirm_password" type="password" autocomplete="new-password">"#;
    let code = r#"<input name="code" type="text" inputmode="numeric" autocomplete="one-time-code">"#;
    for right in [
        form(&[person, current, new, again].concat()),
        form(&[person, &current.replace("current_password", "password")].concat()),
        form(&[&person.replace("username", "username webauthn"), code].concat()),
        form(r#"<input type="hidden" name="email" value="a@b.c">"#),
        form(&[new, again].concat()).replace("/api/x", WITHOUT_PERSON),
    ] {
        assert_eq!(problems(&right), Vec::<String>::new(), "{right}");
    }
    for wrong in [
        form(&[new, again].concat()),
        form(&[current, new, again, person].concat()),
        form(&[person, new].concat()),
        form(&[person, &new.replace("new-", "current-"), again].concat()),
        form(&[person, r#"<input name="password" type="password">"#].concat()),
        form(&person.replace("username", "email")),
        form(&code.replace("one-time-code", "off")),
        form(r#"<input name="x" type="text">"#),
    ] {
        assert!(!problems(&wrong).is_empty(), "{wrong}");
    }
}
