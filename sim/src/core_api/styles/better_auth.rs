//! Better Auth: an auth server with a session cookie that is sent back byte for byte, and signed tokens for the API.

use http::header::ORIGIN;
use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::{Value, json};

use crate::core_api::answer::{Answer, Pair};
use crate::core_api::call::Call;
use crate::core_api::ids::{FamilyId, PersonId};
use crate::core_api::message::{self, cookie, set_cookie, signs_in};
use crate::core_api::people::{address_of, subject_of};
use crate::core_api::signing;
use crate::core_api::times::SESSION_LIFE;
use crate::core_api::tokens::{Access, Claims};
use crate::timeline::HEAD_START;

const ORIGIN_OF_AUTH: &str = "http://auth.test";
const BASE_PATH: &str = "/api/v1/auth";
const COOKIE: &str = "better-auth.session_token";
/// The end of a cookie's value, percent-encoded as its signature is.
const SIGNATURE: &str = ".c2lnbmF0dXJlIG9mIHRoZSBzaW11bGF0aW9u%2B8%3D";

pub(crate) fn read(request: &Request) -> Option<Call> {
    let path = request.uri().path();
    if request.uri().host() == Some("auth.test") {
        return to_auth_server(request, path.strip_prefix(BASE_PATH)?);
    }
    (path == "/v1/me").then(|| Call::CurrentUser { access: access_of(request) })
}

/// Every request but the one for the keys needs the server's own origin.
fn to_auth_server(request: &Request, path: &str) -> Option<Call> {
    if path == "/jwks" {
        return Some(Call::Keys);
    }
    request.headers().get(ORIGIN).filter(|origin| *origin == ORIGIN_OF_AUTH)?;
    let family = cookie(request, COOKIE).and_then(family_of);
    Some(match (request.method(), path) {
        (&Method::POST, "/sign-in/email") => Call::SignIn { person: signs_in(request)? },
        (&Method::GET, "/token") => match family {
            Some(family) => Call::Refresh { family, generation: 0, key: None },
            None => Call::Nameless,
        },
        (&Method::GET, "/list-sessions") => Call::ListSessions { family },
        (&Method::POST, "/sign-out") => match family {
            Some(family) => Call::SignOut { family, access: None },
            None => Call::Nameless,
        },
        _ => return None,
    })
}

fn family_of(value: &str) -> Option<FamilyId> {
    value.strip_suffix(SIGNATURE)?.parse().ok().map(FamilyId)
}

/// The token says its end by the clocks of people, which the head start of the API's own is not in.
fn access_of(request: &Request) -> Option<Access> {
    let access = Access::of(request)?;
    Some(Access { expires_at: access.expires_at + HEAD_START.as_secs(), ..access })
}

pub(crate) fn respond(call: &Call, answer: Answer) -> Response {
    let renewed = |mut response: Response, family: Option<FamilyId>| {
        if let Some(family) = family {
            set_session(&mut response, family);
        }
        response
    };
    match answer {
        Answer::Tokens(pair) if matches!(call, Call::SignIn { .. }) => {
            let answer = json!({ "token": "in-clear", "user": user(pair.person, pair.email) });
            renewed(message::json(StatusCode::OK, answer.to_string()), Some(pair.family))
        }
        Answer::Tokens(pair) => {
            let answer = json!({ "token": token(&pair) });
            renewed(message::json(StatusCode::OK, answer.to_string()), pair.renewed.then_some(pair.family))
        }
        Answer::User { person, email } => message::json(StatusCode::OK, user(person, email).to_string()),
        Answer::Keys(published) => signing::published(published),
        Answer::Sessions { renewed: family } => {
            renewed(message::json(StatusCode::OK, "[]".to_owned()), family)
        }
        Answer::NotFresh { renewed: family } => {
            renewed(error(StatusCode::FORBIDDEN, "SESSION_NOT_FRESH"), family)
        }
        Answer::Nobody => message::json(StatusCode::OK, "null".to_owned()),
        Answer::Done => message::json(StatusCode::OK, r#"{"success":true}"#.to_owned()),
        Answer::InvalidCredentials | Answer::Unauthorized => error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        _ => error(StatusCode::NOT_FOUND, "NOT_FOUND"),
    }
}

fn set_session(response: &mut Response, family: FamilyId) {
    set_cookie(response, COOKIE, &format!("{}{SIGNATURE}", family.0), SESSION_LIFE.as_secs());
}

/// A token for the API, signed with the newest key.
fn token(pair: &Pair) -> String {
    let mut claims = serde_json::to_value(Claims::of(pair, true)).unwrap_or_default();
    let head_start = HEAD_START.as_secs();
    claims["iat"] = (pair.issued_at - head_start).into();
    claims["exp"] = (pair.expires_at - head_start).into();
    claims["iss"] = ORIGIN_OF_AUTH.into();
    claims["aud"] = ORIGIN_OF_AUTH.into();
    claims["emailVerified"] = true.into();
    signing::id_token(&claims, pair.key)
}

fn user(person: PersonId, email: u32) -> Value {
    json!({
        "id": subject_of(person), "email": address_of(person, email), "emailVerified": true, "name": "Ada Lovelace",
    })
}

fn error(status: StatusCode, code: &str) -> Response {
    message::json(status, json!({ "message": code, "code": code }).to_string())
}
