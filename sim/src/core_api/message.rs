//! Parts of HTTP messages that several styles share.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::Value;

use super::ids::PersonId;
use super::people::person_of;

/// A body with that status.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    with_type(status, "application/json", body)
}

pub(super) fn text(status: StatusCode, body: &str) -> Response {
    with_type(status, "text/plain", body.to_owned())
}

fn with_type(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// An error in the form of several APIs.
pub(super) fn error(status: StatusCode, message: &str) -> Response {
    json(status, format!(r#"{{"statusCode":{},"message":"{message}"}}"#, status.as_u16()))
}

/// Whose right password a sign-in has.
pub(super) fn signs_in(request: &Request) -> Option<PersonId> {
    let asked: Value = serde_json::from_slice(request.body()).ok()?;
    asked.get("password")?.as_str()?;
    person_of(asked.get("email")?.as_str()?)
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The value of a cookie that a request carries.
pub(super) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let pairs = request.headers().get(COOKIE)?.to_str().ok()?.split("; ");
    pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Sets a cookie for this many seconds.
pub(super) fn set_cookie(response: &mut Response, name: &str, value: &str, secs: u64) {
    let line = format!("{name}={value}; Max-Age={secs}; Path=/; HttpOnly; Secure; SameSite=Lax");
    let line = HeaderValue::from_str(&line).expect("it is plain text");
    response.headers_mut().append(SET_COOKIE, line);
}
