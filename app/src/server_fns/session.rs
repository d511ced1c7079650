use ironleaf_bff::{
    ConfirmFailure, EmailAddress, ReturnTo, SIGN_IN_LINK, SignInFailure, confirm_password, sign_in_with_link,
    sign_in_with_password, sign_out,
};
use leptos::prelude::*;

use super::form::{Done, FormPost};
use super::password::Password;
use super::refusal::Refusal;
use crate::error::AppError;
use crate::messages::Message;
use crate::routes::{confirm_page, login_page, set_password_page};
use crate::validation::FieldProblem;

/// Signs a person in with e-mail address and password.
#[server(prefix = "/api", endpoint = "sign-in")]
pub async fn sign_in_form(
    email: String,
    password: Password,
    return_to: Option<String>,
) -> Result<Done, AppError> {
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    let form = FormPost::from_context(login_page(place.as_ref()))?.keeping("email", &email);
    let Some(address) = EmailAddress::parse(&email) else {
        return Err(form.refused(SignInFailure::InvalidCredentials.into()));
    };
    match sign_in_with_password(form.parts(), &address, password.expose()).await {
        Ok(()) => {
            form.welcome();
            Ok(form.done(place.as_ref().map_or("/", ReturnTo::as_str), None))
        }
        Err(failure) => Err(form.refused(failure.into())),
    }
}

/// Signs a person in with the e-mailed link that their browser has opened; see `pages::login`.
#[server(prefix = "/api", endpoint = "sign-in-with-token")]
pub async fn sign_in_with_token(action: Option<String>) -> Result<Done, AppError> {
    let form = FormPost::from_context("/login")?;
    let place = form.place();
    let Some(link) = form.peek(&SIGN_IN_LINK) else {
        return Err(form.refused(link_refused()));
    };
    let outcome = sign_in_with_link(form.parts(), &link).await;
    match outcome {
        Ok(()) => {
            form.welcome();
            let sets_password = link.sets_password() || action.as_deref() == Some("password");
            let message = Message::SignedInAs(link.email().as_str().to_owned());
            let home = || place.as_ref().map_or("/", ReturnTo::as_str).to_owned();
            let next = if sets_password { set_password_page(place.as_ref()) } else { home() };
            Ok(form.done(&next, Some(message)))
        }
        Err(SignInFailure::InvalidCredentials) => {
            form.clear(&SIGN_IN_LINK);
            Err(form.on_page(&login_page(place.as_ref())).refused(link_refused()))
        }
        // The link stays: it may be good in a moment.
        Err(failure) => Err(form.refused(failure.into())),
    }
}

fn link_refused() -> Refusal {
    Refusal { message: Some(Message::LinkFailed), ..SignInFailure::InvalidCredentials.into() }
}

/// Signs the person out, whatever the core API says.
#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out_form(page_of: Option<String>) -> Result<Done, AppError> {
    let form = FormPost::from_context("/")?.of(page_of.as_deref())?;
    let elsewhere = sign_out(form.parts()).await;
    form.forget_person();
    Ok(form.done(elsewhere.as_deref().unwrap_or("/"), Some(Message::SignedOut)))
}

/// Signs the person in anew before a change that asks for it (ASVS 7.5.1).
#[server(prefix = "/api", endpoint = "confirm-password")]
pub async fn confirm_password_form(
    password: Password,
    return_to: Option<String>,
    page_of: Option<String>,
) -> Result<Done, AppError> {
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    let form = FormPost::from_context(confirm_page(place.as_ref()))?.of(page_of.as_deref())?;
    let back = place.as_ref().map_or("/", ReturnTo::as_str);
    match confirm_password(form.parts(), password.expose()).await {
        Ok(()) => {
            form.welcome();
            Ok(form.done(back, Some(Message::Confirmed)))
        }
        Err(ConfirmFailure::SignedOut(reason)) => {
            Err(form.on_page(back).signed_out(&Message::SessionExpired(reason)))
        }
        Err(ConfirmFailure::SignIn(SignInFailure::InvalidCredentials)) => {
            let problems = vec![("password", FieldProblem::WrongPassword)];
            let refusal = Refusal { message: None, problems, ..SignInFailure::InvalidCredentials.into() };
            Err(form.refused(refusal))
        }
        Err(ConfirmFailure::SignIn(failure)) => Err(form.refused(failure.into())),
    }
}
