use http::StatusCode;
use ironleaf_bff::{self as bff, SessionEnd};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::refusal::Refusal;

const PAGE: &str = "/account/sessions";

/// Ends one of the person's sessions. For the session of this browser, that is a sign-out.
#[server(prefix = "/api", endpoint = "end-session", protocol = HtmlForm)]
pub async fn end_session(id: String) -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?;
    match bff::end_session(form.parts(), &id, &form.address_of(links::SIGNED_OUT)).await {
        Ok(SessionEnd::Ended) => Ok(form.done(PAGE, Some(Message::SessionEnded))),
        Ok(SessionEnd::SignedOut(elsewhere)) => Ok(left(&form, elsewhere, Message::SignedOut)),
        Ok(SessionEnd::Unknown) => {
            let (status, code) = (StatusCode::NOT_FOUND, "unknown_session");
            Err(form.refused(Refusal::saying(status, code, Message::NoSuchSession)))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Ends all sessions of the person but that of this browser.
#[server(prefix = "/api", endpoint = "end-other-sessions", protocol = HtmlForm)]
pub async fn end_other_sessions() -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?;
    match bff::end_other_sessions(form.parts()).await {
        Ok(()) => Ok(form.done(PAGE, Some(Message::OtherSessionsEnded))),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Ends all sessions of the person, that of this browser among them.
#[server(prefix = "/api", endpoint = "end-all-sessions", protocol = HtmlForm)]
pub async fn end_all_sessions() -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?;
    match bff::end_all_sessions(form.parts(), &form.address_of(links::SIGNED_OUT)).await {
        Ok(elsewhere) => Ok(left(&form, elsewhere, Message::AllSessionsEnded)),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// As after a sign-out. `elsewhere` is where the provider's own session ends; it is said when the person comes back.
fn left(form: &FormPost, elsewhere: Option<String>, message: Message) -> Done {
    form.forget_person();
    form.ask_before_leaving();
    match elsewhere {
        Some(url) => form.done(&url, None),
        None => form.done("/login", Some(message)),
    }
}
