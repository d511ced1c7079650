use ironleaf_bff::{self as bff, AccountAbility, EmailAddress};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::password_hint::leave_password_hint;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::validation::{
    FieldProblem, FieldProblems, check_confirmation, check_email, check_new_password, is_same,
    problems_of_new,
};

/// Changes the e-mail address, the password, or both. An empty password is not changed.
#[server(prefix = "/api", endpoint = "update-account", protocol = HtmlForm)]
pub async fn update_account(
    email: String,
    password: Redacted,
    confirm_password: Redacted,
) -> Result<Done, AppError> {
    let form = FormPost::on_page("/account")?.with(AccountAbility::Change)?.keeping("email", &email);
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let address = checked(&email, password, confirmation);
    let address = address.map_err(|problems| form.refused(Refusal::of_fields(problems)))?;
    let password = (!password.is_empty()).then_some(password);
    match bff::update_account(form.parts(), Some(&address), password).await {
        Ok(_) => {
            if let Some(password) = password {
                leave_password_hint(&form, password, Some(&address)).await;
            }
            Ok(form.done("/account", Some(Message::AccountUpdated)))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// The address, or everything that is wrong with the form.
fn checked(email: &str, password: &str, confirmation: &str) -> Result<EmailAddress, FieldProblems> {
    let address = check_email(email);
    let mut problems = Vec::new();
    problems.extend(address.as_ref().err().map(|problem| ("email", *problem)));
    if !password.is_empty() {
        problems.extend(check_new_password(password).map(|problem| ("password", problem)));
    }
    // An empty confirmation matches an empty password.
    if !is_same(password, confirmation) {
        let problem = check_confirmation(password, confirmation, FieldProblem::ConfirmationDue);
        problems.extend(problem.map(|problem| ("confirm_password", problem)));
    }
    address.ok().filter(|_| problems.is_empty()).ok_or(problems)
}

/// Sets a new password, for example after the link of an e-mail.
#[server(prefix = "/api", endpoint = "set-password", protocol = HtmlForm)]
pub async fn set_password(password: Redacted, confirm_password: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on(links::set_password)?.with(AccountAbility::Change)?;
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let problems = problems_of_new(password, confirmation, FieldProblem::PasswordsDiffer);
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    match bff::update_account(form.parts(), None, Some(password)).await {
        Ok(_) => {
            leave_password_hint(&form, password, None).await;
            Ok(form.done_and_back(Some(Message::PasswordUpdated)))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Sends the verification e-mail of the person's address again.
#[server(prefix = "/api", endpoint = "resend-verification", protocol = HtmlForm)]
pub async fn resend_verification() -> Result<Done, AppError> {
    let form = FormPost::on_page("/account")?.with(AccountAbility::Change)?;
    match bff::resend_verification(form.parts()).await {
        Ok(Some(_)) => Ok(form.done("/account", Some(Message::VerificationSent))),
        Ok(None) => Ok(form.done("/account", Some(Message::NothingToVerify))),
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Deletes the account and every session of the person.
#[server(prefix = "/api", endpoint = "delete-account", protocol = HtmlForm)]
pub async fn delete_account() -> Result<Done, AppError> {
    let form = FormPost::on_page("/account/delete")?.with(AccountAbility::Delete)?;
    match bff::delete_account(form.parts()).await {
        Ok(()) => {
            form.forget_person();
            Ok(form.done("/", Some(Message::AccountDeleted)))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_form_says_everything_that_is_wrong_at_once() {
        use FieldProblem::{ConfirmationDue, InvalidEmail, PasswordsDiffer, ShortPassword};
        for (email, password, confirmation, expected) in [
            ("a@b", "", "", vec![]),
            ("a@b", "password1", "password1", vec![]),
            ("", "", "", vec![("email", InvalidEmail)]),
            ("a@b", "password1", "", vec![("confirm_password", ConfirmationDue)]),
            ("a@b", "", "password1", vec![("confirm_password", PasswordsDiffer)]),
            ("a@b", "short", "short", vec![("password", ShortPassword)]),
            (
                "a",
                "short",
                "other",
                vec![
                    ("email", InvalidEmail),
                    ("password", ShortPassword),
                    ("confirm_password", PasswordsDiffer),
                ],
            ),
        ] {
            let problems = checked(email, password, confirmation).err().unwrap_or_default();
            assert_eq!(problems, expected);
        }
    }
}
