//! Links to pages of this application that lead to another place afterwards.

use ironleaf_bff::ReturnTo;

/// The sign-in page, which leads back to `place`.
pub(crate) fn login(place: Option<&ReturnTo>) -> String {
    with_return_to("/login", place)
}

/// The page that asks for the code of a sign-in, which leads back to `place`.
pub(crate) fn code(place: Option<&ReturnTo>) -> String {
    with_return_to("/login/code", place)
}

/// The same page, which asks for a recovery code.
pub(crate) fn recovery_code(place: Option<&ReturnTo>) -> String {
    let path = code(place);
    let separator = if place.is_some() { '&' } else { '?' };
    format!("{path}{separator}with=recovery")
}

/// The registration page, which leads back to `place`.
pub(crate) fn register(place: Option<&ReturnTo>) -> String {
    with_return_to("/register", place)
}

/// The page that requests a reset e-mail, which finally leads back to `place`.
pub(crate) fn reset_password(place: Option<&ReturnTo>) -> String {
    with_return_to("/reset-password", place)
}

/// The page for a new password, which leads back to `place`.
pub(crate) fn set_password(place: Option<&ReturnTo>) -> String {
    with_return_to("/set-password", place)
}

/// Where the provider sends the browser back to after a sign-in. Its address is registered there.
pub(crate) const CALLBACK: &str = "/auth/callback";

/// Where the provider sends the browser back to after a sign-out. Its address is registered there.
pub(crate) const SIGNED_OUT: &str = "/auth/signed-out";

/// The page that asks the person to prove again who they are, which leads back to `place`.
pub(crate) fn confirm(place: Option<&ReturnTo>) -> String {
    with_return_to("/confirm", place)
}

/// The list of people, as it was searched and sorted if `list` is one.
pub(crate) fn people(list: Option<&ReturnTo>) -> String {
    list.filter(|place| is_list_of_people(place)).map_or_else(|| PEOPLE.to_owned(), ToString::to_string)
}

/// The page of a person, which leads back to `list`.
pub(crate) fn person(id: &str, list: Option<&ReturnTo>) -> String {
    with_return_to(&format!("{PEOPLE}/{id}"), list.filter(|place| is_list_of_people(place)))
}

/// The page that asks before it deletes a person, which leads back to `list`.
pub(crate) fn delete_person(id: &str, list: Option<&ReturnTo>) -> String {
    with_return_to(&format!("{PEOPLE}/{id}/delete"), list.filter(|place| is_list_of_people(place)))
}

const PEOPLE: &str = "/admin/people";

pub(crate) fn is_list_of_people(place: &ReturnTo) -> bool {
    place.as_str().split('?').next() == Some(PEOPLE)
}

/// The page of one of the person's passkeys.
pub(crate) fn passkey(id: &str) -> String {
    format!("/account/passkeys/{id}")
}

/// The page that asks before it removes that passkey.
pub(crate) fn remove_passkey(id: &str) -> String {
    format!("{}/remove", passkey(id))
}

/// SECURITY: whether this can be the identifier of a person or a passkey. It is what anybody has typed, and becomes a
/// part of addresses here and at the core API.
pub(crate) fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn with_return_to(path: &str, place: Option<&ReturnTo>) -> String {
    let mut path = path.to_owned();
    if let Some(place) = place {
        path.push_str("?return_to=");
        for character in place.as_str().chars() {
            // All other characters of a path or query are allowed in a query value (RFC 3986, section 3.4).
            match character {
                '%' => path.push_str("%25"),
                '&' => path.push_str("%26"),
                '+' => path.push_str("%2B"),
                other => path.push(other),
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_person_leads_back_to_the_list_and_nowhere_else() {
        let list = ReturnTo::parse("/admin/people?q=a%26b&page=2");
        let link = person("7", list.as_ref());
        assert_eq!(link, "/admin/people/7?return_to=/admin/people?q=a%2526b%26page=2");
        let query = link.strip_prefix("/admin/people/7?").expect("a query");
        let (_, back) = url::form_urlencoded::parse(query.as_bytes()).next().expect("a field");
        assert_eq!(people(ReturnTo::parse(&back).as_ref()), "/admin/people?q=a%26b&page=2");
        for elsewhere in ["/", "/admin/people/7", "/admin/peoples", "/account?x=/admin/people"] {
            let place = ReturnTo::parse(elsewhere);
            assert_eq!(person("7", place.as_ref()), "/admin/people/7", "{elsewhere}");
            assert_eq!(people(place.as_ref()), "/admin/people", "{elsewhere}");
        }
    }

    #[test]
    fn an_identifier_is_one_part_of_a_path() {
        assert!(is_identifier("0b9c-7f") && is_identifier(&"a".repeat(64)));
        for text in ["", "..", "a/b", "a?b", "a%2Fb", "\u{e4}", &"a".repeat(65)] {
            assert!(!is_identifier(text), "{text}");
        }
    }

    #[test]
    fn the_login_page_leads_back_to_the_very_place() {
        for place in ["/account", "/a?x=1&y=2", "/a?x=%26+b"] {
            let link = login(ReturnTo::parse(place).as_ref());
            let query = link.strip_prefix("/login?").expect("a query");
            let back = url::form_urlencoded::parse(query.as_bytes()).next().expect("a field");
            assert_eq!(back, ("return_to".into(), place.into()));
        }
        assert_eq!(login(ReturnTo::parse("/account").as_ref()), "/login?return_to=/account");
        assert_eq!(login(None), "/login");
    }
}
