//! Requests and answers in the form of the API.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response, TransportError};
use serde_json::{Map, Value};
use url::Url;

use super::CookieApiSettings;
use crate::answer::json;

/// The URL of a path below the base URL. The path may begin or end with a slash.
pub(super) fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    // A URL that cannot have a path stays unchanged, and the transport refuses it.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.trim_start_matches('/').split('/'));
    }
    url
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
    let status = response.status();
    if status.is_success() {
        format!("the API answered {status} out of form")
    } else {
        format!("the API answered {status}")
    }
}
