use ironleaf_bff::{
    AccountFailure, EmailAddress, Registered, ReturnTo, VERIFICATION_LINK, register, request_password_reset,
    verify_email,
};
use leptos::prelude::*;

use super::form::{Done, FormPost};
use super::password::Password;
use super::refusal::{Refusal, account_refused};
use crate::error::AppError;
use crate::messages::Message;
use crate::pages::{VERIFIED, Verified};
use crate::place::{PLACE, Place};
use crate::routes::{login_page, register_page, reset_password_page};
use crate::validation::{FieldProblem, FieldProblems, check_confirmation, check_email, check_new_password};

/// Creates an account and signs its person in.
#[server(prefix = "/api", endpoint = "register")]
pub async fn register_form(
    email: String,
    password: Password,
    confirm_password: Password,
    return_to: Option<String>,
) -> Result<Done, AppError> {
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    let form = FormPost::from_context(register_page(place.as_ref()))?.keeping("email", &email);
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let mut problems: FieldProblems = Vec::new();
    problems.extend(check_email(&email).map(|problem| ("email", problem)));
    problems.extend(check_new_password(password).map(|problem| ("password", problem)));
    let problem = check_confirmation(password, confirmation, FieldProblem::ConfirmationMissing);
    problems.extend(problem.map(|problem| ("confirm_password", problem)));
    if !problems.is_empty() {
        return Err(form.refused(Refusal::of_fields(problems)));
    }
    let Some(address) = EmailAddress::parse(&email) else {
        return Err(form.refused(Refusal::of_fields(vec![("email", FieldProblem::InvalidEmail)])));
    };
    match register(form.parts(), &address, password).await {
        Ok(Registered::SignedIn) => {
            form.forget_person();
            form.welcome();
            Ok(form.done(place.as_ref().map_or("/", ReturnTo::as_str), Some(Message::Welcome)))
        }
        Ok(Registered::NotSignedIn) => {
            Ok(form.done(&login_page(place.as_ref()), Some(Message::RegisteredOnly)))
        }
        Err(failure) => Err(account_refused(form, failure)),
    }
}

/// Has a link sent with which a new password can be set. The answer is the same whether the account exists or not.
#[server(prefix = "/api", endpoint = "request-password-reset")]
pub async fn request_password_reset_form(email: String, return_to: Option<String>) -> Result<Done, AppError> {
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    let page = reset_password_page(place.as_ref());
    let form = FormPost::from_context(page.as_str())?.keeping("email", &email);
    let address = match (check_email(&email), EmailAddress::parse(&email)) {
        (None, Some(address)) => address,
        (problem, _) => {
            let problem = problem.unwrap_or(FieldProblem::InvalidEmail);
            return Err(form.refused(Refusal::of_fields(vec![("email", problem)])));
        }
    };
    match request_password_reset(form.parts(), &address).await {
        Ok(()) => {
            match place.and_then(Place::kept) {
                Some(place) => {
                    form.leave(&PLACE, &place);
                }
                None => form.clear(&PLACE),
            }
            Ok(form.done(&page, Some(Message::ResetLinkSent(address.to_unicode()))))
        }
        Err(failure) => Err(account_refused(form, failure)),
    }
}

/// Verifies an e-mail address with the link that the browser has opened; see `pages::email_verification`.
#[server(prefix = "/api", endpoint = "verify-email")]
pub async fn verify_email_form() -> Result<Done, AppError> {
    let form = FormPost::from_context("/email-verification")?;
    let outcome = match form.peek(&VERIFICATION_LINK) {
        Some(link) => verify_email(form.parts(), &link).await,
        None => Err(AccountFailure::InvalidToken),
    };
    let is_decided = matches!(outcome, Ok(()) | Err(AccountFailure::InvalidToken));
    // A link that nobody could decide about stays for the next try.
    if is_decided {
        form.clear(&VERIFICATION_LINK);
        form.leave(&VERIFIED, &Verified(outcome.is_ok()));
    }
    match outcome {
        Ok(()) => Ok(form.done("/email-verification", None)),
        Err(AccountFailure::InvalidToken) => Err(form.answered(Refusal::invalid_token())),
        Err(failure) => Err(account_refused(form, failure)),
    }
}
