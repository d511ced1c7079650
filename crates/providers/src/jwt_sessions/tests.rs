use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::HeaderValue;
use ironleaf_auth::{
    Asked, Caller, Clock, EmailAddress, Grant, Observed, Provider, RefreshOutcome, RefreshTiming, Rejection,
    Repetition, Request, Response, Rest, SignIn, SignInError, Transport, TransportError,
};
use serde_json::{Value, json};

use super::grant::{ACCESS_TOKEN, CSRF, REFRESH_TOKEN};
use super::*;

mod calls;
mod faults;
mod refresh;
mod sign_in;
mod sign_out;

type Answer = Result<Response, TransportError>;

const START_SECS: u64 = 1_800_000_000;

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
    /// The method and path of every recorded request in order.
    fn asked(&self) -> Vec<String> {
        let describe = |request: &Request| format!("{} {}", request.method(), request.uri().path());
        self.asked.lock().unwrap().iter().map(describe).collect()
    }

    fn header(&self, index: usize, name: &str) -> Option<String> {
        header(&self.asked.lock().unwrap()[index], name)
    }

    fn body(&self, index: usize) -> Value {
        serde_json::from_slice(self.asked.lock().unwrap()[index].body()).unwrap_or(Value::Null)
    }
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START_SECS)
}

fn settings() -> JwtSessionsSettings {
    JwtSessionsSettings::at("http://rails.test/api/".parse().unwrap())
}

fn with_cookies() -> JwtSessionsSettings {
    JwtSessionsSettings { access_transport: AccessTransport::Cookie, ..settings() }
}

fn scripted(
    settings: JwtSessionsSettings,
    answers: impl IntoIterator<Item = Answer>,
) -> (JwtSessionsProvider, Arc<Script>) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        asked: Mutex::default(),
        now: Mutex::new(start()),
    });
    let clock: Clock = {
        let script = Arc::clone(&script);
        Arc::new(move || *script.now.lock().unwrap())
    };
    (JwtSessionsProvider::new(settings, Arc::<Script>::clone(&script), clock), script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "a script is a list of answers and failures")]
fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(http::Response::builder().status(status).body(body.into()).unwrap())
}

fn answer(status: u16, body: &Value) -> Answer {
    text(status, body.to_string())
}

fn with_header(answer: Answer, name: &'static str, value: &str) -> Answer {
    let mut response = answer?;
    response.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    Ok(response)
}

fn throttled() -> Answer {
    with_header(text(429, "Slow down"), "retry-after", "30")
}

fn lost() -> Answer {
    Err(TransportError::Interrupted("reset".to_owned()))
}

fn unreachable() -> Answer {
    Err(TransportError::NotSent("connection refused".to_owned()))
}

/// A token with this payload.
fn jwt(payload: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()))
}

/// The access token with this number, which lives for an hour from the first answer.
fn access(number: u64) -> String {
    jwt(&json!({ "user_id": 7, "uid": number, "exp": START_SECS + 1 + 3600 }))
}

fn refresh_token() -> String {
    jwt(&json!({ "ruid": 1, "exp": START_SECS + 1 + 604_800 }))
}

/// The body of an answer to a sign-in.
fn login() -> Value {
    json!({
        "csrf": "bWFzazE=", "access": access(1), "access_expires_at": "2027-01-15 09:00:00 +0000",
        "refresh": refresh_token(), "refresh_expires_at": "2027-01-22T08:00:00.000Z",
    })
}

/// The body of an answer to a refresh.
fn refreshed() -> Value {
    json!({ "csrf": "bWFzazI=", "access": access(2), "access_expires_at": "2027-01-15 10:00:00 +0000" })
}

/// The body without a field.
fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().unwrap().remove(field);
    body
}

/// The body with another value of a field.
fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

fn password() -> SignIn {
    SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "password1".into() }
}

/// A grant as it is after a sign-in.
async fn grant() -> Grant {
    let (provider, _) = scripted(settings(), [answer(200, &login())]);
    provider.sign_in(&caller(), password(), None).await.unwrap().grant
}

fn exposed(grant: &Grant, field: u8) -> Option<&str> {
    grant.field(field).map(ironleaf_auth::SecretText::expose)
}
