use ironleaf_bff::{EmailAddress, ReturnTo, delete_account, resend_verification, update_account};
use leptos::prelude::*;

use super::form::{Done, FormPost};
use super::password::Password;
use super::refusal::{Refusal, account_refused};
use crate::error::AppError;
use crate::messages::Message;
use crate::routes::set_password_page;
use crate::validation::{
    FieldProblem, FieldProblems, check_confirmation, check_email, check_new_password, is_same,
};

/// Changes e-mail address, password or both; an empty password stays as it is.
#[server(prefix = "/api", endpoint = "update-account")]
pub async fn update_account_form(
    email: String,
    password: Password,
    confirm_password: Password,
    page_of: Option<String>,
) -> Result<Done, AppError> {
    let form = FormPost::from_context("/account")?.of(page_of.as_deref())?.keeping("email", &email);
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let problems = problems(&email, password, confirmation);
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    let password = (!password.is_empty()).then_some(password);
    let Some(address) = EmailAddress::parse(&email) else {
        return Err(form.refused(Refusal::of_fields(vec![("email", FieldProblem::InvalidEmail)])));
    };
    match update_account(form.parts(), Some(&address), password).await {
        Ok(_) => Ok(form.done("/account", Some(Message::AccountUpdated))),
        Err(failure) => Err(account_refused(form, failure)),
    }
}

fn problems(email: &str, password: &str, confirmation: &str) -> FieldProblems {
    let mut problems = Vec::new();
    problems.extend(check_email(email).map(|problem| ("email", problem)));
    if !password.is_empty() {
        problems.extend(check_new_password(password).map(|problem| ("password", problem)));
    }
    // An empty confirmation of an empty password is one.
    if !is_same(password, confirmation) {
        let problem = check_confirmation(password, confirmation, FieldProblem::ConfirmationDue);
        problems.extend(problem.map(|problem| ("confirm_password", problem)));
    }
    problems
}

/// Sets a new password, as after the link of an e-mail.
#[server(prefix = "/api", endpoint = "set-password")]
pub async fn set_password(
    password: Password,
    confirm_password: Password,
    return_to: Option<String>,
    page_of: Option<String>,
) -> Result<Done, AppError> {
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    let form = FormPost::from_context(set_password_page(place.as_ref()))?.of(page_of.as_deref())?;
    let mut problems: FieldProblems = Vec::new();
    problems.extend(check_new_password(password.expose()).map(|problem| ("password", problem)));
    let differ = FieldProblem::PasswordsDiffer;
    let problem = check_confirmation(password.expose(), confirm_password.expose(), differ);
    problems.extend(problem.map(|problem| ("confirm_password", problem)));
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    match update_account(form.parts(), None, Some(password.expose())).await {
        Ok(_) => Ok(form.done(place.as_ref().map_or("/", ReturnTo::as_str), Some(Message::PasswordUpdated))),
        Err(failure) => Err(account_refused(form, failure)),
    }
}

/// Sends the e-mail again that verifies the person's address.
#[server(prefix = "/api", endpoint = "resend-verification")]
pub async fn resend_verification_form(page_of: Option<String>) -> Result<Done, AppError> {
    let form = FormPost::from_context("/account")?.of(page_of.as_deref())?;
    match resend_verification(form.parts()).await {
        Ok(Some(_)) => Ok(form.done("/account", Some(Message::VerificationSent))),
        Ok(None) => Ok(form.done("/account", Some(Message::NothingToVerify))),
        Err(failure) => Err(account_refused(form, failure)),
    }
}

/// Deletes the account, and with it every session of the person.
#[server(prefix = "/api", endpoint = "delete-account")]
pub async fn delete_account_form(page_of: Option<String>) -> Result<Done, AppError> {
    let form = FormPost::from_context("/account/delete")?.of(page_of.as_deref())?;
    match delete_account(form.parts()).await {
        Ok(()) => {
            form.forget_person();
            Ok(form.done("/", Some(Message::AccountDeleted)))
        }
        Err(failure) => Err(account_refused(form, failure)),
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
            assert_eq!(problems(email, password, confirmation), expected);
        }
    }
}
