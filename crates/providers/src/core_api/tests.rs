use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::{
    Accounts, Asked, Caller, Clock, EmailAddress, Grant, Observed, Provider, Random, RefreshOutcome,
    Repetition, Request, Response, SignIn, SignInError, Transport, TransportError,
};

use super::grant::{IDEMPOTENCY_KEY, REFRESH_TOKEN};
use super::*;

mod accounts;
mod issuer;
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
    /// The method and path, and the body, of every recorded request in order.
    fn asked(&self) -> Vec<(String, Value)> {
        let describe = |request: &Request| {
            let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
            (format!("{} {}", request.method(), request.uri().path()), body)
        };
        self.asked.lock().unwrap().iter().map(describe).collect()
    }

    fn header(&self, index: usize, name: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked[index].headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn scripted(answers: impl IntoIterator<Item = Answer>) -> (CoreApiProvider, Arc<Script>) {
    scripted_at("http://core.test/v1/", answers)
}

/// The provider of the API at this address.
fn scripted_at(base_url: &str, answers: impl IntoIterator<Item = Answer>) -> (CoreApiProvider, Arc<Script>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        asked: Mutex::default(),
        now: Mutex::new(start()),
    });
    let clock: Clock = {
        let script = Arc::clone(&script);
        Arc::new(move || *script.now.lock().unwrap())
    };
    let random: Random = Arc::new(|buffer| buffer.fill(7));
    let provider = CoreApiProvider::new(
        CoreApiSettings::at(base_url.parse().unwrap()),
        Arc::<Script>::clone(&script),
        clock,
        random,
    );
    (provider, script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

fn answer(status: u16, body: &Value) -> Answer {
    text(status, body.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "a script is a list of answers and failures")]
fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(http::Response::builder().status(status).body(body.into()).unwrap())
}

fn error(status: u16, message: &str) -> Answer {
    answer(status, &json!({ "statusCode": status, "message": message }))
}

fn refused() -> Answer {
    error(401, "Invalid credentials")
}

fn throttled() -> Answer {
    let mut response = error(429, "Too Many Requests")?;
    response.headers_mut().insert("retry-after", http::HeaderValue::from_static("30"));
    Ok(response)
}

fn lost() -> Answer {
    Err(TransportError::Interrupted("reset".to_owned()))
}

fn unreachable() -> Answer {
    Err(TransportError::NotSent("connection refused".to_owned()))
}

fn tokens(refresh: &str) -> Answer {
    let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": "u1", "email": "user@test.com" }).to_string());
    let item =
        json!({ "accessToken": format!("e30.{claims}.c2ln"), "ttlSeconds": 1200, "refreshToken": refresh });
    answer(201, &json!({ "item": item }))
}

fn idempotent(answer: Answer) -> Answer {
    let mut response = answer?;
    response.headers_mut().insert("idempotent-refresh", http::HeaderValue::from_static("true"));
    Ok(response)
}

fn user(email: &str, unverified: Option<&str>) -> Answer {
    let mut user = json!({ "id": "u1", "email": email, "roles": ["VERIFIED_USER"], "createdAt": "2026-11-21T11:08:52Z" });
    if let Some(unverified) = unverified {
        user["unverifiedEmail"] = unverified.into();
    }
    answer(200, &json!({ "item": user }))
}

/// A grant as it is after a sign-in.
async fn grant(unverified: Option<&str>) -> Grant {
    let (provider, _) = scripted([tokens("r1"), user("user@test.com", unverified)]);
    provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap().grant
}

/// Both addresses of the grant's owner: verified and unverified.
fn addresses(grant: &Grant) -> (Option<String>, Option<String>) {
    let identity = grant.identity.clone().unwrap();
    (identity.email.clone(), identity.unverified_email.clone())
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::of_record(text)
}

fn password(email: &str) -> SignIn {
    SignIn::Password { email: address(email), password: "password1".into() }
}
