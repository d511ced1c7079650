#![expect(clippy::unused_async, reason = "every server function is async")]

use cookie::Cookie;
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
    form.set_preference(match Theme::parse(&theme) {
        Some(theme) => {
            Cookie::build((THEME_COOKIE, theme.class())).max_age(cookie::time::Duration::days(365))
        }
        None if theme == "system" => Cookie::build(THEME_COOKIE).removal(),
        None => return Err(ProblemKind::BadRequest.into()),
    })?;
    Ok(form.done_and_back(None))
}
