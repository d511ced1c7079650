#![expect(clippy::unused_async, reason = "every server function is async")]

use cookie::{Cookie, CookieBuilder, SameSite};
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{ProblemKind, ReturnTo};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::form::{Done, FormPost};
use crate::error::AppError;
use crate::request::{THEME_COOKIE, Theme};

/// Remembers the theme, so that the server renders the next page in it: no flash of the wrong one.
#[server(prefix = "/api", endpoint = "set-theme")]
pub async fn set_theme(theme: String, return_to: Option<String>) -> Result<Done, AppError> {
    let form = FormPost::from_context("/")?;
    let cookie = match Theme::parse(&theme) {
        Some(theme) => theme_cookie(&form, theme.class()).max_age(cookie::time::Duration::days(365)),
        None if theme == "system" => theme_cookie(&form, "").removal(),
        None => {
            if let Some(response) = use_context::<ResponseOptions>() {
                response.set_status(StatusCode::BAD_REQUEST);
            }
            return Err(ProblemKind::BadRequest.into());
        }
    };
    let cookie = HeaderValue::try_from(cookie.build().to_string())
        .map_err(|_| AppError::from(ProblemKind::Internal))?;
    form.set_cookie(cookie);
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    Ok(form.done(place.as_ref().map_or("/", ReturnTo::as_str), None))
}

fn theme_cookie(form: &FormPost, value: &'static str) -> CookieBuilder<'static> {
    Cookie::build((THEME_COOKIE, value))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(form.is_https())
}
