//! What the providers that speak OAuth 2.0 (RFC 6749) share: forms, client credentials, and tokens in answers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ironleaf_auth::{Request, Response, SecretText, TransportError};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::answer::{json, seconds, secret_header};

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

/// The tokens of one answer of a token endpoint.
pub(crate) struct Tokens {
    pub(crate) access_token: SecretText,
    /// `None` where the one that was presented stays good (RFC 6749, section 6), or where none was issued.
    pub(crate) refresh_token: Option<SecretText>,
    /// `None` if the answer does not say.
    pub(crate) lifetime: Option<Duration>,
    /// `None` if the answer does not say, or says that there is no end.
    pub(crate) refresh_lifetime: Option<Duration>,
    #[cfg(feature = "oidc")]
    pub(crate) id_token: Option<SecretText>,
    #[cfg(feature = "commercetools")]
    pub(crate) scope: Option<String>,
}

/// Reads a successful answer of a token endpoint (RFC 6749, section 5.1). `who` gave it, such as `the provider`.
///
/// # Errors
///
/// What is wrong with the answer, for the log: the name of the field, and never its content.
pub(crate) fn tokens(response: &Response, who: &str) -> Result<Tokens, String> {
    let answer: Map<String, Value> = json(response).ok_or_else(|| describe(response, who))?;
    let field = |name: &str| answer.get(name).unwrap_or(&Value::Null);
    // Section 7.1: a token of an unknown type, such as `DPoP`, must not be used.
    if field("token_type").as_str().is_some_and(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
        return Err(format!("`token_type` of the answer of {who} is not `Bearer`"));
    }
    let token =
        |name: &str| token(field(name)).map_err(|()| format!("`{name}` of the answer of {who} is no token"));
    let access_token =
        token("access_token")?.ok_or_else(|| format!("the answer of {who} has no `access_token`"))?;
    // The first name is Keycloak's.
    let refresh_lifetime = life(field("refresh_expires_in"));
    Ok(Tokens {
        access_token,
        refresh_token: token("refresh_token")?,
        lifetime: life(field("expires_in")),
        refresh_lifetime: refresh_lifetime.or_else(|| life(field("refresh_token_expires_in"))),
        #[cfg(feature = "oidc")]
        id_token: token("id_token")?,
        #[cfg(feature = "commercetools")]
        scope: field("scope").as_str().map(str::to_owned),
    })
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

/// A life of zero seconds says nothing: Keycloak writes it for a token without an end.
fn life(value: &Value) -> Option<Duration> {
    seconds(value).filter(|life| !life.is_zero())
}

/// A description of the answer for the log, without any part of its body.
pub(crate) fn describe(response: &Response, who: &str) -> String {
    let status = response.status();
    let form = if status.is_success() { " out of form" } else { "" };
    format!("{who} answered {status}{form}")
}

/// RFC 6749, section 5.2. It goes into the log, so it must be short and printable.
pub(crate) fn is_error_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(change: impl FnOnce(&mut Value)) -> Result<Tokens, String> {
        let mut body =
            json!({ "access_token": "a", "refresh_token": "r", "token_type": "bearer", "expires_in": 600 });
        change(&mut body);
        tokens(&Response::new(Bytes::from(body.to_string())), "the server")
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        read(change).err().expect("an answer that is refused")
    }

    #[test]
    fn an_answer_has_its_tokens_and_their_lives() {
        let tokens = read(|_| {}).unwrap();
        assert_eq!((tokens.access_token.expose(), tokens.refresh_token), ("a", Some("r".into())));
        assert_eq!((tokens.lifetime, tokens.refresh_lifetime), (Some(Duration::from_mins(10)), None));
    }

    #[test]
    fn a_life_that_is_not_stated_is_not_known() {
        for (stated, secs) in [
            (json!("3600"), Some(3600)),
            (json!(1.9), Some(1)),
            (json!(0), None),
            (json!(-1), None),
            (json!("soon"), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            let lifetime = secs.map(Duration::from_secs);
            assert_eq!(
                read(|body| body["expires_in"] = stated.clone()).unwrap().lifetime,
                lifetime,
                "{stated}"
            );
            for name in ["refresh_expires_in", "refresh_token_expires_in"] {
                let tokens = read(|body| body[name] = stated.clone()).unwrap();
                assert_eq!(tokens.refresh_lifetime, lifetime, "{name}: {stated}");
            }
        }
        // What says nothing leaves the other name its say.
        let tokens = read(|body| {
            (body["refresh_expires_in"], body["refresh_token_expires_in"]) = (json!(0), json!(60));
        });
        assert_eq!(tokens.unwrap().refresh_lifetime, Some(Duration::from_mins(1)));
    }

    #[test]
    fn a_missing_refresh_token_is_none_and_a_missing_access_token_is_a_fault() {
        for missing in [json!(""), Value::Null] {
            assert_eq!(read(|body| body["refresh_token"] = missing.clone()).unwrap().refresh_token, None);
            let detail = refused(|body| body["access_token"] = missing.clone());
            assert_eq!(detail, "the answer of the server has no `access_token`");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_repeated() {
        for name in ["access_token", "refresh_token"] {
            for hostile in [json!("a\nb"), json!(7), json!(["a"]), json!({ "a": 1 }), json!(true)] {
                let detail = refused(|body| body[name] = hostile.clone());
                assert_eq!(detail, format!("`{name}` of the answer of the server is no token"));
            }
        }
    }

    #[test]
    fn a_token_of_another_type_is_not_used() {
        assert_eq!(
            refused(|body| body["token_type"] = json!("DPoP")),
            "`token_type` of the answer of the server is not `Bearer`"
        );
        assert!(read(|body| body["token_type"] = Value::Null).is_ok(), "many leave it out");
    }

    #[test]
    fn anything_but_an_object_is_out_of_form() {
        for body in ["", "<html>", "[]", "[\"a\"]", "null", "7", "{"] {
            let told = tokens(&Response::new(Bytes::from(body)), "the server").err();
            assert_eq!(told.as_deref(), Some("the server answered 200 OK out of form"), "{body}");
        }
    }

    #[cfg(feature = "oidc")]
    #[test]
    fn an_id_token_is_read_and_checked_like_the_others() {
        assert_eq!(
            read(|body| body["id_token"] = json!("e30.e30.s")).unwrap().id_token,
            Some("e30.e30.s".into())
        );
        let detail = refused(|body| body["id_token"] = json!([]));
        assert_eq!(detail, "`id_token` of the answer of the server is no token");
    }

    #[cfg(feature = "commercetools")]
    #[test]
    fn a_scope_is_text_or_nothing() {
        assert_eq!(read(|body| body["scope"] = json!("one two")).unwrap().scope.as_deref(), Some("one two"));
        assert_eq!(read(|body| body["scope"] = json!(["one"])).unwrap().scope, None);
    }
}
