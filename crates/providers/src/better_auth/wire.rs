//! Requests and answers in the form of Better Auth.

use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT;
use http::{Method, StatusCode};
use ironleaf_auth::{FieldError, FieldReason, Request, Response, Transport, TransportError};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::answer::{LONGEST_RETRY_AFTER, json, seconds};
use crate::endpoint;
use crate::named_calls::{self, Endpoint};

/// A transport whose answers know which setting led to them. `sign_in` is the URL of the sign-in.
pub(super) fn naming(sign_in: Url, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    let setting = "that BETTER_AUTH_URL has the base path";
    named_calls::naming(transport, vec![Endpoint { method: Method::POST, url: sign_in, setting }])
}

/// A request without a caller, with a JSON body unless it is null. Form bodies are refused with 415.
pub(super) fn request(method: Method, url: &Url, body: &Value) -> Result<Request, TransportError> {
    let mut request = endpoint::request(method, url, body)?;
    request.headers_mut().insert(ACCEPT, endpoint::JSON);
    Ok(request)
}

/// The body of a successful answer as an object.
pub(super) fn object(response: &Response) -> Option<Map<String, Value>> {
    (response.status() == StatusCode::OK).then(|| json(response)).flatten()
}

/// Whether this is the 200 with `null` by which the auth server says that there is no session.
pub(super) fn is_null(response: &Response) -> bool {
    response.status() == StatusCode::OK && response.body().trim_ascii() == b"null"
}

/// `code` of an error: `{message, code}`. `None` for anything else, such as the page of a proxy.
pub(super) fn code(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        code: String,
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    json::<Answer>(response).map(|answer| answer.code).filter(|code| is_code(code))
}

/// It goes into the log, so it must be short and printable.
fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether the answer says that there is no such session.
pub(super) fn is_signed_out(response: &Response) -> bool {
    is_null(response) || (response.status() == StatusCode::UNAUTHORIZED && code(response).is_some())
}

/// How long the auth server asks to wait. Its own limits say so in `X-Retry-After` alone, in seconds.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let own = || {
        let text = response.headers().get("x-retry-after")?.to_str().ok()?;
        seconds(&Value::from(text)).map(|wait| wait.min(LONGEST_RETRY_AFTER))
    };
    crate::answer::retry_after(response).or_else(own)
}

/// What the auth server does not accept about the fields of a form.
pub(super) fn refused_fields(code: &str) -> Option<Vec<FieldError>> {
    let (field, reason) = match code {
        "INVALID_EMAIL" => ("email", FieldReason::NotAccepted),
        "PASSWORD_TOO_SHORT" => ("password", FieldReason::TooShort),
        "PASSWORD_TOO_LONG" | "INVALID_PASSWORD" => ("password", FieldReason::NotAccepted),
        "PASSWORD_COMPROMISED" => ("password", FieldReason::Breached),
        _ => return None,
    };
    Some(vec![FieldError { field: field.to_owned(), reason }])
}

/// A description of the answer for the log, without any part of its body but the code of an error.
pub(super) fn describe(response: &Response) -> String {
    let answered = named_calls::answered(response, "the auth server");
    if response.status().is_success() {
        let is_token = named_calls::is_of(response, "/token");
        return answered + if is_token { " without a `token`" } else { " without the fields it should have" };
    }
    let code = code(response);
    let of_code = code.as_deref().map_or("", advice);
    let code = code.map_or_else(String::new, |code| format!(" `{code}`"));
    let of_path = named_calls::is_not_there(response).then(|| named_calls::check_setting(response));
    format!("{answered}{code}{of_code}{}", of_path.unwrap_or_default())
}

/// Whether an error says that a setting is wrong, here or at the auth server.
pub(super) fn is_of_settings(response: &Response) -> bool {
    code(response).is_some_and(|code| !advice(&code).is_empty())
}

/// Which setting to look at.
fn advice(code: &str) -> &'static str {
    match code {
        "INVALID_ORIGIN" | "MISSING_OR_NULL_ORIGIN" | "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED" => {
            ": check BETTER_AUTH_ORIGIN and trustedOrigins of the auth server"
        }
        "EMAIL_PASSWORD_SIGN_UP_DISABLED" => ": set BETTER_AUTH_SIGN_UP=false",
        "INVALID_CALLBACK_URL" | "INVALID_REDIRECT_URL" => {
            ": PUBLIC_ORIGIN is not in trustedOrigins of the auth server"
        }
        "CHANGE_EMAIL_DISABLED" => ": set BETTER_AUTH_CHANGE_EMAIL=false",
        "RESET_PASSWORD_DISABLED" => ": set BETTER_AUTH_RESET_PASSWORD=false",
        "EMAIL_PASSWORD_DISABLED" => ": enable emailAndPassword at the auth server",
        _ => "",
    }
}
