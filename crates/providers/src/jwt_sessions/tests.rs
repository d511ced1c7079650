use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, Observed, Provider, RefreshOutcome, RefreshTiming, Rejection,
    Repetition, Request, Response, Rest, SignIn, SignInError, TransportError,
};
use serde_json::{Value, json};

use super::grant::{ACCESS_TOKEN, CSRF, REFRESH_TOKEN};
use super::*;
use crate::test_transport::{Answer, Script, answer, header, line, lost, text, unreachable, with_header};

mod calls;
mod faults;
mod refresh;
mod sign_in;
mod sign_out;

const START_SECS: u64 = 1_800_000_000;

/// What is recorded of a request here.
trait Recorded {
    fn asked(&self) -> Vec<String>;
}

impl Recorded for Script {
    /// The method and path of every request in order.
    fn asked(&self) -> Vec<String> {
        self.each(line)
    }
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
    let script = Script::in_order(start(), Duration::from_secs(1), answers);
    let clock = script.clock();
    (JwtSessionsProvider::new(settings, Arc::<Script>::clone(&script), clock), script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

fn throttled() -> Answer {
    with_header(text(429, "Slow down"), "retry-after", "30")
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
