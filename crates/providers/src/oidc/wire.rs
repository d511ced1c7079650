//! Requests and answers in the form of OAuth 2.0 (RFC 6749).

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response, SecretText, TransportError};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::answer::{json, retry_after, seconds, secret_header};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// A request without a body.
pub(super) fn request(method: Method, url: &str) -> Result<Request, TransportError> {
    let built = http::Request::builder().method(method).uri(url).body(Bytes::new());
    built.map_err(|error| TransportError::NotSent(error.to_string()))
}

/// The parameters of a request. Each name is there once (RFC 6749, section 3.1), except `resource` (RFC 8707, section
/// 2).
#[derive(Clone, Default)]
pub(super) struct Form(Vec<(String, SecretText)>);

impl Form {
    /// Sets a parameter, in place of one with this name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.add(name, value);
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose())
    }

    /// Adds a parameter beside those with this name.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.into()));
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// A POST request with the form as its body.
    pub(super) fn post(&self, url: &Url) -> Result<Request, TransportError> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(self.0.iter().map(|(name, value)| (name, value.expose())));
        let mut request = request(Method::POST, url.as_str())?;
        *request.body_mut() = Bytes::from(body.finish());
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        request.headers_mut().insert(ACCEPT, JSON);
        Ok(request)
    }

    /// The address with the form as further parameters of its query.
    pub(super) fn query(&self, url: &Url) -> String {
        let mut url = url.clone();
        url.query_pairs_mut().extend_pairs(self.0.iter().map(|(name, value)| (name, value.expose())));
        url.into()
    }
}

/// The tokens of one answer.
pub(super) struct Tokens {
    pub(super) access_token: SecretText,
    /// `None` where the one that was presented stays good (RFC 6749, section 6), or where none was issued.
    pub(super) refresh_token: Option<SecretText>,
    pub(super) id_token: Option<SecretText>,
    /// `None` if the provider does not say.
    pub(super) lifetime: Option<Duration>,
    /// `None` if the provider does not say, or says that there is no end.
    pub(super) refresh_lifetime: Option<Duration>,
}

/// An answer without tokens.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// `error` of the answer (RFC 6749, section 5.2). `None` for anything but an error in that form, such as a proxy's
    /// page.
    pub(super) code: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// For the log.
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    fn out_of_form(response: &Response, detail: &str) -> Self {
        Self { status: response.status(), code: None, retry_after: None, detail: detail.to_owned() }
    }
}

/// Reads the answer of the token endpoint (RFC 6749, sections 5.1 and 5.2).
pub(super) fn tokens(response: &Response) -> Result<Tokens, Refusal> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        access_token: Value,
        #[serde(default)]
        refresh_token: Value,
        #[serde(default)]
        id_token: Value,
        #[serde(default)]
        token_type: Value,
        #[serde(default)]
        expires_in: Value,
        #[serde(default)]
        refresh_expires_in: Value,
        #[serde(default)]
        refresh_token_expires_in: Value,
    }
    if !response.status().is_success() {
        return Err(refusal(response));
    }
    let out_of_form = |detail: &str| Refusal::out_of_form(response, detail);
    let answer: Answer = json(response).ok_or_else(|| out_of_form(&describe(response)))?;
    let token = |value: &Value, name: &str| {
        token(value).map_err(|()| out_of_form(&format!("`{name}` of the provider's answer is no token")))
    };
    // Section 7.1: a token of an unknown type, such as `DPoP`, must not be used.
    if answer.token_type.as_str().is_some_and(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
        return Err(out_of_form("`token_type` of the provider's answer is not `Bearer`"));
    }
    let access_token = token(&answer.access_token, "access_token")?
        .ok_or_else(|| out_of_form("the provider's answer has no `access_token`"))?;
    Ok(Tokens {
        access_token,
        refresh_token: token(&answer.refresh_token, "refresh_token")?,
        id_token: token(&answer.id_token, "id_token")?,
        lifetime: life(&answer.expires_in),
        refresh_lifetime: life(&answer.refresh_expires_in).or_else(|| life(&answer.refresh_token_expires_in)),
    })
}

/// A life of zero seconds says nothing: Keycloak writes it for a token without an end.
fn life(value: &Value) -> Option<Duration> {
    seconds(value).filter(|life| !life.is_zero())
}

/// `None` for a missing token. It must be a valid header value, because it is sent in one.
fn token(value: &Value) -> Result<Option<SecretText>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if secret_header(text).is_some() => Ok(Some(text.as_str().into())),
        _ => Err(()),
    }
}

/// Reads an answer that refuses, or that is none of the provider's.
pub(super) fn refusal(response: &Response) -> Refusal {
    #[derive(Deserialize)]
    struct Answer {
        error: String,
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let code = is_error.then(|| json::<Answer>(response)).flatten().map(|answer| answer.error);
    let code = code.filter(|code| is_error_code(code));
    let mut detail = describe(response);
    if let Some(code) = &code {
        detail = format!("{detail} `{code}`{}", advice(code));
    }
    Refusal { status, code, retry_after: retry_after(response), detail }
}

/// RFC 6749, section 5.2. It goes into the log, so it must be short and printable.
fn is_error_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether this code is about the application and its settings, so that trying again does not help (RFC 6749, sections
/// 4.1.2.1 and 5.2; RFC 8707, section 2).
pub(super) fn is_of_settings(code: &str) -> bool {
    !advice(code).is_empty()
}

/// Which setting to look at.
pub(super) fn advice(code: &str) -> &'static str {
    match code {
        "invalid_client" => {
            ": check OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, and the way in which the client authenticates"
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            ": allow the client of OIDC_CLIENT_ID, at the provider, the authorization code and refresh tokens"
        }
        "redirect_uri_mismatch" | "invalid_redirect_uri" => {
            ": register PUBLIC_ORIGIN/auth/callback as the redirect URI at the provider, exactly as it is sent"
        }
        "unsupported_response_type" | "unsupported_response_mode" => {
            ": allow the client of OIDC_CLIENT_ID, at the provider, the authorization code flow, and check \
             OIDC_AUTHORIZATION_PARAMS"
        }
        "invalid_scope" => ": check OIDC_SCOPES",
        "invalid_target" => ": check OIDC_RESOURCE and OIDC_AUDIENCE",
        _ => "",
    }
}

/// A description of the answer for the log, without any part of its body.
pub(super) fn describe(response: &Response) -> String {
    let status = response.status();
    if status.is_success() {
        format!("the provider answered {status} out of form")
    } else {
        format!("the provider answered {status}")
    }
}
