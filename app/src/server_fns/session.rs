use http::StatusCode;
use ironleaf_bff::{ReturnTo, SignInFailure, sign_in_with_password, sign_out};
use leptos::prelude::*;

use super::form::{Done, FormPost};
use super::password::Password;
use crate::error::AppError;
use crate::messages::{Fields, Message};
use crate::routes::login_page;

/// Signs a person in with e-mail address and password.
#[server(prefix = "/api", endpoint = "sign-in")]
pub async fn sign_in_form(
    email: String,
    password: Password,
    return_to: Option<String>,
) -> Result<Done, AppError> {
    let form = FormPost::from_context()?;
    let place = return_to.as_deref().and_then(ReturnTo::parse);
    match sign_in_with_password(form.parts(), &email, password.expose()).await {
        Ok(()) => Ok(form.done(place.as_ref().map_or("/", ReturnTo::as_str), None)),
        Err(failure) => {
            let (status, code, message) = match failure {
                SignInFailure::InvalidCredentials => {
                    (StatusCode::UNAUTHORIZED, "invalid_credentials", Message::SignInFailed)
                }
                SignInFailure::TooManyRequests { .. } => {
                    (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", Message::TooManyTries)
                }
                SignInFailure::Unavailable => {
                    (StatusCode::SERVICE_UNAVAILABLE, "unavailable", Message::Unavailable)
                }
            };
            let back = login_page(place.as_ref());
            let fields = Fields { page: "/login".to_owned(), email };
            Err(form.refused(status, code, message, &back, &fields))
        }
    }
}

/// Signs the person out, whoever they are and whatever the core API says.
#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out_form() -> Result<Done, AppError> {
    let form = FormPost::from_context()?;
    let elsewhere = sign_out(form.parts()).await;
    Ok(form.done(elsewhere.as_deref().unwrap_or("/"), Some(Message::SignedOut)))
}
