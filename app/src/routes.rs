//! The table of pages: path, what the page needs, and the function that answers.

use std::pin::Pin;

use axum::response::Response;
use http::request::Parts;
use ironleaf_bff::ReturnTo;

use crate::document::respond;
use crate::pages;

/// A future that answers a request for a page.
pub type PageFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// One page.
#[derive(Clone, Copy)]
pub struct PageRoute {
    /// The path, in axum's form.
    pub path: &'static str,
    /// Whether the page calls the core API, so that the access token has to be fresh before it renders. All others
    /// have to work while the core API is down.
    pub calls_core_api: bool,
    /// Answers a request.
    pub answer: fn(Parts) -> PageFuture,
}

macro_rules! page {
    ($path:literal, $page:path $(, calls_core_api: $calls:literal)?) => {
        PageRoute {
            path: $path,
            calls_core_api: false $(|| $calls)?,
            answer: |parts| Box::pin(respond($page, parts)),
        }
    };
}

/// Every page there is.
pub const PAGES: [PageRoute; 9] = [
    page!("/", pages::home),
    page!("/login", pages::login),
    page!("/register", pages::register),
    page!("/reset-password", pages::reset_password),
    page!("/set-password", pages::set_password),
    page!("/email-verification", pages::email_verification),
    page!("/account", pages::account, calls_core_api: true),
    page!("/account/delete", pages::delete_account),
    page!("/confirm", pages::confirm),
];

/// What answers every other path.
pub const NOT_FOUND: PageRoute = page!("", pages::not_found);

/// The sign-in page, which leads back to `place` afterwards.
pub(crate) fn login_page(place: Option<&ReturnTo>) -> String {
    with_return_to("/login", place)
}

/// The page for an account, which leads back to `place` afterwards.
pub(crate) fn register_page(place: Option<&ReturnTo>) -> String {
    with_return_to("/register", place)
}

/// The page that asks for an e-mail, which leads back to `place` in the end.
pub(crate) fn reset_password_page(place: Option<&ReturnTo>) -> String {
    with_return_to("/reset-password", place)
}

/// The page for a new password, which leads back to `place` afterwards.
pub(crate) fn set_password_page(place: Option<&ReturnTo>) -> String {
    with_return_to("/set-password", place)
}

/// The page that asks for the password again, which leads back to `place` afterwards.
pub(crate) fn confirm_page(place: Option<&ReturnTo>) -> String {
    with_return_to("/confirm", place)
}

fn with_return_to(path: &str, place: Option<&ReturnTo>) -> String {
    let mut path = path.to_owned();
    if let Some(place) = place {
        path.push_str("?return_to=");
        for character in place.as_str().chars() {
            // Everything else in a path or query may stand in a query value as it is (RFC 3986, section 3.4).
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
            let link = login_page(ReturnTo::parse(place).as_ref());
            let query = link.strip_prefix("/login?").expect("a query");
            let back = url::form_urlencoded::parse(query.as_bytes()).next().expect("a field");
            assert_eq!(back, ("return_to".into(), place.into()));
        }
        assert_eq!(login_page(ReturnTo::parse("/account").as_ref()), "/login?return_to=/account");
        assert_eq!(login_page(None), "/login");
    }
}
