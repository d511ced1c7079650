//! Requests and answers in the form of the contract.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{Method, StatusCode};
use ironleaf_auth::{Identity, Request, Response};
use serde::{Deserialize, Serialize};

use super::authorization::{Asked, CodeId, PushedId};
use super::ids::{FamilyId, PersonId};
use super::signing::Published;
use crate::style::Style;

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENT_REFRESH: &str = "idempotent-refresh";
/// `{"alg":"EdDSA"}`.
const JWT_HEADER: &str = "eyJhbGciOiJFZERTQSJ9";
/// The length of an Ed25519 signature: 64 bytes.
const JWT_SIGNATURE_CHARS: usize = 86;

const PEOPLE: &str = "@sim.test";
const GUESTS: &str = "@guest.test";

/// The name of the session cookie, in the style that has one.
pub(crate) const SESSION_COOKIE: &str = "session";
/// A value of this length needs two of our cookies.
const COOKIE_PADDING: usize = 4200;
/// An access token with this many groups does not fit into one of our cookies either.
const CLAIMS_PADDING: usize = 3400;
/// One in this many people has a token of that size.
const PEOPLE_PER_LARGE_TOKEN: u32 = 5;

/// A request to the core API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    SignIn {
        person: PersonId,
    },
    /// A guest session, where there are guests.
    Guest {
        person: PersonId,
    },
    /// A guest signs in, and their cart goes along.
    SignInWithCart {
        person: PersonId,
        guest: FamilyId,
    },
    /// What belongs to a session beside its tokens is removed.
    CleanUp {
        family: FamilyId,
    },
    /// The person's sign-ins, which need no access token.
    ListSessions {
        cookie: Option<CookieValue>,
    },
    Refresh {
        family: FamilyId,
        generation: u32,
        key: Option<Box<str>>,
    },
    SignOut {
        family: FamilyId,
    },
    CurrentUser {
        access: Option<Access>,
        cookie: Option<CookieValue>,
    },
    /// The application asks what the provider offers.
    Metadata,
    /// It asks for the provider's keys.
    Keys,
    /// It leaves an authorization request at the provider.
    Push(Box<Asked>),
    /// It presents the code of a sign-in.
    Exchange {
        code: CodeId,
        verifier: Box<str>,
        redirect_uri: Box<str>,
    },
    /// It asks who somebody is.
    UserInfo {
        access: Option<Access>,
    },
    Unknown,
}

/// The content of a session cookie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CookieValue {
    pub(crate) family: FamilyId,
    pub(crate) serial: u32,
}

/// The content of an access token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    pub(crate) person: PersonId,
    pub(crate) family: FamilyId,
    pub(crate) generation: u32,
    /// In seconds since 1970.
    pub(crate) expires_at: u64,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Tokens(Pair),
    User {
        person: PersonId,
        email: u32,
        cookie: Option<CookieValue>,
    },
    Guest(FamilyId),
    Sessions(CookieValue),
    /// `SESSION_NOT_FRESH`.
    NotFresh(CookieValue),
    /// 200 with the body `null`.
    Nobody,
    Forbidden,
    Metadata,
    Keys(Published),
    Pushed(PushedId),
    Claims {
        person: PersonId,
        email: u32,
    },
    Done,
    InvalidCredentials,
    Unauthorized,
    NotFound,
}

/// An access token and a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    pub(crate) person: PersonId,
    /// How often the address was changed.
    pub(crate) email: u32,
    pub(crate) family: FamilyId,
    pub(crate) generation: u32,
    /// The number of the cookie's value.
    pub(crate) serial: u32,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    pub(crate) ttl_secs: u64,
    /// When it is told, and when the person signed in, by the API's clock without its head start.
    pub(crate) told_at: u64,
    pub(crate) authenticated_at: u64,
    /// That of the sign-in, in the style that has one.
    pub(crate) nonce: Option<Arc<str>>,
    /// The number of the key that signs what is told about the person.
    pub(crate) key: u32,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    email: String,
    iat: u64,
    exp: u64,
    fam: u32,
    generation: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    groups: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    #[serde(default)]
    email: String,
    password: Option<String>,
    refresh_token: Option<String>,
    /// The refresh token of a guest.
    cart_of: Option<String>,
}

impl Call {
    pub(super) fn read(request: &Request) -> Self {
        let called = match (request.method(), request.uri().path()) {
            (&Method::POST, "/v1/auth/tokens") => Self::token_call(request),
            (&Method::GET, "/v1/session/token") => CookieValue::of(request).map(|value| Self::Refresh {
                family: value.family,
                generation: value.serial,
                key: None,
            }),
            (&Method::POST, "/v1/session/sign-out") => Self::sign_out(request),
            (&Method::POST, "/v1/session/clean-up") => Self::clean_up(request),
            (&Method::GET, "/v1/session/list") => {
                Some(Self::ListSessions { cookie: CookieValue::of(request) })
            }
            (&Method::GET, "/v1/user/users/current") => {
                Some(Self::CurrentUser { access: Access::of(request), cookie: CookieValue::of(request) })
            }
            _ => None,
        };
        called.unwrap_or(Self::Unknown)
    }

