//! Requests and answers in the form of the gem.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, COOKIE, DATE, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method};
use ironleaf_auth::{Caller, Grant, Request, Response, SecretText, Transport, TransportError};
use serde_json::Value;

use crate::answer::{json, secret_header};
use crate::endpoint;
use crate::named_calls::{self, Endpoint};

use super::grant::{ACCESS_TOKEN, CSRF, Issued, REFRESH_TOKEN};
use super::settings::{AccessTransport, JwtSessionsSettings};
use super::{times, token};

/// The longest CSRF value that is kept. The gem's has 88 characters.
const LONGEST_CSRF_BYTES: usize = 512;

/// A transport whose answers know which setting led to them.
pub(super) fn naming(settings: &JwtSessionsSettings, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
    let at = |method: Method, path: &str, setting| Endpoint {
        method,
        url: endpoint::at_path(&settings.base_url, path),
        setting,
    };
    let mut endpoints = vec![
        at(Method::POST, &settings.login_path, "JWT_SESSIONS_LOGIN_PATH and CORE_API_URL"),
        at(Method::POST, &settings.refresh_path, "JWT_SESSIONS_REFRESH_PATH"),
        at(Method::DELETE, &settings.logout_path, "JWT_SESSIONS_LOGOUT_PATH"),
    ];
    let me = settings.me_path.as_deref();
    endpoints.extend(me.map(|path| at(Method::GET, path, "JWT_SESSIONS_ME_PATH")));
    named_calls::naming(transport, endpoints)
}

