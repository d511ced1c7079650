//! An API with the gem `jwt_sessions`: the access token in a cookie, a value against forged requests beside it, and a
//! refresh token in a header.

use std::time::{Duration, SystemTime};

use http::header::DATE;
use http::{HeaderValue, Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::core_api::answer::{Answer, Pair};
use crate::core_api::call::Call;
use crate::core_api::ids::FamilyId;
use crate::core_api::message::{self, cookie, header, signs_in, text};
use crate::core_api::people::{address_of, subject_of};
use crate::core_api::tokens::{Access, access_token, payload, unsigned};

const ACCESS: &str = "jwt_access";
const REFRESH: &str = "x-refresh-token";
const CSRF: &str = "x-csrf-token";

/// A refresh token. The gem writes no `iat`.
#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    ruid: u32,
    exp: u64,
}

pub(crate) fn read(request: &Request) -> Option<Call> {
    let access = || cookie(request, ACCESS).and_then(Access::read);
    let refresh = || Some(FamilyId(payload::<RefreshClaims>(header(request, REFRESH)?)?.ruid));
    Some(match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/login") => Call::SignIn { person: signs_in(request)? },
        (&Method::POST, "/v1/refresh") => match refresh() {
            Some(family) => Call::Refresh { family, generation: 0, key: None },
            None => Call::Nameless,
        },
        (&Method::DELETE, "/v1/logout") => match refresh() {
            Some(family) => Call::SignOut { family, access: None },
            None => Call::Nameless,
        },
        (&Method::GET, "/v1/me") => Call::CurrentUser { access: access() },
        (&Method::POST, "/v1/notes") => Call::Write { access: access(), csrf: csrf_of(request) },
        _ => return None,
    })
}

/// Every form of one value is good until the next refresh.
fn csrf_of(request: &Request) -> Option<(FamilyId, u32)> {
    let mut parts = header(request, CSRF)?.strip_prefix("csrf-")?.split('-');
    Some((FamilyId(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?))
}

fn csrf(family: FamilyId, generation: u32, mask: u64) -> String {
    format!("csrf-{}-{generation}-{mask}", family.0)
}

/// Failures are text.
pub(crate) fn respond(call: &Call, answer: Answer) -> Response {
    match answer {
        Answer::Tokens(pair) => tokens(&pair, matches!(call, Call::SignIn { .. })),
        Answer::User { person, email } => {
            let (id, email) = (subject_of(person), address_of(person, email));
            let user = json!({ "user_id": id, "email": email, "roles": ["member"] });
            message::json(StatusCode::OK, user.to_string())
        }
        Answer::Written { family, generation, mask } => {
            let mut response = message::json(StatusCode::OK, "{}".to_owned());
            let value = HeaderValue::from_str(&csrf(family, generation, mask)).expect("it is plain text");
            response.headers_mut().insert(CSRF, value);
            response
        }
        Answer::Done => message::json(StatusCode::OK, "\"ok\"".to_owned()),
        Answer::InvalidCredentials | Answer::Unauthorized => text(StatusCode::UNAUTHORIZED, "Unauthorized"),
        _ => text(StatusCode::NOT_FOUND, "Not found"),
    }
}

/// A refresh brings no refresh token: the one that was presented stays, and so does its end.
fn tokens(pair: &Pair, with_refresh: bool) -> Response {
    let mut answer = json!({
        "csrf": csrf(pair.family, pair.generation, pair.now),
        "access": access_token(pair, false),
        "access_expires_at": "2027-01-15 09:00:00 +0000",
    });
    if with_refresh {
        let claims = RefreshClaims { ruid: pair.family.0, exp: pair.now + pair.refresh_ttl_secs };
        answer["refresh"] = unsigned(&claims).into();
        answer["refresh_expires_at"] = "2027-01-22T08:00:00Z".into();
    }
    let mut response = message::json(StatusCode::OK, answer.to_string());
    let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(pair.now));
    response.headers_mut().insert(DATE, HeaderValue::from_str(&date).expect("it is plain text"));
    response
}
