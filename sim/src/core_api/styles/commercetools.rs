//! The commercetools profile of OAuth 2: a refresh token that does not rotate, guests, and their carts.

use http::{Method, StatusCode};
use ironleaf_auth::{Request, Response};
use serde_json::{Value, json};

use crate::core_api::answer::{Answer, Pair};
use crate::core_api::authorization::Form;
use crate::core_api::call::{Call, CartCall};
use crate::core_api::ids::{FamilyId, PersonId};
use crate::core_api::message::{self, signs_in};
use crate::core_api::openid::is_from_the_client;
use crate::core_api::people::{
    address_of, cart_id, guest_id, guest_of_cart, person_at, person_of, subject_of,
};
use crate::core_api::tokens::{Access, access_token, read_refresh_token, refresh_token};

pub(crate) fn read(request: &Request) -> Option<Call> {
    let path = request.uri().path();
    match path.strip_prefix("/sim/me") {
        Some(path) => of_me(request, path),
        None if *request.method() == Method::POST && is_from_the_client(request) => {
            of_client(request, path, &Form::read(request.body()))
        }
        None => None,
    }
}

fn of_client(request: &Request, path: &str, form: &Form) -> Option<Call> {
    match (path, form.get("grant_type")) {
        ("/oauth/sim/customers/token", Some("password")) => {
            form.get("password")?;
            Some(Call::SignIn { person: person_of(form.get("username")?)? })
        }
        // A guest is nobody. Only the simulation knows whose browser it is.
        ("/oauth/sim/anonymous/token", Some("client_credentials")) => {
            Some(Call::Guest { person: person_at(request)? })
        }
        ("/oauth/token", Some("refresh_token")) => {
            let (family, generation) = read_refresh_token(form.get("refresh_token")?)?;
            Some(Call::Refresh { family, generation, key: None })
        }
        ("/oauth/token/revoke", _) => {
            let token = form.get("token")?;
            match read_refresh_token(token) {
                Some((family, _)) => Some(Call::SignOut { family, access: None }),
                None => Some(Call::RevokeAccess { access: Access::read(token)? }),
            }
        }
        _ => None,
    }
}

fn of_me(request: &Request, path: &str) -> Option<Call> {
    let access = Access::of(request);
    let cart = path.strip_prefix("/carts/").and_then(guest_of_cart);
    let what = match (request.method(), path, cart) {
        (&Method::GET, "", _) => return Some(Call::CurrentUser { access }),
        (&Method::POST, "/login", _) => {
            return Some(Call::CarryOver { access, person: signs_in(request)? });
        }
        (&Method::GET, "/active-cart", _) => CartCall::Show,
        (&Method::POST, "/carts", _) => CartCall::Open,
        (&Method::GET, _, Some(guest)) => CartCall::Find(guest),
        (&Method::DELETE, _, Some(guest)) => CartCall::Remove(guest),
        _ => return None,
    };
    Some(Call::Cart { access, what })
}

pub(crate) fn respond(call: &Call, answer: Answer) -> Response {
    match answer {
        Answer::Tokens(pair) => {
            let is_refresh = matches!(call, Call::Refresh { .. });
            message::json(StatusCode::OK, tokens(&pair, !is_refresh).to_string())
        }
        Answer::User { person, email } => message::json(StatusCode::OK, customer(person, email).to_string()),
        Answer::Cart { guest, person } => message::json(StatusCode::OK, cart(guest, person).to_string()),
        Answer::Done => message::json(StatusCode::OK, "{}".to_owned()),
        Answer::InvalidCredentials => error(StatusCode::BAD_REQUEST, "invalid_grant"),
        Answer::Unauthorized => error(StatusCode::UNAUTHORIZED, "invalid_token"),
        _ => error(StatusCode::NOT_FOUND, "ResourceNotFound"),
    }
}

/// A refresh brings no refresh token: the one that was presented stays good.
fn tokens(pair: &Pair, with_refresh: bool) -> Value {
    let subject = if pair.is_guest {
        format!("anonymous_id:{}", guest_id(pair.family))
    } else {
        format!("customer_id:{}", subject_of(pair.person))
    };
    let mut answer = json!({
        "access_token": access_token(pair, true),
        "token_type": "Bearer",
        "expires_in": pair.ttl_secs,
        "scope": format!("manage_my_profile:sim {subject}"),
    });
    if with_refresh {
        answer["refresh_token"] = refresh_token(pair).into();
    }
    answer
}

fn customer(person: PersonId, email: u32) -> Value {
    json!({
        "id": subject_of(person), "version": 1, "email": address_of(person, email), "firstName": "Ada",
        "isEmailVerified": true,
    })
}

fn cart(guest: FamilyId, person: Option<PersonId>) -> Value {
    let mut cart = json!({ "id": cart_id(guest), "version": 1, "cartState": "Active" });
    match person {
        Some(person) => cart["customerId"] = subject_of(person).into(),
        None => cart["anonymousId"] = guest_id(guest).into(),
    }
    cart
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = json!({
        "statusCode": status.as_u16(), "message": code, "errors": [{ "code": code, "message": code }],
        "error": code,
    });
    message::json(status, body.to_string())
}
