//! Changes of address and password one at a time, for providers that want the current password for a new one.

use ironleaf_bff::{self as bff, AccountAbility, AccountFailure, EmailChange, MaybeUser, PASSWORD_LINK};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::password_hint::leave_password_hint;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::validation::{FieldProblem, FieldProblems, check_email, problems_of_new};

/// Asks for another e-mail address.
#[server(prefix = "/api", endpoint = "change-email", protocol = HtmlForm)]
pub async fn change_email(email: String) -> Result<Done, AppError> {
    let form = FormPost::on_page("/account")?.with(AccountAbility::ChangeEmail)?.keeping("email", &email);
    let address = check_email(&email);
    let address = address.map_err(|problem| form.refused(Refusal::of_fields(vec![("email", problem)])))?;
    match bff::change_email(form.parts(), &address).await {
        Ok(EmailChange::Done) => Ok(form.done("/account", Some(Message::AccountUpdated))),
        Ok(EmailChange::Asked) => Ok(form.done("/account", Some(Message::EmailChangeAsked))),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Sets a new password, together with the current one. The form of `/set-password` has a field `standalone`; that of
/// `/account` does not.
#[server(prefix = "/api", endpoint = "change-password", protocol = HtmlForm)]
pub async fn change_password(
    current_password: Redacted,
    password: Redacted,
    confirm_password: Redacted,
    standalone: Option<String>,
) -> Result<Done, AppError> {
    let is_standalone = standalone.is_some();
    let page = |place: Option<&_>| {
        if is_standalone { links::set_password(place) } else { "/account".to_owned() }
    };
    let form = FormPost::on(page)?.with(AccountAbility::ChangePassword)?;
    let mut problems: FieldProblems = Vec::new();
    if current_password.expose().is_empty() {
        problems.push(("current_password", FieldProblem::CurrentPasswordMissing));
    }
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    problems.extend(problems_of_new(password, confirmation, FieldProblem::ConfirmationDue));
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    let changed = bff::change_password(form.parts(), current_password.expose(), password).await;
    changed.map_err(|failure| form.refused(failure))?;
    leave_password_hint(&form, password, None).await;
    Ok(if is_standalone {
        form.done_and_back(Some(Message::PasswordUpdated))
    } else {
        form.done("/account", Some(Message::PasswordUpdated))
    })
}

/// Sets a new password with the e-mailed link that the browser has opened; see `pages::set_password`. Nobody is signed
/// in by this.
#[server(prefix = "/api", endpoint = "set-password-by-link", protocol = HtmlForm)]
pub async fn set_password_by_link(password: Redacted, confirm_password: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on_page("/set-password")?.with(AccountAbility::SetPasswordByLink)?;
    let Some(link) = form.peek(&PASSWORD_LINK) else { return Err(form.refused(Refusal::DeadLink)) };
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let problems = problems_of_new(password, confirmation, FieldProblem::PasswordsDiffer);
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    match bff::reset_password(form.parts(), &link, password).await {
        Ok(()) => {
            form.clear(&PASSWORD_LINK);
            leave_password_hint(&form, password, None).await;
            let is_signed_in = matches!(MaybeUser::from_parts(form.parts()), Ok(MaybeUser(Some(_))));
            let login = links::login(form.place().as_ref());
            let next = if is_signed_in { "/" } else { login.as_str() };
            Ok(form.done(next, Some(Message::PasswordUpdated)))
        }
        Err(AccountFailure::InvalidToken) => {
            form.clear(&PASSWORD_LINK);
            Err(form.refused(Refusal::DeadLink))
        }
        // The link stays, because it may work in a moment.
        Err(failure) => Err(form.refused(failure)),
    }
}
