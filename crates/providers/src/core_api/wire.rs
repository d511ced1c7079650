//! Requests and answers in the form of the core API's contract.

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName};
use http::{Method, StatusCode};
use ironleaf_api_types::{Role, User};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::answer::{json, seconds};
pub(super) use crate::answer::{retry_after, secret_header};
use crate::{endpoint, jwt};

use super::grant::{ACCESS_TOKEN, Issued};
use super::words::{Word, Words};
use ironleaf_auth::{Caller, FieldError, FieldReason, Grant, Request, Response, SecretText, TransportError};
use ironleaf_credentials::password::CONTROL_CHARACTERS;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that a spent refresh token is presented to end its family, and was not stolen.
pub(super) const SIGN_OUT: HeaderName = HeaderName::from_static("sign-out");
const IDEMPOTENT_REFRESH: HeaderName = HeaderName::from_static("idempotent-refresh");
const ENDS_FAMILIES: HeaderName = HeaderName::from_static("password-change-ends-families");
const HAS_ACTIVITY: HeaderName = HeaderName::from_static("account-activity");
const HAS_SECOND_FACTOR: HeaderName = HeaderName::from_static("second-factor");

/// A request on behalf of `caller`, with a JSON body unless it is null.
pub(super) fn request(
    caller: &Caller,
    method: Method,
    url: &Url,
    body: &Value,
) -> Result<Request, TransportError> {
    let mut request = endpoint::request(method, url, body)?;
    caller.introduce(&mut request);
    caller.describe(&mut request);
    Ok(request)
}

pub(super) fn authorize(caller: &Caller, grant: &Grant, request: &mut Request) {
    caller.introduce(request);
    caller.describe(request);
    let bearer =
        grant.field(ACCESS_TOKEN).and_then(|token| secret_header(&format!("Bearer {}", token.expose())));
    match bearer {
        Some(bearer) => request.headers_mut().insert(AUTHORIZATION, bearer),
        None => request.headers_mut().remove(AUTHORIZATION),
    };
}

/// The assumed lifetime of an access token if neither the answer nor the token states it. If the real one is longer,
/// this costs extra refreshes; if it is shorter, a refused call before each refresh.
const DEFAULT_ACCESS_LIFETIME: Duration = Duration::from_mins(5);

/// The tokens of a token answer, if they are valid header values. `refresh_token` is `None` if the answer has none.
///
/// The lifetime of the access token is `ttlSeconds`, as a number or as text. Without it, the lifetime is `exp - iat` of
/// the token (RFC 7519, section 4.1), or else five minutes.
///
/// A repeated answer states the remaining lifetime of its access token, which may be zero. Its refresh token is still
/// the newest, and without it the session would be lost.
///
/// # Errors
///
/// What is wrong with the answer, for the log: the name of the field, and never its content.
pub(super) fn issued(response: &Response) -> Result<Issued, String> {
    let tokens: TokenItem = item(response).ok_or_else(|| describe(response))?;
    let idempotent_refresh = declares(response, &IDEMPOTENT_REFRESH);
    let access_token =
        token(&tokens.access_token, "accessToken")?.ok_or("the API's answer has no `accessToken`")?;
    let refresh_token = token(&tokens.refresh_token, "refreshToken")?;
    let lifetime = lifetime(&tokens.ttl_seconds, &access_token);
    if lifetime.is_zero() && !idempotent_refresh {
        return Err("`ttlSeconds` of the API's answer is 0: its access token is over".to_owned());
    }
    Ok(Issued { access_token, refresh_token, lifetime, idempotent_refresh })
}

/// Whether the API declares that a password change ends all token families of the person, except the one that makes the
/// change.
pub(super) fn ends_families(response: &Response) -> bool {
    declares(response, &ENDS_FAMILIES)
}

/// Whether the API declares that it keeps what happens to accounts.
pub(super) fn has_activity(response: &Response) -> bool {
    declares(response, &HAS_ACTIVITY)
}

/// Whether the API declares that people can sign in with a second step.
pub(super) fn has_second_factor(response: &Response) -> bool {
    declares(response, &HAS_SECOND_FACTOR)
}