    fn token_call(request: &Request) -> Option<Self> {
        let asked: TokenRequest = serde_json::from_slice(request.body()).ok()?;
        if asked.password.is_some() {
            if let Some(name) = asked.email.strip_suffix(GUESTS) {
                return Some(Self::Guest { person: person_of(&format!("{name}{PEOPLE}"))? });
            }
            let person = person_of(&asked.email)?;
            let guest = asked.cart_of.as_deref().and_then(refresh_token);
            return Some(match guest {
                Some((guest, _)) => Self::SignInWithCart { person, guest },
                None => Self::SignIn { person },
            });
        }
        let (family, generation) = refresh_token(&asked.refresh_token?)?;
        let key = request.headers().get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        Some(Self::Refresh { family, generation, key: key.map(Into::into) })
    }

    fn clean_up(request: &Request) -> Option<Self> {
        let asked: TokenRequest = serde_json::from_slice(request.body()).ok()?;
        let (family, _) = refresh_token(&asked.refresh_token?)?;
        Some(Self::CleanUp { family })
    }

    fn sign_out(request: &Request) -> Option<Self> {
        if let Some(CookieValue { family, .. }) = CookieValue::of(request) {
            return Some(Self::SignOut { family });
        }
        let asked: TokenRequest = serde_json::from_slice(request.body()).ok()?;
        let (family, _) = refresh_token(&asked.refresh_token?)?;
        Some(Self::SignOut { family })
    }
}

pub(super) fn refresh_token(text: &str) -> Option<(FamilyId, u32)> {
    let (family, generation) = text.strip_prefix("rt-")?.split_once('-')?;
    Some((FamilyId(family.parse().ok()?), generation.parse().ok()?))
}

impl CookieValue {
    fn of(request: &Request) -> Option<Self> {
        let pair = request.headers().get(COOKIE)?.to_str().ok()?;
        let mut parts = pair.strip_prefix(SESSION_COOKIE)?.strip_prefix('=')?.split('-');
        let (family, serial) = (parts.next()?, parts.next()?);
        Some(Self { family: FamilyId(family.parse().ok()?), serial: serial.parse().ok()? })
    }

    /// A `Set-Cookie` line.
    fn line(self) -> http::HeaderValue {
        let (family, serial, padding) = (self.family.0, self.serial, "x".repeat(COOKIE_PADDING));
        let line = format!("{SESSION_COOKIE}={family}-{serial}-{padding}; Path=/; HttpOnly");
        http::HeaderValue::from_str(&line).expect("it is plain text")
    }
}

