use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use ironleaf_auth::{
    Asked, AuthorizedCalls, CallError, Caller, EmailAddress, Grant, Observed, Provider, Request, Response,
    SignIn, SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};

use self::signing::{KID, key_set, signed};
use super::*;
use crate::test_keys as signing;
use crate::test_transport::{Answer, Script, answer, line, lost, text, with_header};

mod accounts;
mod calls;
mod credentials;
mod refresh;
mod sessions;
mod sign_in;
mod sign_out;

const ORIGIN: &str = "https://auth.test";
const AUTH: &str = "https://auth.test/api/auth";
const API: &str = "https://api.test/v1";
const COOKIE: &str = "better-auth.session_token";
/// As the auth server signs and encodes it.
const VALUE: &str = "tokenOfTheSession.c2lnbmF0dXJl%2F%2B%3D";
const WEEK: u64 = 7 * 24 * 3600;
const QUARTER: Duration = Duration::from_mins(15);

/// A provider under test, and the script that it speaks to.
struct World {
    provider: BetterAuthProvider,
    script: Arc<Script>,
}

impl World {
    fn with(change: impl FnOnce(&mut BetterAuthSettings)) -> Self {
        let script = Script::by_path(UNIX_EPOCH + Duration::from_hours(500_000));
        let clock = script.clock();
        let mut settings = BetterAuthSettings::at(AUTH.parse().unwrap());
        settings.api_url = Some(API.parse().unwrap());
        change(&mut settings);
        let transport: Arc<dyn Transport> = Arc::<Script>::clone(&script);
        let world = Self { provider: BetterAuthProvider::new(settings, transport, clock), script };
        world.answers("/jwks", [answer(200, &key_set())]);
        world.answers("/sign-in/email", [with_session(&signed_in_answer())]);
        world.answers("/token", [world.token()]);
        world.answers("/sign-out", [answer(200, &json!({ "success": true }))]);
        world
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    /// What the auth server answers at this path from now on.
    fn answers(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.script.at(&format!("/api/auth{path}"), answers);
    }

    fn now(&self) -> SystemTime {
        self.script.now()
    }

    fn advance(&self, by: Duration) {
        self.script.advance(by);
    }

    /// The claims of a token that is issued now.
    fn claims(&self) -> Value {
        let now = self.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({
            "id": "u1", "email": "ada@test.com", "emailVerified": true, "name": "Ada", "role": "admin,user",
            "sub": "u1", "iss": ORIGIN, "aud": ORIGIN, "iat": now, "exp": now + QUARTER.as_secs(),
        })
    }

    fn token(&self) -> Answer {
        token_of(&self.claims())
    }

    async fn sign_in(&self) -> SignedIn {
        self.provider.sign_in(&caller(), password("password1"), None).await.unwrap()
    }

    /// A grant as it is after a sign-in. The calls until then are forgotten.
    async fn grant(&self) -> Grant {
        let grant = self.sign_in().await.grant;
        self.take_requests();
        grant
    }

    fn take_requests(&self) -> Vec<Request> {
        self.script.take_requests()
    }

    /// Method and path of all calls since the last time, in order.
    fn take_calls(&self) -> Vec<String> {
        self.take_requests().iter().map(line).collect()
    }
}

/// Calls with a grant, as the application makes them.
struct Calls<'a> {
    world: &'a World,
    grant: Grant,
}

#[async_trait]
impl AuthorizedCalls for Calls<'_> {
    async fn send(&self, mut request: Request) -> Result<Response, CallError> {
        self.world.provider.authorize(&caller(), &self.grant, &mut request);
        let sent = self.world.script.send(request).await;
        sent.map_err(|error| CallError::Unavailable(error.to_string()))
    }
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7))), ..Caller::default() }
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::of_record(text)
}

fn password(text: &str) -> SignIn {
    SignIn::Password { email: address("ada@test.com"), password: text.into() }
}

fn user() -> Value {
    json!({ "id": "u1", "email": "ada@test.com", "emailVerified": true, "name": "Ada", "role": "admin,user" })
}

fn signed_in_answer() -> Value {
    json!({ "redirect": false, "token": "tokenOfTheSession", "user": user() })
}

fn token_of(claims: &Value) -> Answer {
    answer(200, &json!({ "token": signed(claims) }))
}

fn error(status: u16, code: &str) -> Answer {
    answer(status, &json!({ "message": "In words", "code": code }))
}

fn throttled() -> Answer {
    with_header(answer(429, &json!({ "message": "Too many requests." })), "x-retry-after", "9")
}

fn setting(answer: Answer, cookie: &str) -> Answer {
    with_header(answer, "set-cookie", cookie)
}

/// The answer with a session of a week.
fn with_session(body: &Value) -> Answer {
    setting(answer(200, body), &format!("{COOKIE}={VALUE}; Max-Age={WEEK}; Path=/; HttpOnly; SameSite=Lax"))
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap())
}

/// Answers that are none of the auth server's, or that say nothing about a session.
fn nonsense() -> Vec<Answer> {
    let html = "<!doctype html><title>Sorry</title>";
    let mut answers: Vec<Answer> = vec![lost()];
    for status in [200, 201, 204, 302, 400, 401, 403, 404, 405, 415, 500, 502, 503] {
        for body in [html, "", "{}", "[]", "{\"", "\u{0}\u{1}", "\"null\"", "nullnull"] {
            answers.push(text(status, body));
        }
        answers.push(answer(status, &json!({ "token": 7, "user": [], "code": 7, "message": null })));
        answers.push(answer(status, &json!({ "token": "", "code": "not a code of Better Auth" })));
        answers.push(answer(status, &json!({ "token": "a\nb" })));
    }
    for status in [400, 403, 404, 500] {
        answers.push(error(status, "UNAUTHORIZED"));
    }
    for status in [201, 204, 401, 404, 500] {
        answers.push(text(status, "null"));
    }
    answers
}
