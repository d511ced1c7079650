//! What the providers that speak OAuth 2.0 (RFC 6749) share: forms, client credentials, and tokens in answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ironleaf_auth::{Request, SecretText, TransportError};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::answer::secret_header;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// A request without a body.
pub(crate) fn request(method: Method, url: &str) -> Result<Request, TransportError> {
    let built = http::Request::builder().method(method).uri(url).body(Bytes::new());
    built.map_err(|error| TransportError::NotSent(error.to_string()))
}

/// The parameters of a request. Each name is there once (RFC 6749, section 3.1), except `resource` (RFC 8707, section
/// 2).
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<(String, SecretText)>);

impl Form {
    /// Sets a parameter, in place of one with this name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.add(name, value);
    }

    /// Adds a parameter beside those with this name.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// A POST request with the form as its body.
    pub(crate) fn post(&self, url: &Url) -> Result<Request, TransportError> {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(self.0.iter().map(|(name, value)| (name, value.expose())));
        let mut request = request(Method::POST, url.as_str())?;
        *request.body_mut() = Bytes::from(body.finish());
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        request.headers_mut().insert(ACCEPT, JSON);
        Ok(request)
    }
}

#[cfg(feature = "oidc")]
impl Form {
    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The address with the form as further parameters of its query.
    pub(crate) fn query(&self, url: &Url) -> String {
        let mut url = url.clone();
        url.query_pairs_mut().extend_pairs(self.0.iter().map(|(name, value)| (name, value.expose())));
        url.into()
    }
}

/// The `Authorization` header of a client with a secret. RFC 6749, section 2.3.1: both halves are form-encoded first,
/// so that a colon in one of them is no separator.
pub(crate) fn basic(client_id: &str, secret: &SecretText) -> Option<HeaderValue> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = SecretText::from(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
    secret_header(&format!("Basic {}", STANDARD.encode(pair.expose())))
}

/// `None` for a missing token. It must be a valid header value, because it is sent in one.
pub(crate) fn token(value: &Value) -> Result<Option<SecretText>, ()> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if secret_header(text).is_some() => Ok(Some(text.as_str().into())),
        _ => Err(()),
    }
}

/// RFC 6749, section 5.2. It goes into the log, so it must be short and printable.
pub(crate) fn is_error_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
