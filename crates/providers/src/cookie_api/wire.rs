//! Answers in the form of the API.

use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Response, Transport};
use serde_json::{Map, Value};

use super::CookieApiSettings;
use crate::answer::json;
use crate::endpoint::at_path;
use crate::named_calls::{self, Endpoint};

/// A transport whose answers know which setting led to them.
pub(super) fn naming(settings: &CookieApiSettings, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    let at = |method: Method, path: &str, setting| Endpoint {
        method,
        url: at_path(&settings.base_url, path),
        setting,
    };
    let mut endpoints = vec![
        at(Method::POST, &settings.login_path, "COOKIE_API_LOGIN_PATH and CORE_API_URL"),
        at(Method::POST, &settings.refresh_path, "COOKIE_API_REFRESH_PATH"),
        at(Method::GET, &settings.me_path, "COOKIE_API_ME_PATH"),
    ];
    let sign_out = settings.logout_path.as_deref();
    endpoints.extend(sign_out.map(|path| at(Method::POST, path, "COOKIE_API_LOGOUT_PATH")));
    let registration = settings.registration.as_ref();
    endpoints.extend(
        registration.map(|registration| at(Method::POST, &registration.path, "COOKIE_API_REGISTER_PATH")),
    );
    named_calls::naming(transport, endpoints)
}

/// The JSON object of a successful answer.
pub(super) fn object(response: &Response) -> Option<Map<String, Value>> {
    response.status().is_success().then(|| json(response)).flatten()
}

/// Whether the answer has one of these statuses and the form of the API's own errors. A proxy's page with the same
/// status is not one.
pub(super) fn is_error(settings: &CookieApiSettings, response: &Response, statuses: &[StatusCode]) -> bool {
    let status = response.status();
    if !statuses.contains(&status) {
        return false;
    }
    let Some(body) = json::<Map<String, Value>>(response) else {
        return false;
    };
    let Some(field) = &settings.status_field else {
        return true;
    };
    match body.get(field) {
        Some(Value::Number(number)) => number.as_u64() == Some(status.as_u16().into()),
        Some(Value::String(text)) => *text == status.as_str(),
        _ => false,
    }
}

/// A description of the answer for the log, without any part of its body.
pub(super) fn describe(response: &Response) -> String {
    named_calls::describe(response, "the API")
}
