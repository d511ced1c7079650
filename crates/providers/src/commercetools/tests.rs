use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use ironleaf_auth::{
    Asked, Caller, Clock, EmailAddress, Grant, Identity, Observed, Provider, RefreshOutcome, Request,
    Response, SignIn, SignInError, Transport, TransportError,
};
use serde_json::{Value, json};

use super::grant::{ACCESS_TOKEN, CART, REFRESH_TOKEN};
use super::*;

mod accounts;
mod cart;
mod refresh;
mod sign_in;
mod sign_out;

type Answer = Result<Response, TransportError>;

/// A transport that gives scripted answers and records the requests. Every call takes one second of the mock clock.
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<Request>>,
    now: Mutex<SystemTime>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Answer {
        self.asked.lock().unwrap().push(request);
        *self.now.lock().unwrap() += Duration::from_secs(1);
        self.answers.lock().unwrap().pop_front().expect("one call more than expected")
    }
}

impl Script {
    /// Host, method, path and query of every recorded request in order.
    fn asked(&self) -> Vec<String> {
        let describe = |request: &Request| {
            let host = request.uri().host().unwrap().strip_suffix(".test").unwrap();
            format!("{host} {} {}", request.method(), request.uri().path_and_query().unwrap())
        };
        self.asked.lock().unwrap().iter().map(describe).collect()
    }

    fn form(&self, index: usize) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.asked.lock().unwrap()[index].body()).into_owned().collect()
    }

    fn body(&self, index: usize) -> Value {
        serde_json::from_slice(self.asked.lock().unwrap()[index].body()).unwrap()
    }

    fn header(&self, index: usize, name: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked[index].headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn settings() -> CommercetoolsSettings {
    CommercetoolsSettings {
        scopes: vec!["manage_my_profile:shop".to_owned(), "manage_my_orders:shop".to_owned()],
        ..CommercetoolsSettings::of(
            "https://auth.test".parse().unwrap(),
            "https://api.test/".parse().unwrap(),
            "shop",
            "my client",
            "a secret: 50%".into(),
        )
    }
}

fn scripted(answers: impl IntoIterator<Item = Answer>) -> (CommercetoolsProvider, Arc<Script>) {
    with_settings(settings(), answers)
}

fn with_settings(
    settings: CommercetoolsSettings,
    answers: impl IntoIterator<Item = Answer>,
) -> (CommercetoolsProvider, Arc<Script>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        asked: Mutex::default(),
        now: Mutex::new(start()),
    });
    let clock: Clock = {
        let script = Arc::clone(&script);
        Arc::new(move || *script.now.lock().unwrap())
    };
    (CommercetoolsProvider::new(settings, Arc::<Script>::clone(&script), clock), script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

fn asked(method: Method, path: &str) -> Asked {
    Asked { method, uri: format!("https://api.test{path}").parse().unwrap() }
}

fn answer(status: u16, body: &Value) -> Answer {
    text(status, body.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "a script is a list of answers and failures")]
fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(http::Response::builder().status(status).body(body.into()).unwrap())
}

/// An error as the mock writes it: the code stands in the list.
fn error(status: u16, code: &str) -> Answer {
    let errors = json!([{ "code": code, "message": "Sorry." }]);
    answer(status, &json!({ "statusCode": status, "message": "Sorry.", "errors": errors }))
}

fn throttled() -> Answer {
    let mut response = text(429, "Slow down")?;
    response.headers_mut().insert("retry-after", http::HeaderValue::from_static("30"));
    Ok(response)
}

fn lost() -> Answer {
    Err(TransportError::Interrupted("reset".to_owned()))
}

fn unreachable() -> Answer {
    Err(TransportError::NotSent("connection refused".to_owned()))
}

/// Tokens with a refresh token, of this subject.
fn tokens(subject: &str) -> Answer {
    answer(200, &token_body("a1", Some("shop:r1"), subject))
}

/// Tokens as the answer to a refresh has them.
fn renewed(subject: &str) -> Answer {
    answer(200, &token_body("a2", None, subject))
}

fn token_body(access: &str, refresh: Option<&str>, subject: &str) -> Value {
    let mut body = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 172_800,
        "scope": format!("manage_my_profile:shop manage_my_orders:shop {subject}").trim(),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    body
}

const CUSTOMER: &str = "customer_id:c1";
const GUEST: &str = "anonymous_id:g1";

fn record(id: &str, email: &str) -> Answer {
    let body = json!({
        "id": id, "version": 3, "email": email, "firstName": "Ada", "lastName": " Lovelace ",
        "isEmailVerified": true, "addresses": [], "authenticationMode": "Password",
    });
    answer(200, &body)
}

fn cart(state: &str, owner: &Value) -> Value {
    let mut cart =
        json!({ "type": "Cart", "id": "cart-1", "version": 7, "cartState": state, "lineItems": [] });
    for (name, value) in owner.as_object().unwrap() {
        cart[name] = value.clone();
    }
    cart
}

/// A grant as it is after the sign-in of a customer.
async fn customer() -> Grant {
    let (provider, _) = scripted([tokens(CUSTOMER), record("c1", "user@test.com")]);
    provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap().grant
}

/// A grant as it is after the first request of a guest.
async fn guest() -> Grant {
    let (provider, _) = scripted([tokens(GUEST)]);
    provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap().grant
}

async fn guest_with_cart() -> Grant {
    guest().await.with(CART, "cart-1")
}

fn password(email: &str) -> SignIn {
    SignIn::Password { email: EmailAddress::of_record(email), password: "password1".into() }
}
