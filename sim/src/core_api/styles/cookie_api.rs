//! An API that keeps its tokens in two cookies, as a Nest application does.

use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::{Value, json};

use crate::core_api::answer::Answer;
use crate::core_api::call::Call;
use crate::core_api::ids::PersonId;
use crate::core_api::message::{self, cookie, error, set_cookie, signs_in};
use crate::core_api::people::{address_of, subject_of};
use crate::core_api::tokens::{Access, access_token, read_refresh_token, refresh_token};

const ACCESS: &str = "access_token";
const REFRESH: &str = "refresh_token";

/// The refresh cookie counts at its two addresses only.
pub(crate) fn read(request: &Request) -> Option<Call> {
    let access = || cookie(request, ACCESS).and_then(Access::read);
    let refresh = || cookie(request, REFRESH).and_then(read_refresh_token);
    Some(match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/auth/login") => Call::SignIn { person: signs_in(request)? },
        (&Method::POST, "/v1/auth/refresh") => match refresh() {
            Some((family, generation)) => Call::Refresh { family, generation, key: None },
            None => Call::Nameless,
        },
        (&Method::POST, "/v1/auth/logout") => match refresh() {
            Some((family, _)) => Call::SignOut { family, access: access() },
            None => Call::Nameless,
        },
        (&Method::GET, "/v1/users/me") => Call::CurrentUser { access: access() },
        _ => return None,
    })
}

pub(crate) fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Tokens(pair) => {
            let mut response = message::json(StatusCode::OK, r#"{"message":"Logged in"}"#.to_owned());
            set_cookie(&mut response, ACCESS, &access_token(&pair, true), pair.ttl_secs);
            set_cookie(&mut response, REFRESH, &refresh_token(&pair), pair.refresh_ttl_secs);
            response
        }
        Answer::User { person, email } => message::json(StatusCode::OK, user(person, email).to_string()),
        Answer::Done => message::json(StatusCode::OK, r#"{"message":"Logged out"}"#.to_owned()),
        Answer::Forbidden => error(StatusCode::FORBIDDEN, "Access Denied"),
        Answer::InvalidCredentials | Answer::Unauthorized => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
        _ => error(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn user(person: PersonId, email: u32) -> Value {
    json!({
        "id": subject_of(person), "email": address_of(person, email), "emailVerified": true,
        "firstName": "Ada", "lastName": "Lovelace", "roles": ["member"],
    })
}
