//! Requests and answers in the form of the contract.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde::{Deserialize, Serialize};

use super::{FamilyId, PersonId};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENT_REFRESH: &str = "idempotent-refresh";
/// `{"alg":"EdDSA"}`.
const JWT_HEADER: &str = "eyJhbGciOiJFZERTQSJ9";
/// As long as a signature by Ed25519: 64 bytes.
const JWT_SIGNATURE_CHARS: usize = 86;

/// What is asked of the core API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    SignIn { person: PersonId },
    Refresh { family: FamilyId, generation: u32, key: Option<Box<str>> },
    CurrentUser { access: Option<Access> },
    Unknown,
}

/// What an access token says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    pub(crate) person: PersonId,
    pub(crate) family: FamilyId,
    pub(crate) generation: u32,
    /// In seconds since 1970.
    pub(crate) expires_at: u64,
}

/// What is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Tokens(Pair),
    User(PersonId),
    InvalidCredentials,
    Unauthorized,
    NotFound,
}

/// An access token and a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    pub(crate) person: PersonId,
    pub(crate) family: FamilyId,
    pub(crate) generation: u32,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    pub(crate) ttl_secs: u64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    email: String,
    iat: u64,
    exp: u64,
    fam: u32,
    generation: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    email: String,
    password: Option<String>,
    refresh_token: Option<String>,
}

impl Call {
    pub(crate) fn read(request: &Request) -> Self {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/v1/auth/tokens") => Self::token_call(request).unwrap_or(Self::Unknown),
            (&Method::GET, "/v1/user/users/current") => {
                let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
                Self::CurrentUser { access: bearer.and_then(Access::from_bearer) }
            }
            _ => Self::Unknown,
        }
    }

    fn token_call(request: &Request) -> Option<Self> {
        let asked: TokenRequest = serde_json::from_slice(request.body()).ok()?;
        if asked.password.is_some() {
            return Some(Self::SignIn { person: person_of(&asked.email)? });
        }
        let token = asked.refresh_token?;
        let (family, generation) = token.strip_prefix("rt-")?.split_once('-')?;
        let key = request.headers().get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        Some(Self::Refresh {
            family: FamilyId(family.parse().ok()?),
            generation: generation.parse().ok()?,
            key: key.map(Into::into),
        })
    }
}

impl Access {
    fn from_bearer(header: &str) -> Option<Self> {
        let claims = header.strip_prefix("Bearer ")?.split('.').nth(1)?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Some(Self {
            person: person_of(&claims.email)?,
            family: FamilyId(claims.fam),
            generation: claims.generation,
            expires_at: claims.exp,
        })
    }
}

impl Answer {
    /// As it travels. Whether refreshes can be repeated is said with every pair.
    pub(crate) fn into_response(self, idempotent: bool) -> Response {
        match self {
            Self::Tokens(pair) => {
                let mut response = json(StatusCode::CREATED, pair.body());
                if idempotent {
                    let said = http::HeaderValue::from_static("true");
                    response.headers_mut().insert(IDEMPOTENT_REFRESH, said);
                }
                response
            }
            Self::User(person) => json(StatusCode::OK, user_body(person)),
            Self::InvalidCredentials => error(StatusCode::UNAUTHORIZED, "Invalid credentials"),
            Self::Unauthorized => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::NotFound => error(StatusCode::NOT_FOUND, "Not found"),
        }
    }
}

impl Pair {
    fn body(&self) -> String {
        let claims = Claims {
            sub: subject_of(self.person),
            email: address_of(self.person),
            iat: self.issued_at,
            exp: self.expires_at,
            fam: self.family.0,
            generation: self.generation,
        };
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let signature = "A".repeat(JWT_SIGNATURE_CHARS);
        let access = format!("{JWT_HEADER}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims));
        let refresh = format!("rt-{}-{}", self.family.0, self.generation);
        let ttl = self.ttl_secs;
        format!(r#"{{"item":{{"accessToken":"{access}","ttlSeconds":{ttl},"refreshToken":"{refresh}"}}}}"#)
    }
}

/// The address a person signs in with.
pub(crate) fn address_of(person: PersonId) -> String {
    format!("p{}@sim.test", person.0)
}

/// The identifier that the core API gave a person.
pub(crate) fn subject_of(person: PersonId) -> String {
    format!("person-{}", person.0)
}

fn person_of(address: &str) -> Option<PersonId> {
    address.strip_prefix('p')?.strip_suffix("@sim.test")?.parse().ok().map(PersonId)
}

fn user_body(person: PersonId) -> String {
    let (id, email) = (subject_of(person), address_of(person));
    format!(r#"{{"item":{{"id":"{id}","email":"{email}","roles":["VERIFIED_USER"]}}}}"#)
}

/// An error in the API's own form.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    json(status, format!(r#"{{"statusCode":{},"message":"{message}"}}"#, status.as_u16()))
}

/// A body of that status.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_token_says_whose_it_is() {
        let pair = Pair {
            person: PersonId(41),
            family: FamilyId(5),
            generation: 2,
            issued_at: 10,
            expires_at: 20,
            ttl_secs: 10,
        };
        let body: serde_json::Value = serde_json::from_str(&pair.body()).unwrap();
        let bearer = format!("Bearer {}", body["item"]["accessToken"].as_str().unwrap());
        let request = http::Request::get("http://core/v1/user/users/current").header(AUTHORIZATION, bearer);
        let access = Access { person: PersonId(41), family: FamilyId(5), generation: 2, expires_at: 20 };
        let expected = Call::CurrentUser { access: Some(access) };
        assert_eq!(Call::read(&request.body(Bytes::new()).unwrap()), expected);
    }

    #[test]
    fn a_refresh_is_read_with_its_key() {
        let body = Bytes::from_static(br#"{"email":"p1@sim.test","refreshToken":"rt-12-3"}"#);
        let request = http::Request::post("http://core/v1/auth/tokens").header(IDEMPOTENCY_KEY, "k");
        let expected = Call::Refresh { family: FamilyId(12), generation: 3, key: Some("k".into()) };
        assert_eq!(Call::read(&request.body(body).unwrap()), expected);
    }

    #[test]
    fn what_is_out_of_form_is_unknown() {
        let request =
            http::Request::post("http://core/v1/auth/tokens").body(Bytes::from_static(b"{")).unwrap();
        assert_eq!(Call::read(&request), Call::Unknown);
    }
}
