//! Requests and answers in the form of the API.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response, Transport, TransportError};
use serde_json::{Map, Value};
use url::Url;

use super::CookieApiSettings;
use crate::answer::json;
use crate::named_calls::{self, Endpoint};

/// The URL of a path below the base URL. The path may begin or end with a slash.
pub(super) fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    // A URL that cannot have a path stays unchanged, and the transport refuses it.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.trim_start_matches('/').split('/'));
    }
    url
}

/// A transport whose answers know which setting led to them.
pub(super) fn naming(settings: &CookieApiSettings, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    let at = |method: Method, path: &str, setting| Endpoint {
        method,
        url: endpoint(&settings.base_url, path),
        setting,
    };
    let mut endpoints = vec![
        at(Method::POST, &settings.login_path, "COOKIE_API_LOGIN_PATH and CORE_API_URL"),
        at(Method::POST, &settings.refresh_path, "COOKIE_API_REFRESH_PATH"),
        at(Method::GET, &settings.me_path, "COOKIE_API_ME_PATH"),
    ];
    let sign_out = settings.logout_path.as_deref();
    endpoints.extend(sign_out.map(|path| at(Method::POST, path, "COOKIE_API_LOGOUT_PATH")));
    named_calls::naming(transport, endpoints)
}

/// A request with a JSON body, unless it is null. It has no caller yet.
pub(super) fn request(method: Method, url: &Url, body: &Value) -> Result<Request, TransportError> {
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let mut request = http::Request::builder()
        .method(method)
        .uri(url.as_str())
        .body(bytes)
        .map_err(|error| TransportError::NotSent(error.to_string()))?;
    if !request.body().is_empty() {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(request)
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
