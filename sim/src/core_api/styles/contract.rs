//! The core API: tokens in JSON, with a repetition of the last refresh by its key or without.

use http::{HeaderValue, Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::{Value, json};

use crate::core_api::answer::{Answer, Pair};
use crate::core_api::call::Call;
use crate::core_api::ids::PersonId;
use crate::core_api::message::{self, error, header, signs_in};
use crate::core_api::people::{address_of, subject_of};
use crate::core_api::tokens::{Access, access_token, read_refresh_token, refresh_token};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENT_REFRESH: &str = "idempotent-refresh";

pub(crate) fn read(request: &Request) -> Option<Call> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/v1/auth/tokens") => {
            let person = signs_in(request);
            person.map(|person| Call::SignIn { person }).or_else(|| refresh(request))
        }
        (&Method::GET, "/v1/user/users/current") => Some(Call::CurrentUser { access: Access::of(request) }),
        _ => None,
    }
}

fn refresh(request: &Request) -> Option<Call> {
    let asked: Value = serde_json::from_slice(request.body()).ok()?;
    let (family, generation) = read_refresh_token(asked.get("refreshToken")?.as_str()?)?;
    let key = header(request, IDEMPOTENCY_KEY).map(Into::into);
    Some(Call::Refresh { family, generation, key })
}

/// `is_repeatable` says with every pair whether refreshes can be repeated.
pub(crate) fn respond(answer: Answer, is_repeatable: bool) -> Response {
    match answer {
        Answer::Tokens(pair) => {
            let mut response = message::json(StatusCode::CREATED, tokens(&pair).to_string());
            if is_repeatable {
                response.headers_mut().insert(IDEMPOTENT_REFRESH, HeaderValue::from_static("true"));
            }
            response
        }
        Answer::User { person, email } => message::json(StatusCode::OK, user(person, email).to_string()),
        Answer::Done => message::json(StatusCode::OK, "{}".to_owned()),
        Answer::Forbidden => error(StatusCode::FORBIDDEN, "Forbidden"),
        Answer::InvalidCredentials => error(StatusCode::UNAUTHORIZED, "Invalid credentials"),
        Answer::Unauthorized => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
        _ => error(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn tokens(pair: &Pair) -> Value {
    json!({ "item": {
        "accessToken": access_token(pair, false),
        "ttlSeconds": pair.ttl_secs,
        "refreshToken": refresh_token(pair),
    } })
}

fn user(person: PersonId, email: u32) -> Value {
    json!({ "item": {
        "id": subject_of(person), "email": address_of(person, email), "roles": ["VERIFIED_USER"],
    } })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::AUTHORIZATION;

    use super::*;
    use crate::core_api::ids::FamilyId;

    #[test]
    fn an_access_token_says_whose_it_is() {
        let pair = Pair {
            person: PersonId(41),
            email: 3,
            family: FamilyId(5),
            is_guest: false,
            generation: 2,
            refresh_number: 2,
            refresh_ttl_secs: 100,
            renewed: false,
            issued_at: 10,
            expires_at: 20,
            ttl_secs: 10,
            now: 10,
            told_at: 10,
            authenticated_at: 10,
            nonce: None,
            key: 0,
        };
        let body = tokens(&pair);
        let bearer = format!("Bearer {}", body["item"]["accessToken"].as_str().unwrap());
        let request = http::Request::get("http://core/v1/user/users/current").header(AUTHORIZATION, bearer);
        let access = Access { person: PersonId(41), family: FamilyId(5), generation: 2, expires_at: 20 };
        let expected = Call::CurrentUser { access: Some(access) };
        assert_eq!(read(&request.body(Bytes::new()).unwrap()), Some(expected));
    }

    #[test]
    fn a_refresh_is_read_with_its_key() {
        let body = Bytes::from_static(br#"{"email":"p1+0@sim.test","refreshToken":"rt-12-3"}"#);
        let request = http::Request::post("http://core/v1/auth/tokens").header(IDEMPOTENCY_KEY, "k");
        let expected = Call::Refresh { family: FamilyId(12), generation: 3, key: Some("k".into()) };
        assert_eq!(read(&request.body(body).unwrap()), Some(expected));
    }

    #[test]
    fn what_is_out_of_form_is_no_call() {
        let request =
            http::Request::post("http://core/v1/auth/tokens").body(Bytes::from_static(b"{")).unwrap();
        assert_eq!(read(&request), None);
    }
}
