#![expect(clippy::unused_async, reason = "every server function is async")]

use cookie::{Cookie, CookieBuilder, SameSite};
use http::HeaderValue;
use ironleaf_bff::ProblemKind;
use leptos::prelude::*;

use crate::error::AppError;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::theme::{THEME_COOKIE, Theme};

/// Stores the theme, so that the server renders the next page in it, without a flash of the wrong one.
#[server(prefix = "/api", endpoint = "set-theme", protocol = HtmlForm)]
pub async fn set_theme(theme: String) -> Result<Done, AppError> {
    let form = FormPost::on_page("/")?;
    let cookie = match Theme::parse(&theme) {
        Some(theme) => theme_cookie(&form, theme.class()).max_age(cookie::time::Duration::days(365)),
        None if theme == "system" => theme_cookie(&form, "").removal(),
        None => return Err(ProblemKind::BadRequest.into()),
    };
    let cookie = HeaderValue::try_from(cookie.build().to_string())
        .map_err(|_| AppError::from(ProblemKind::Internal))?;
    form.set_cookie(cookie);
    Ok(form.done_and_back(None))
}

fn theme_cookie(form: &FormPost, value: &'static str) -> CookieBuilder<'static> {
    Cookie::build((THEME_COOKIE, value))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(form.is_https())
}
