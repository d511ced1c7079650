#![expect(clippy::unused_async, reason = "every server function is async")]

use cookie::Cookie;
use ironleaf_bff::ProblemKind;
use leptos::prelude::*;

use crate::error::AppError;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::language::{LANGUAGE_COOKIE, Language};

/// Stores the language, which from now on wins over the one that the browser asks for.
#[server(prefix = "/api", endpoint = "set-language", protocol = HtmlForm)]
pub async fn set_language(language: String) -> Result<Done, AppError> {
    let form = FormPost::on_page("/")?;
    let language = Language::parse(&language).ok_or(ProblemKind::BadRequest)?;
    let cookie = Cookie::build((LANGUAGE_COOKIE, language.tag())).max_age(cookie::time::Duration::days(365));
    form.set_preference(cookie)?;
    Ok(form.done_and_back(None))
}