/// A request to this path with a JSON body unless that is null.
pub(super) fn request(
    settings: &JwtSessionsSettings,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Request, TransportError> {
    let mut request = endpoint::request(method, &endpoint::at_path(&settings.base_url, path), body)?;
    state_length(&mut request);
    Ok(request)
}

/// Servers of Ruby refuse a request that has neither a body nor a length with 411.
fn state_length(request: &mut Request) {
    let headers = request.headers();
    if request.body().is_empty() && !is_safe(request.method()) && !headers.contains_key(CONTENT_LENGTH) {
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// A request that the refresh token authorizes. It is sent in its header: then the API asks for no CSRF value.
pub(super) fn with_refresh_token(
    settings: &JwtSessionsSettings,
    caller: &Caller,
    grant: &Grant,
    method: Method,
    path: &str,
) -> Result<Request, TransportError> {
    let mut request = request(settings, method, path, &Value::Null)?;
    caller.introduce(&mut request);
    let token = grant.field(REFRESH_TOKEN).and_then(|token| secret_header(token.expose()));
    let token = token.ok_or_else(|| TransportError::NotSent("the grant has no refresh token".to_owned()))?;
    request.headers_mut().insert(settings.refresh_header.clone(), token);
    Ok(request)
}

/// Adds the access token, in its header or in its cookie.
pub(super) fn authorize(
    settings: &JwtSessionsSettings,
    caller: &Caller,
    grant: &Grant,
    request: &mut Request,
) {
    caller.introduce(request);
    state_length(request);
    let is_safe = is_safe(request.method());
    let headers = request.headers_mut();
    // SECURITY: none of the browser's own values reaches the API, nor hides ours there: the API looks at a header
    // first.
    for name in [&settings.access_header, &settings.refresh_header, &settings.csrf_header] {
        headers.remove(name);
    }
    let access = grant.field(ACCESS_TOKEN).map(SecretText::expose);
    match settings.access_transport {
        AccessTransport::Header => {
            put(headers, &settings.access_header, access.map(|token| format!("Bearer {token}")));
        }
        AccessTransport::Cookie => {
            let cookie = access.map(|token| format!("{}={token}", settings.access_cookie));
            put(headers, &COOKIE, cookie);
            if !is_safe {
                let csrf = grant.field(CSRF).map(|csrf| csrf.expose().to_owned());
                put(headers, &settings.csrf_header, csrf);
            }
        }
    }
}

/// The methods without a CSRF value. OPTIONS is not one of them.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn put(headers: &mut HeaderMap, name: &HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| secret_header(&value)) {
        headers.insert(name.clone(), value);
    }
}

/// The tokens of an answer to a sign-in or a refresh.
///
/// A token says its own end in `exp`; `*_expires_at` of the answer, which has several formats, counts only where the
/// token does not.
///
/// # Errors
///
/// What is wrong with the answer, for the log: the name of the field, and never its content.
pub(super) fn issued(
    settings: &JwtSessionsSettings,
    response: &Response,
    now: SystemTime,
) -> Result<Issued, String> {
    if !response.status().is_success() {
        return Err(describe(response));
    }
    let body: Value = json(response).unwrap_or_default();
    let answered_at = answered_at(response).unwrap_or(now);
    let access_token = one_token(&body, "access", response, &settings.access_cookie)?
        .ok_or_else(|| without(response, "access", "JWT_SESSIONS_ACCESS_COOKIE"))?;
    let lifetime_of = |token: &SecretText, field: &str, otherwise: Duration| {
        token::lifetime(token, answered_at)
            .or_else(|| stated_lifetime(&body[field], answered_at))
            .unwrap_or(otherwise)
    };
    let access_lifetime = lifetime_of(&access_token, "access_expires_at", settings.access_token_max_age);
    let refresh = one_token(&body, "refresh", response, &settings.refresh_cookie)?.map(|token| {
        let lifetime = lifetime_of(&token, "refresh_expires_at", settings.refresh_token_max_age);
        (token, lifetime)
    });
    let csrf = shown_csrf(&body, response, &settings.csrf_header);
    Ok(Issued { access_token, access_lifetime, refresh, csrf })
}

/// The token of a field, or of a cookie where the answer's body has no such field.
fn one_token(
    body: &Value,
    field: &str,
    response: &Response,
    cookie: &str,
) -> Result<Option<SecretText>, String> {
    match &body[field] {
        Value::Null => Ok(given_cookie(response, cookie).and_then(token::read)),
        Value::String(text) => token::read(text).map(Some).ok_or_else(|| no_token(response, field)),
        _ => Err(no_token(response, field)),
    }
}

fn no_token(response: &Response, field: &str) -> String {
    let answered = named_calls::answered(response, "the API");
    format!("{answered}, and `{field}` is not a JWT{}", named_calls::check_setting(response))
}

/// A description of an answer in which a token is neither in this field nor in the cookie that the setting names.
pub(super) fn without(response: &Response, field: &str, cookie_setting: &str) -> String {
    let answered = named_calls::answered(response, "the API");
    let check = named_calls::check_setting(response);
    format!("{answered} without `{field}`{check}, or {cookie_setting} if it comes in a cookie")
}

/// The value of the cookie with this name that the answer sets. If there are two, the last wins.
fn given_cookie<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let values = response.headers().get_all(SET_COOKIE).iter();
    let pairs = values.filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='));
    pairs.filter(|(known, _)| known.trim() == name).map(|(_, value)| value.trim()).next_back()
}

/// By the clock that wrote `exp`, or one near it (RFC 9110, section 6.6.1).
fn answered_at(response: &Response) -> Option<SystemTime> {
    httpdate::parse_http_date(response.headers().get(DATE)?.to_str().ok()?).ok()
}

fn stated_lifetime(date: &Value, answered_at: SystemTime) -> Option<Duration> {
    let end = times::parse(date.as_str()?)?;
    end.duration_since(answered_at).ok().filter(|lifetime| !lifetime.is_zero())
}

/// The CSRF value of an answer in the header in which it is sent.
pub(super) fn csrf_of_header(settings: &JwtSessionsSettings, response: &Response) -> Option<SecretText> {
    shown_csrf(&Value::Null, response, &settings.csrf_header)
}

/// The CSRF value of an answer with tokens: in the field `csrf` of its body, or in the header.
fn shown_csrf(body: &Value, response: &Response, header: &HeaderName) -> Option<SecretText> {
    let of_header = || response.headers().get(header).and_then(|value| value.to_str().ok());
    let shown = body["csrf"].as_str().or_else(of_header)?;
    let is_value =
        (1..=LONGEST_CSRF_BYTES).contains(&shown.len()) && shown.bytes().all(|byte| byte.is_ascii_graphic());
    is_value.then(|| SecretText::from(shown))
}

/// A description of the answer for the log, without any part of its body.
pub(super) fn describe(response: &Response) -> String {
    named_calls::describe(response, "the API")
}
