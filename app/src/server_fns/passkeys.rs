use http::StatusCode;
use ironleaf_bff::{self as bff, AccountAbility, PasskeyFailure, PasskeyRefusal, Remember, SignInFailure};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::remember::keeping_box;
use crate::validation::check_passkey_name;

const PAGE: &str = "/account/passkeys";

/// What the script of the sign-in page asks the browser for.
#[server(prefix = "/api", endpoint = "begin-passkey-sign-in", protocol = HtmlForm)]
pub async fn begin_passkey_sign_in() -> Result<Done, AppError> {
    let form = FormPost::on(links::login)?.with_sign_in_here()?.with(AccountAbility::Passkeys)?;
    match bff::begin_passkey_sign_in(form.parts()).await {
        Ok(request) => Ok(form.asking(&links::login(form.return_to()), request)),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Signs a person in with what the browser has answered.
#[server(prefix = "/api", endpoint = "sign-in-with-passkey", protocol = HtmlForm)]
pub async fn sign_in_with_passkey(
    state: Redacted,
    passkey: Redacted,
    remember_me: Option<String>,
    remember_me_offered: Option<String>,
) -> Result<Done, AppError> {
    let remember = Remember::from_form(remember_me.as_deref(), remember_me_offered.as_deref());
    let form = FormPost::on(links::login)?.with_sign_in_here()?.with(AccountAbility::Passkeys)?;
    let form = keeping_box(form, remember);
    match bff::sign_in_with_passkey(form.parts(), state.expose(), passkey.expose(), remember).await {
        Ok(()) => {
            form.welcome();
            Ok(form.done_and_back(None))
        }
        Err(SignInFailure::CodeNeeded) => Ok(form.done(&links::code(form.return_to()), None)),
        Err(SignInFailure::InvalidCredentials) => {
            let (status, code) = (StatusCode::UNAUTHORIZED, "invalid_credentials");
            Err(form.refused(Refusal::saying(status, code, Message::PasskeyRefused)))
        }
        Err(SignInFailure::ChallengeOver) => Err(form.refused(over())),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// What the script of the person's page asks the browser for. What can be refused is refused before the browser makes a
/// passkey that would be of no use.
#[server(prefix = "/api", endpoint = "begin-passkey", protocol = HtmlForm)]
pub async fn begin_passkey(name: String) -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?.with(AccountAbility::Passkeys)?.keeping("name", &name);
    check_passkey_name(&name).map_err(|problem| form.refused(Refusal::of_fields(vec![("name", problem)])))?;
    match bff::begin_passkey(form.parts()).await {
        Ok(request) => Ok(form.asking(PAGE, request)),
        Err(failure) => Err(form.refused(refusal(failure))),
    }
}

/// Adds the passkey that the browser has made.
#[server(prefix = "/api", endpoint = "add-passkey", protocol = HtmlForm)]
pub async fn add_passkey(name: String, state: Redacted, passkey: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?.with(AccountAbility::Passkeys)?.keeping("name", &name);
    let name = check_passkey_name(&name)
        .map_err(|problem| form.refused(Refusal::of_fields(vec![("name", problem)])))?;
    match bff::add_passkey(form.parts(), name, state.expose(), passkey.expose()).await {
        Ok(()) => Ok(form.done(PAGE, Some(Message::PasskeyAdded))),
        Err(failure) => Err(form.refused(refusal(failure))),
    }
}

/// Gives one of the person's passkeys another name.
#[server(prefix = "/api", endpoint = "rename-passkey", protocol = HtmlForm)]
pub async fn rename_passkey(id: String, name: String) -> Result<Done, AppError> {
    let page = if links::is_identifier(&id) { links::passkey(&id) } else { PAGE.to_owned() };
    let form = FormPost::on_page(&page)?.with(AccountAbility::Passkeys)?.keeping("name", &name);
    let name = check_passkey_name(&name)
        .map_err(|problem| form.refused(Refusal::of_fields(vec![("name", problem)])))?;
    match bff::rename_passkey(form.parts(), &id, name).await {
        Ok(()) => Ok(form.done(PAGE, Some(Message::PasskeyRenamed))),
        Err(failure) => Err(refused(form, failure)),
    }
}

/// Removes one of the person's passkeys.
#[server(prefix = "/api", endpoint = "remove-passkey", protocol = HtmlForm)]
pub async fn remove_passkey(id: String) -> Result<Done, AppError> {
    let page = if links::is_identifier(&id) { links::remove_passkey(&id) } else { PAGE.to_owned() };
    let form = FormPost::on_page(&page)?.with(AccountAbility::Passkeys)?;
    match bff::remove_passkey(form.parts(), &id).await {
        Ok(()) => Ok(form.done(PAGE, Some(Message::PasskeyRemoved))),
        Err(failure) => Err(refused(form, failure)),
    }
}

/// The page of a passkey that is gone is gone as well.
fn refused(form: FormPost, failure: PasskeyFailure) -> AppError {
    let form = match failure {
        PasskeyFailure::Refused(PasskeyRefusal::Gone) => form.moved_to(PAGE),
        _ => form,
    };
    form.refused(refusal(failure))
}

fn refusal(failure: PasskeyFailure) -> Refusal {
    let refusal = match failure {
        PasskeyFailure::Account(failure) => return failure.into(),
        PasskeyFailure::Refused(refusal) => refusal,
    };
    match refusal {
        PasskeyRefusal::Unverified => {
            Refusal::saying(StatusCode::FORBIDDEN, "unverified", Message::PasskeyUnverified)
        }
        PasskeyRefusal::TooMany => {
            Refusal::saying(StatusCode::CONFLICT, "too_many_passkeys", Message::TooManyPasskeys)
        }
        PasskeyRefusal::Over => over(),
        PasskeyRefusal::Known => {
            Refusal::saying(StatusCode::CONFLICT, "passkey_known", Message::PasskeyKnown)
        }
        PasskeyRefusal::Gone => {
            Refusal::saying(StatusCode::NOT_FOUND, "unknown_passkey", Message::NoSuchPasskey)
        }
        _ => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Refusal::saying(status, "passkey_not_accepted", Message::PasskeyNotAccepted)
        }
    }
}

fn over() -> Refusal {
    Refusal::saying(StatusCode::UNAUTHORIZED, "challenge_over", Message::PasskeyOver)
}
