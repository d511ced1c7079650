//! Requests and answers in the form of the contract.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use ironleaf_api_types::{Role, User};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use super::grant::{ACCESS_TOKEN, Issued};
use ironleaf_auth::{Caller, FieldError, Grant, Request, Response, SecretText, TransportError};

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REFRESH: HeaderName = HeaderName::from_static("idempotent-refresh");

/// A request on behalf of `caller`, with a JSON body unless it is null.
pub(super) fn request(
    caller: &Caller,
    method: Method,
    url: &Url,
    body: &Value,
) -> Result<Request, TransportError> {
    let mut request = bare_request(method, url, body)?;
    caller.introduce(&mut request);
    Ok(request)
}

/// The same before anybody speaks through it.
pub(super) fn bare_request(method: Method, url: &Url, body: &Value) -> Result<Request, TransportError> {
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

pub(super) fn authorize(caller: &Caller, grant: &Grant, request: &mut Request) {
    caller.introduce(request);
    let bearer =
        grant.field(ACCESS_TOKEN).and_then(|token| secret_header(&format!("Bearer {}", token.expose())));
    match bearer {
        Some(bearer) => request.headers_mut().insert(AUTHORIZATION, bearer),
        None => request.headers_mut().remove(AUTHORIZATION),
    };
}

/// A header value that logs of the layers below leave out.
pub(super) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The tokens of a token answer, where it is whole: every field there, and both tokens fit for a header.
///
/// An answer that is repeated says what is left of its access token, which may be nothing: the refresh token in it is the
/// newest all the same, and without it the session would be lost.
pub(super) fn issued(response: &Response) -> Option<Issued> {
    let tokens: TokenItem = item(response)?;
    let fit = |token: &SecretText| !token.is_empty() && secret_header(token.expose()).is_some();
    let declared = response.headers().get(IDEMPOTENT_REFRESH);
    let idempotent_refresh = declared.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let lives = tokens.ttl_seconds > 0 || idempotent_refresh;
    (lives && fit(&tokens.access_token) && fit(&tokens.refresh_token)).then(|| Issued {
        lifetime: Duration::from_secs(tokens.ttl_seconds),
        idempotent_refresh,
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenItem {
    #[serde(deserialize_with = "secret")]
    access_token: SecretText,
    #[serde(deserialize_with = "secret")]
    refresh_token: SecretText,
    ttl_seconds: u64,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
    String::deserialize(deserializer).map(SecretText::from)
}

/// The record of a person: with an address, and roles or `null`. Other records may have the same identifier, such as a profile
/// of the person, and say nothing of either.
pub(super) fn user(response: &Response) -> Option<User> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Person {
        id: String,
        email: String,
        #[serde(deserialize_with = "nullable")]
        roles: Vec<Role>,
        #[serde(default)]
        unverified_email: Option<String>,
    }
    let Person { id, email, roles, unverified_email } = item(response)?;
    Some(User { roles, unverified_email, ..User::new(id, email) })
}

fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The `item` of a successful answer, where it has the form that is asked for.
pub(super) fn item<T: DeserializeOwned>(response: &Response) -> Option<T> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        item: T,
    }
    if !response.status().is_success() {
        return None;
    }
    let envelope: Envelope<T> = serde_json::from_slice(response.body()).ok()?;
    Some(envelope.item)
}

/// An error in the API's own form. A proxy's page with the same status is not one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiError {
    status_code: u16,
    message: String,
    #[serde(default)]
    errors: Vec<InvalidField>,
}

#[derive(Deserialize)]
struct InvalidField {
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default)]
    message: String,
}

impl ApiError {
    pub(super) fn read(response: &Response) -> Option<Self> {
        let error: Self = serde_json::from_slice(response.body()).ok()?;
        (error.status_code == response.status().as_u16()).then_some(error)
    }

    pub(super) fn into_fields(self) -> Vec<FieldError> {
        self.errors.into_iter().map(InvalidField::into_error).collect()
    }
}

impl InvalidField {
    fn into_error(self) -> FieldError {
        let path: Vec<String> = self
            .path
            .into_iter()
            .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
            .collect();
        FieldError { field: path.join("."), message: self.message }
    }
}

/// The one answer that says that credentials or a refresh token are not good. The list is closed: nothing else ends
/// a session.
pub(super) fn is_refusal(response: &Response) -> bool {
    response.status() == StatusCode::UNAUTHORIZED
        && ApiError::read(response).is_some_and(|error| error.message == "Invalid credentials")
}

/// The answer in words for the log: never a part of its body.
pub(super) fn describe(response: &Response) -> String {
    let status = response.status();
    if status.is_success() {
        format!("the API answered {status} out of form")
    } else {
        format!("the API answered {status}")
    }
}

/// Nobody is told to come back later than that, whatever the API says.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// How long the API asks to wait (RFC 9110, section 10.2.3): in seconds, or until a date, which is counted from that of the answer.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let text = |name| response.headers().get(name)?.to_str().ok().map(str::trim);
    let wait = text(RETRY_AFTER)?;
    if !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a long time, too.
        let secs = wait.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(secs).min(LONGEST_RETRY_AFTER));
    }
    let [until, answered_at] = [wait, text(DATE)?].map(|date| httpdate::parse_http_date(date).ok());
    let wait = until?.duration_since(answered_at?).unwrap_or_default();
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_every_form_that_it_has() {
        let date = "Sun, 29 Nov 2026 03:00:00 GMT";
        for (text, secs) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("0", Some(0)),
            ("18446744073709551615", Some(86_400)),
            ("99999999999999999999999999", Some(86_400)),
            ("Sun, 29 Nov 2026 03:02:00 GMT", Some(120)),
            // RFC 9110, section 5.6.7: the obsolete forms are read as well.
            ("Sunday, 29-Nov-26 03:02:00 GMT", Some(120)),
            ("Sun Nov 29 03:02:00 2026", Some(120)),
            ("Sun, 29 Nov 2026 02:00:00 GMT", Some(0)),
            ("Sun, 29 Nov 2099 03:00:00 GMT", Some(86_400)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let mut response = Response::new(Bytes::new());
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            response.headers_mut().insert(DATE, HeaderValue::from_static(date));
            assert_eq!(retry_after(&response), secs.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_date_without_another_to_count_from_says_nothing() {
        let mut response = Response::new(Bytes::new());
        let date = HeaderValue::from_static("Sun, 29 Nov 2026 03:02:00 GMT");
        response.headers_mut().insert(RETRY_AFTER, date);
        assert_eq!(retry_after(&response), None);
    }
}
