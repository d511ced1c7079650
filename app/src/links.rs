//! Links to pages of this application that lead to another place afterwards.

use ironleaf_bff::ReturnTo;

/// The sign-in page, which leads back to `place`.
pub(crate) fn login(place: Option<&ReturnTo>) -> String {
    with_return_to("/login", place)
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
