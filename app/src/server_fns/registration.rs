use ironleaf_bff::{self as bff, AccountAbility, AccountFailure, Registered, VERIFICATION_LINK};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::{Message, VERIFIED, Verified};
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::password_hint::leave_password_hint;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::validation::{FieldProblem, FieldProblems, check_email, problems_of_new};

/// Creates an account and signs its person in.
#[server(prefix = "/api", endpoint = "register", protocol = HtmlForm)]
pub async fn register(
    email: String,
    password: Redacted,
    confirm_password: Redacted,
) -> Result<Done, AppError> {
    let form = FormPost::on(links::register)?.with(AccountAbility::Register)?.keeping("email", &email);
    let (password, confirmation) = (password.expose(), confirm_password.expose());
    let address = check_email(&email);
    let mut problems: FieldProblems = Vec::new();
    problems.extend(address.as_ref().err().map(|problem| ("email", *problem)));
    problems.extend(problems_of_new(password, confirmation, FieldProblem::ConfirmationMissing));
    let Some(address) = address.ok().filter(|_| problems.is_empty()) else {
        return Err(form.refused(Refusal::of_fields(problems)));
    };
    let outcome = bff::register(form.parts(), &address, password).await;
    if matches!(outcome, Ok(Registered::SignedIn | Registered::NotSignedIn)) {
        leave_password_hint(&form, password, Some(&address)).await;
    }
    match outcome {
        Ok(Registered::SignedIn) => {
            form.forget_person();
            form.welcome();
            let is_mailed = form.offers(AccountAbility::VerifyEmail);
            Ok(form.done_and_back(Some(if is_mailed { Message::Welcome } else { Message::Registered })))
        }
        Ok(Registered::NotSignedIn) => {
            Ok(form.done(&links::login(form.return_to()), Some(Message::RegisteredOnly)))
        }
        Ok(Registered::PerhapsKnown) => {
            Ok(form.done(&links::login(form.return_to()), Some(Message::PerhapsRegistered)))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Requests the e-mail with a link for setting a new password. The answer is the same whether the account exists or
/// not.
#[server(prefix = "/api", endpoint = "request-password-reset", protocol = HtmlForm)]
pub async fn request_password_reset(email: String) -> Result<Done, AppError> {
    let form =
        FormPost::on(links::reset_password)?.with(AccountAbility::ResetPassword)?.keeping("email", &email);
    let address = check_email(&email);
    let address = address.map_err(|problem| form.refused(Refusal::of_fields(vec![("email", problem)])))?;
    match bff::request_password_reset(form.parts(), &address).await {
        Ok(()) => {
            form.keep_place();
            let page = links::reset_password(form.return_to());
            Ok(form.done(&page, Some(Message::ResetLinkSent(address.to_unicode()))))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Verifies an e-mail address with the link that the browser has opened; see `pages::email_verification`.
#[server(prefix = "/api", endpoint = "verify-email", protocol = HtmlForm)]
pub async fn verify_email() -> Result<Done, AppError> {
    let form = FormPost::on_page("/email-verification")?.with(AccountAbility::VerifyEmail)?;
    let outcome = match form.peek(&VERIFICATION_LINK) {
        Some(link) => bff::verify_email(form.parts(), &link).await,
        None => Err(AccountFailure::InvalidToken),
    };
    let is_decided = matches!(outcome, Ok(()) | Err(AccountFailure::InvalidToken));
    // A link without a decision stays for the next try.
    if is_decided {
        form.clear(&VERIFICATION_LINK);
        form.leave(&VERIFIED, &Verified(outcome.is_ok()));
    }
    match outcome {
        Ok(()) => Ok(form.done("/email-verification", None)),
        Err(AccountFailure::InvalidToken) => Err(form.refused_in_silence(Refusal::invalid_token())),
        Err(failure) => Err(form.refused(failure)),
    }
}
