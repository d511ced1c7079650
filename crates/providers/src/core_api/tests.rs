use std::net::{IpAddr, Ipv6Addr};
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::{
    Accounts, Asked, Caller, Challenge, EmailAddress, Grant, Observed, Provider, Random, RefreshOutcome,
    Repetition, Request, Response, SignIn, SignInError, Transport, TransportError,
};

use super::grant::{IDEMPOTENCY_KEY, REFRESH_TOKEN};
use super::*;
use crate::test_transport::{Answer, Script, answer, json_body, line, lost, text, unreachable, with_header};

mod accounts;
mod issuer;
mod people;
mod refresh;
mod sign_in;
mod sign_out;

/// What is recorded of a request here.
trait Recorded {
    fn asked(&self) -> Vec<(String, Value)>;
}

impl Recorded for Script {
    /// The method and path, and the body, of every request in order.
    fn asked(&self) -> Vec<(String, Value)> {
        self.each(|request| (line(request), json_body(request)))
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
    let script = Script::in_order(start(), Duration::from_secs(1), answers);
    let random: Random = Arc::new(|buffer| buffer.fill(7));
    let provider = CoreApiProvider::new(
        CoreApiSettings::at(base_url.parse().unwrap()),
        Arc::<Script>::clone(&script),
        script.clock(),
        random,
    );
    (provider, script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

fn error(status: u16, message: &str) -> Answer {
    answer(status, &json!({ "statusCode": status, "message": message }))
}

fn refused() -> Answer {
    error(401, "Invalid credentials")
}

fn throttled() -> Answer {
    with_header(error(429, "Too Many Requests"), "retry-after", "30")
}

fn tokens(refresh: &str) -> Answer {
    let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": "u1", "email": "user@test.com" }).to_string());
    let item =
        json!({ "accessToken": format!("e30.{claims}.c2ln"), "ttlSeconds": 1200, "refreshToken": refresh });
    answer(201, &json!({ "item": item }))
}

fn idempotent(answer: Answer) -> Answer {
    with_header(answer, "idempotent-refresh", "true")
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
