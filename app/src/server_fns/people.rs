use http::StatusCode;
use ironleaf_bff::{self as bff, PersonFailure, ProblemKind, ReturnTo, Role, SeenPerson};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::guard::{PEOPLE, guard};
use crate::html_form::HtmlForm;
use crate::links;
use crate::refusal::Refusal;

/// Gives a person a role, or takes it away. `return_to` is the list that the administrator came from.
#[server(prefix = "/api", endpoint = "set-role", protocol = HtmlForm)]
pub async fn set_role(id: String, version: String, role: String, held: bool) -> Result<Done, AppError> {
    let form = on_page_of(&id, links::person)?;
    let message = if held { Message::RoleGiven } else { Message::RoleTaken };
    match bff::set_role(form.parts(), SeenPerson { id: id.clone(), version }, Role::new(role), held).await {
        Ok(()) => Ok(form.done(&links::person(&id, form.return_to()), Some(message))),
        Err(failure) => Err(refused(form, failure)),
    }
}

guard!(PEOPLE, SetRole);

/// Sends the e-mail that verifies the address of a person again.
#[server(prefix = "/api", endpoint = "resend-verification-of", protocol = HtmlForm)]
pub async fn resend_verification_of(id: String, version: String) -> Result<Done, AppError> {
    let form = on_page_of(&id, links::person)?;
    match bff::resend_verification_of(form.parts(), SeenPerson { id: id.clone(), version }).await {
        Ok(_) => Ok(form.done(&links::person(&id, form.return_to()), Some(Message::VerificationSent))),
        Err(failure) => Err(refused(form, failure)),
    }
}

guard!(PEOPLE, ResendVerificationOf);

/// Deletes the account of a person, and ends every session of theirs.
#[server(prefix = "/api", endpoint = "delete-person", protocol = HtmlForm)]
pub async fn delete_person(id: String, version: String) -> Result<Done, AppError> {
    let form = on_page_of(&id, links::delete_person)?;
    match bff::delete_person(form.parts(), SeenPerson { id, version }).await {
        Ok(_) => Ok(form.done(&links::people(form.return_to()), Some(Message::PersonDeleted))),
        Err(failure) => Err(refused(form, failure)),
    }
}

guard!(PEOPLE, DeletePerson);

/// The form of a page of this person.
fn on_page_of(id: &str, page: fn(&str, Option<&ReturnTo>) -> String) -> Result<FormPost, AppError> {
    if !links::is_identifier(id) {
        return Err(ProblemKind::NotFound.into());
    }
    FormPost::on(|list| page(id, list))
}

fn refused(form: FormPost, failure: PersonFailure) -> AppError {
    match failure {
        PersonFailure::Unknown => {
            // There is no page of this person any more.
            let list = links::people(form.return_to());
            let (status, code) = (StatusCode::NOT_FOUND, "unknown_person");
            form.moved_to(&list).refused(Refusal::saying(status, code, Message::NoSuchPerson))
        }
        PersonFailure::Outdated => saying(&form, StatusCode::CONFLICT, "outdated", Message::PersonChanged),
        PersonFailure::Own => saying(&form, StatusCode::FORBIDDEN, "own_account", Message::OwnAccount),
        PersonFailure::NothingToVerify => {
            saying(&form, StatusCode::CONFLICT, "nothing_to_verify", Message::PersonVerified)
        }
        PersonFailure::UnknownRole => {
            saying(&form, StatusCode::UNPROCESSABLE_ENTITY, "unknown_role", Message::CheckFields)
        }
        PersonFailure::Account(failure) => form.refused(failure),
    }
}

fn saying(form: &FormPost, status: StatusCode, code: &'static str, message: Message) -> AppError {
    form.refused(Refusal::saying(status, code, message))
}
