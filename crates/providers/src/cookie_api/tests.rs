use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, Observed, Provider, Random, RefreshOutcome, Repetition, Request,
    Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};

use super::grant::{ACCESS, CSRF, REFRESH};
use super::*;
use crate::test_transport::{
    Answer, Script, header as request_header, line, lost, text, unreachable, with_header as header,
};

mod accounts;
mod calls;
mod faults;
mod other_apis;
mod refresh;

mod sign_in;
mod sign_out;

const HALF_HOUR: Duration = Duration::from_mins(30);
const WEEK: Duration = Duration::from_hours(7 * 24);

/// What is recorded of a request here.
trait Recorded {
    fn asked(&self) -> Vec<(String, String)>;
}

impl Recorded for Script {
    /// Method, path and cookies of every request in order.
    fn asked(&self) -> Vec<(String, String)> {
        self.each(|request| (line(request), request_header(request, "cookie").unwrap_or_default()))
    }
}

fn asked(call: &str, cookies: &str) -> (String, String) {
    (call.to_owned(), cookies.to_owned())
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

fn scripted(answers: impl IntoIterator<Item = Answer>) -> (CookieApiProvider, Arc<Script>) {
    scripted_with(answers, |_| {})
}

/// With the settings changed so.
fn scripted_with(
    answers: impl IntoIterator<Item = Answer>,
    change: impl FnOnce(&mut CookieApiSettings),
) -> (CookieApiProvider, Arc<Script>) {
    let script = Script::in_order(now(), Duration::ZERO, answers);
    let random: Random = Arc::new(|buffer| buffer.fill(7));
    let mut settings = CookieApiSettings::at("http://nest.test/api/".parse().unwrap());
    change(&mut settings);
    let transport: Arc<dyn Transport> = Arc::<Script>::clone(&script);
    (CookieApiProvider::new(settings, transport, script.clock(), random), script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), ..Caller::default() }
}

fn password() -> SignIn {
    SignIn::Password { email: EmailAddress::of_record("user@test.com"), password: "password1".into() }
}

fn answer(status: u16, body: &Value) -> Answer {
    header(text(status, body.to_string()), CONTENT_TYPE.as_str(), "application/json; charset=utf-8")
}

/// An error of the API. The message of a failed validation is a list.
fn error(status: u16, message: &Value) -> Answer {
    answer(status, &json!({ "statusCode": status, "message": message }))
}

fn sets(answer: Answer, cookie: &str) -> Answer {
    header(answer, SET_COOKIE.as_str(), cookie)
}

/// A usual answer with both cookies.
fn tokens(access: &str, refresh: &str) -> Answer {
    let answer = answer(200, &json!({ "message": "ok" }));
    let answer = sets(
        answer,
        &format!("access_token={access}; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=None"),
    );
    sets(answer, &format!("refresh_token={refresh}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=None"))
}

fn person() -> Value {
    json!({
        "id": "p1", "firstName": "Uma", "lastName": "User", "email": "user@test.com", "roles": ["evaluator"],
        "emailVerified": true, "createdAt": "2026-11-29T00:00:00Z",
    })
}

fn me() -> Answer {
    answer(200, &person())
}

/// Answers of proxies and of broken servers. None of them says anything about a session.
fn nonsense() -> Vec<Answer> {
    let html = "<!doctype html><title>Sorry</title>";
    let mut answers: Vec<Answer> =
        [200, 201, 204, 301, 302, 400, 401, 403, 404, 405, 409, 418, 422, 500, 502, 503, 504, 521]
            .into_iter()
            .flat_map(|status| {
                [text(status, html), text(status, ""), text(status, "null"), text(status, "[]")]
            })
            .collect();
    for status in [401, 403] {
        answers.extend([
            answer(status, &json!({ "message": "Forbidden" })),
            answer(status, &json!({ "statusCode": 500, "message": "Internal server error" })),
            answer(status, &json!({ "statusCode": [status] })),
            answer(status, &json!([{ "statusCode": status }])),
            text(status, "{\"statusCode\":"),
        ]);
    }
    answers.extend(["{}", "{\"", "\u{0}\u{1}", "7", "\"ok\""].map(|body| text(200, body)));
    let ok = || answer(200, &json!({ "message": "ok" }));
    answers.extend([
        ok(),
        sets(ok(), "access_token=a2"),
        sets(ok(), "refresh_token=r2"),
        sets(sets(ok(), "access_token=a2"), "refresh_token=; Max-Age=0"),
        sets(sets(ok(), "access_token="), "refresh_token=r2"),
        sets(sets(ok(), "access_token"), "refresh_token"),
        sets(sets(ok(), "Access_Token=a2"), "refresh_token=r2"),
        error(500, &json!("Internal server error")),
        error(404, &json!("Cannot POST /auth/refresh")),
        // Cookies beside an error are not an answer to the question.
        tokens("a2", "r2").map(|mut response| {
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        }),
    ]);
    answers
}

async fn sign_in(provider: &CookieApiProvider) -> Result<SignedIn, SignInError> {
    provider.sign_in(&caller(), password(), None).await
}

/// The grant after a usual sign-in.
async fn grant() -> Grant {
    let (provider, _) = scripted([tokens("a1", "r1"), me()]);
    sign_in(&provider).await.unwrap().grant
}

/// The same, when its access cookie has expired.
async fn expired() -> Grant {
    let mut grant = grant().await;
    grant.access_expires_at = Some(now());
    grant
}

fn jwt(claims: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}
