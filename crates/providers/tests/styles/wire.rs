//! Shared parts of the fake back ends: HTTP messages, tokens, and outcomes of calls.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use ironleaf_auth::{EmailAddress, Random, Request, Response, SignIn};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) const EMAIL: &str = "user@test.com";
pub(crate) const PASSWORD: &str = "password1";

pub(crate) fn request(method: Method, url: &str) -> Request {
    http::Request::builder().method(method).uri(url).body(Bytes::new()).unwrap()
}

pub(crate) fn get(url: &str) -> Request {
    request(Method::GET, url)
}

pub(crate) fn post_json(url: &str, body: &Value) -> Request {
    with_body(url, "application/json", body.to_string())
}

fn with_body(url: &str, content_type: &'static str, body: String) -> Request {
    let mut request = request(Method::POST, url).map(|_| Bytes::from(body));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    request
}

pub(crate) fn json(status: u16, body: &Value) -> Response {
    text(status, "application/json", &body.to_string())
}

pub(crate) fn text(status: u16, content_type: &'static str, body: &str) -> Response {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn json_body(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}

pub(crate) fn form_body(request: &Request) -> HashMap<String, String> {
    serde_urlencoded::from_bytes(request.body()).unwrap_or_default()
}

pub(crate) fn secret(value: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(value).unwrap();
    value.set_sensitive(true);
    value
}

pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

pub(crate) fn bearer(request: &Request) -> Option<&str> {
    header(request, "authorization")?.strip_prefix("Bearer ")
}

pub(crate) fn is_basic(request: &Request, client: &str) -> bool {
    header(request, "authorization") == Some(&format!("Basic {}", STANDARD.encode(client)))
}

pub(crate) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    pairs(header(request, "cookie")?, name)
}

pub(crate) fn give_cookie(response: &mut Response, name: &str, value: &str) {
    let value = secret(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"));
    response.headers_mut().append(SET_COOKIE, value);
}

fn pairs<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A signed token. The same claims give the same token.
pub(crate) fn jwt(claims: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("eyJhbGciOiJIUzI1NiJ9.{payload}.{}", digest(&format!("signed{payload}")))
}

pub(crate) fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (jwt(&claims) == token).then_some(claims)
}

/// The claims of a token with our signature that has not expired.
pub(crate) fn living_claims(token: &str, now: SystemTime) -> Option<Value> {
    claims(token).filter(|claims| claims["exp"].as_u64().is_some_and(|exp| unix_secs(now) < exp))
}

pub(crate) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

pub(crate) fn opaque(random: &Random) -> String {
    let mut bytes = [0; 24];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn unix_secs(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(crate) fn password(text: &str) -> SignIn {
    SignIn::Password { email: EmailAddress::of_record(EMAIL), password: text.into() }
}

pub(crate) fn is_password(body: &Value) -> bool {
    body["email"] == EMAIL && body["password"] == PASSWORD
}