impl Access {
    /// The access token that a request carries.
    pub(super) fn of(request: &Request) -> Option<Self> {
        Self::read(request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?)
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        let claims = token.split('.').nth(1)?;
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
    /// The HTTP response. With every pair, the core API says whether refreshes can be repeated.
    pub(super) fn into_response(self, style: Style) -> Response {
        match self {
            Self::Tokens(pair) => {
                let mut response = json(StatusCode::CREATED, pair.body(style));
                if style == Style::Ours {
                    let said = http::HeaderValue::from_static("true");
                    response.headers_mut().insert(IDEMPOTENT_REFRESH, said);
                }
                if style == Style::BetterAuth {
                    let value = CookieValue { family: pair.family, serial: pair.serial };
                    response.headers_mut().insert(SET_COOKIE, value.line());
                }
                response
            }
            Self::User { person, email, cookie } => {
                let mut response = json(StatusCode::OK, user_body(person, email));
                if let Some(value) = cookie {
                    response.headers_mut().insert(SET_COOKIE, value.line());
                }
                response
            }
            Self::Guest(family) => {
                let id = guest_id(family);
                json(StatusCode::OK, format!(r#"{{"item":{{"id":"{id}","roles":[],"isGuest":true}}}}"#))
            }
            Self::Sessions(value) => setting(value, json(StatusCode::OK, "[]".to_owned())),
            Self::NotFresh(value) => {
                setting(value, json(StatusCode::FORBIDDEN, r#"{"code":"SESSION_NOT_FRESH"}"#.to_owned()))
            }
            Self::Nobody => json(StatusCode::OK, "null".to_owned()),
            Self::Forbidden => error(StatusCode::FORBIDDEN, "Forbidden"),
            Self::Done => json(StatusCode::OK, "{}".to_owned()),
            Self::InvalidCredentials => error(StatusCode::UNAUTHORIZED, "Invalid credentials"),
            Self::Unauthorized => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
            // The others belong to the endpoints of OpenID Connect.
            _ => error(StatusCode::NOT_FOUND, "Not found"),
        }
    }
}

impl Pair {
    fn body(&self, style: Style) -> String {
        let (access, refresh, ttl) = (self.access_token(style), self.refresh_token(style), self.ttl_secs);
        format!(r#"{{"item":{{"accessToken":"{access}","ttlSeconds":{ttl},"refreshToken":"{refresh}"}}}}"#)
    }

    pub(super) fn access_token(&self, style: Style) -> String {
        let is_large =
            matches!(style, Style::Commercetools | Style::Graced | Style::OpenId | Style::CookieApi)
                && self.person.0.is_multiple_of(PEOPLE_PER_LARGE_TOKEN);
        let claims = Claims {
            sub: subject_of(self.person),
            email: address_of(self.person, self.email),
            iat: self.issued_at,
            exp: self.expires_at,
            fam: self.family.0,
            generation: self.generation,
            groups: if is_large { "g".repeat(CLAIMS_PADDING) } else { String::new() },
        };
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        let signature = "A".repeat(JWT_SIGNATURE_CHARS);
        format!("{JWT_HEADER}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
    }

    pub(super) fn refresh_token(&self, style: Style) -> String {
        // A token that stays the same has no generation.
        let generation = if style.rotates() { self.generation } else { 0 };
        format!("rt-{}-{generation}", self.family.0)
    }
}

/// The address of a person who has changed it this often.
pub(crate) fn address_of(person: PersonId, email: u32) -> String {
    format!("p{}+{email}{PEOPLE}", person.0)
}

/// With this address in place of theirs, a person gets a guest session.
pub(crate) fn guest_address_of(person: PersonId) -> String {
    format!("p{}+0{GUESTS}", person.0)
}

/// The core API's identifier of a guest.
pub(crate) fn guest_id(family: FamilyId) -> String {
    format!("guest-{}", family.0)
}

/// The core API's identifier of a person.
pub(crate) fn subject_of(person: PersonId) -> String {
    format!("person-{}", person.0)
}

/// What a page shows of a person.
pub(crate) fn shown_to(id: &str, email: Option<&str>) -> String {
    format!("{id} {}", email.unwrap_or_default())
}

/// The person in an answer of the API.
pub(crate) fn person_in(response: &Response) -> Option<Identity> {
    #[derive(Deserialize)]
    struct Answered {
        item: Identity,
    }
    let answered = serde_json::from_slice::<Answered>(response.body()).ok();
    answered.filter(|_| response.status().is_success()).map(|answered| answered.item)
}

/// How often the address was changed.
pub(crate) fn version_in(address: &str) -> Option<u32> {
    parts_of(address).map(|(_, email)| email)
}

fn person_of(address: &str) -> Option<PersonId> {
    parts_of(address).map(|(person, _)| person)
}

fn parts_of(address: &str) -> Option<(PersonId, u32)> {
    let (person, email) = address.strip_prefix('p')?.strip_suffix(PEOPLE)?.split_once('+')?;
    Some((PersonId(person.parse().ok()?), email.parse().ok()?))
}

fn user_body(person: PersonId, email: u32) -> String {
    let (id, email) = (subject_of(person), address_of(person, email));
    format!(r#"{{"item":{{"id":"{id}","email":"{email}","roles":["VERIFIED_USER"]}}}}"#)
}

fn setting(value: CookieValue, mut response: Response) -> Response {
    response.headers_mut().insert(SET_COOKIE, value.line());
    response
}

/// An error in the API's own form.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    json(status, format!(r#"{{"statusCode":{},"message":"{message}"}}"#, status.as_u16()))
}

/// A body with that status.
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
            email: 3,
            family: FamilyId(5),
            generation: 2,
            serial: 0,
            issued_at: 10,
            expires_at: 20,
            ttl_secs: 10,
            told_at: 10,
            authenticated_at: 10,
            nonce: None,
            key: 0,
        };
        let body: serde_json::Value = serde_json::from_str(&pair.body(Style::Ours)).unwrap();
        let bearer = format!("Bearer {}", body["item"]["accessToken"].as_str().unwrap());
        let request = http::Request::get("http://core/v1/user/users/current").header(AUTHORIZATION, bearer);
        let access = Access { person: PersonId(41), family: FamilyId(5), generation: 2, expires_at: 20 };
        let expected = Call::CurrentUser { access: Some(access), cookie: None };
        assert_eq!(Call::read(&request.body(Bytes::new()).unwrap()), expected);
    }

    #[test]
    fn a_refresh_is_read_with_its_key() {
        let body = Bytes::from_static(br#"{"email":"p1+0@sim.test","refreshToken":"rt-12-3"}"#);
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
