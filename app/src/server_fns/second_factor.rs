use http::StatusCode;
use ironleaf_bff::{self as bff, AccountFailure, SignInFailure};
use leptos::prelude::*;

use crate::error::AppError;
use crate::flashes::Message;
use crate::form_post::{Done, FormPost};
use crate::html_form::HtmlForm;
use crate::links;
use crate::redacted::Redacted;
use crate::refusal::Refusal;
use crate::validation::FieldProblem;

const PAGE: &str = "/account/two-factor";
const SET_UP: &str = "/account/two-factor/set-up";
const DISABLE: &str = "/account/two-factor/disable";
const RECOVERY_CODES: &str = "/account/two-factor/recovery-codes";

/// Completes a sign-in with a code. `with` is `recovery` on the form for a recovery code.
#[server(prefix = "/api", endpoint = "sign-in-with-code", protocol = HtmlForm)]
pub async fn sign_in_with_code(code: Redacted, with: Option<String>) -> Result<Done, AppError> {
    let page = if with.as_deref() == Some("recovery") { links::recovery_code } else { links::code };
    let form = FormPost::on(page)?.with_sign_in_here()?;
    match bff::sign_in_with_code(form.parts(), code.expose()).await {
        Ok(()) => {
            form.welcome();
            Ok(form.done_and_back(None))
        }
        Err(SignInFailure::InvalidCredentials) => Err(form.refused(wrong_code())),
        Err(SignInFailure::ChallengeOver) => {
            let login = links::login(form.return_to());
            Err(form.moved_to(&login).refused(SignInFailure::ChallengeOver))
        }
        Err(failure) => Err(form.refused(failure)),
    }
}

/// Makes a secret for the person's app.
#[server(prefix = "/api", endpoint = "begin-second-factor", protocol = HtmlForm)]
pub async fn begin_second_factor() -> Result<Done, AppError> {
    let form = FormPost::on_page(PAGE)?.with_second_factor()?;
    match bff::begin_second_factor(form.parts()).await {
        Ok(()) => Ok(form.done(SET_UP, None)),
        Err(failure) => Err(refused(form, failure)),
    }
}

/// Enables the app whose code this is.
#[server(prefix = "/api", endpoint = "enable-second-factor", protocol = HtmlForm)]
pub async fn enable_second_factor(code: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on_page(SET_UP)?.with_second_factor()?;
    match bff::enable_second_factor(form.parts(), code.expose()).await {
        Ok(()) => Ok(form.done(RECOVERY_CODES, Some(Message::SecondFactorEnabled))),
        Err(failure) => Err(refused(form, failure)),
    }
}

/// Replaces the recovery codes.
#[server(prefix = "/api", endpoint = "replace-recovery-codes", protocol = HtmlForm)]
pub async fn replace_recovery_codes(code: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on_page(RECOVERY_CODES)?.with_second_factor()?;
    match bff::replace_recovery_codes(form.parts(), code.expose()).await {
        Ok(()) => Ok(form.done(RECOVERY_CODES, Some(Message::RecoveryCodesReplaced))),
        Err(failure) => Err(refused(form, failure)),
    }
}

/// Disables the second step.
#[server(prefix = "/api", endpoint = "disable-second-factor", protocol = HtmlForm)]
pub async fn disable_second_factor(code: Redacted) -> Result<Done, AppError> {
    let form = FormPost::on_page(DISABLE)?.with_second_factor()?;
    match bff::disable_second_factor(form.parts(), code.expose()).await {
        Ok(()) => Ok(form.done(PAGE, Some(Message::SecondFactorDisabled))),
        Err(failure) => Err(refused(form, failure)),
    }
}

fn refused(form: FormPost, failure: AccountFailure) -> AppError {
    match failure {
        AccountFailure::Invalid(_) => form.refused(wrong_code()),
        AccountFailure::InvalidToken => {
            let (status, message) = (StatusCode::CONFLICT, Message::SecondFactorElsewhere);
            form.moved_to(PAGE).refused(Refusal::saying(status, "changed_elsewhere", message))
        }
        failure => form.refused(failure),
    }
}

fn wrong_code() -> Refusal {
    let problems = vec![("code", FieldProblem::WrongCode)];
    Refusal::fields_as(StatusCode::UNPROCESSABLE_ENTITY, "wrong_code", problems)
}