fn declares(response: &Response, name: &HeaderName) -> bool {
    response.headers().get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenItem {
    #[serde(default)]
    access_token: Value,
    #[serde(default)]
    refresh_token: Value,
    #[serde(default)]
    ttl_seconds: Value,
}

/// `None` for a missing token.
fn token(value: &Value, field: &str) -> Result<Option<SecretText>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if secret_header(text).is_some() => Ok(Some(SecretText::from(text.as_str()))),
        _ => Err(format!("`{field}` of the API's answer is no token")),
    }
}

fn lifetime(ttl_seconds: &Value, access_token: &SecretText) -> Duration {
    if let Some(lifetime) = seconds(ttl_seconds) {
        return lifetime;
    }
    let of_token = jwt::lifetime(access_token);
    let lifetime = of_token.unwrap_or(DEFAULT_ACCESS_LIFETIME);
    tracing::warn!(
        field = "ttlSeconds",
        seconds = lifetime.as_secs(),
        by = if of_token.is_some() { "exp and iat of the access token" } else { "the default" },
        "the API's answer does not say how long its access token lives"
    );
    lifetime
}

/// The record of a person: it has an address, and roles or `null`. Other records may have the same identifier, such as
/// a profile of the person, but lack one of these. The identifier may be a number. Items of `roles` that are not roles
/// are left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserRecord {
    id: Word,
    email: String,
    roles: Words,
    #[serde(default)]
    unverified_email: Option<String>,
}

impl UserRecord {
    /// `None` without an identifier.
    pub(super) fn into_user(self) -> Option<User> {
        let Self { id, email, roles, unverified_email } = self;
        let roles = roles.0.into_iter().map(Role::new).collect();
        Some(User { roles, unverified_email, ..User::new(id.0?, email) })
    }
}

/// The person of an answer, likewise.
pub(super) fn user(response: &Response) -> Option<User> {
    item::<UserRecord>(response)?.into_user()
}

/// How many items there are on all pages of a list.
pub(super) fn total(response: &Response) -> Option<u64> {
    #[derive(Deserialize)]
    struct Envelope {
        meta: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        pagination: Pagination,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Pagination {
        total_items: u64,
    }
    json::<Envelope>(response).map(|Envelope { meta }| meta.pagination.total_items)
}

/// The `item` of a successful answer, if it has the expected form.
pub(super) fn item<T: DeserializeOwned>(response: &Response) -> Option<T> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        item: T,
    }
    if !response.status().is_success() {
        return None;
    }
    let envelope: Envelope<T> = json(response)?;
    Some(envelope.item)
}

/// The `items` of a successful answer, likewise.
pub(super) fn items<T: DeserializeOwned>(response: &Response) -> Option<Vec<T>> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        items: Vec<T>,
    }
    if !response.status().is_success() {
        return None;
    }
    let envelope: Envelope<T> = json(response)?;
    Some(envelope.items)
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

/// The sentence of the contract for a password with fewer than eight characters. Its code is that of any short text.
const TOO_SHORT: &str = "Password must be at least 8 characters";

#[derive(Deserialize)]
struct InvalidField {
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default)]
    message: String,
}

impl ApiError {
    pub(super) fn read(response: &Response) -> Option<Self> {
        let error: Self = json(response)?;
        (error.status_code == response.status().as_u16()).then_some(error)
    }

    /// Whether this is its message.
    pub(super) fn says(&self, message: &str) -> bool {
        self.message == message
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
        let reason = match self.message.as_str() {
            TOO_SHORT => FieldReason::TooShort,
            CONTROL_CHARACTERS => FieldReason::ControlCharacters,
            _ => FieldReason::NotAccepted,
        };
        FieldError { field: path.join("."), reason }
    }
}

/// Whether the answer refuses the credentials or the refresh token. This is the only form of a refusal: nothing else
/// ends a session.
pub(super) fn is_refusal(response: &Response) -> bool {
    response.status() == StatusCode::UNAUTHORIZED
        && ApiError::read(response).is_some_and(|error| error.message == "Invalid credentials")
}

/// Whether the API no longer knows the person of the question, although their access token is still valid.
pub(super) fn is_unknown(response: &Response) -> bool {
    response.status() == StatusCode::NOT_FOUND && ApiError::read(response).is_some()
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
