use http::StatusCode;
use ironleaf_bff::{Problem, ReturnTo, SignInFailure, sign_in_with_password, sign_out};
use leptos::prelude::*;

use super::form::{Done, FormPost, Refusal};
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
            let fields = Fields { page: "/login".to_owned(), email };
            Err(form.refused(&refusal(failure), &login_page(place.as_ref()), &fields))
        }
    }
}

fn refusal(failure: SignInFailure) -> Refusal {
    let (status, code, message, retry_after) = match failure {
        SignInFailure::InvalidCredentials => {
            (StatusCode::UNAUTHORIZED, "invalid_credentials", Message::SignInFailed, None)
        }
        SignInFailure::TooManyRequests { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", Message::TooManyTries, retry_after)
        }
        SignInFailure::Unavailable => {
            let retry_after = Problem::unavailable().retry_after;
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", Message::Unavailable, retry_after)
        }
        SignInFailure::SessionTooLarge => {
            (StatusCode::INTERNAL_SERVER_ERROR, "session_too_large", Message::SessionTooLarge, None)
        }
    };
    Refusal { status, code, message, retry_after }
}

/// Signs the person out, whoever they are and whatever the core API says.
#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out_form() -> Result<Done, AppError> {
    let form = FormPost::from_context()?;
    let elsewhere = sign_out(form.parts()).await;
    Ok(form.done(elsewhere.as_deref().unwrap_or("/"), Some(Message::SignedOut)))
}
