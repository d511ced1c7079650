//! Better Auth: a session cookie of the auth server, replayed byte for byte, and short-lived tokens for the resource
//! API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use http::header::{HeaderValue, ORIGIN};
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    BaseUrl, Caller, Clock, Field, Grant, Observed, Provider, Random, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, SecretText, SignIn, SignInError, SignedIn, Transport,
    TransportError,
};
use serde_json::{Value, json};

use super::wire::{
    PASSWORD, bearer, cookie, credentials, digest, field, get, give_cookie, given_cookie, header, in_doubt,
    is_password, json, json_body, jwt, living_claims, lock, opaque, or_ended, or_unavailable, password,
    person, post_json, set_bearer, set_cookies, signed_out, unix_secs, unusable,
};

const ORIGIN_OF_AUTH: &str = "http://auth.test";
const AUTH: &str = "http://auth.test/api/v1/auth";
const API: &str = "http://api.test";
const COOKIE: &str = "better-auth.session_token";
const LIFE: Duration = Duration::from_mins(15);

const SESSION: Field = 1;
const JWT: Field = 2;

struct BetterAuth {
    clock: Clock,
    random: Random,
    sessions: Mutex<Vec<String>>,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(BetterAuth {
        clock,
        random,
        sessions: Mutex::default(),
        issued: Mutex::new(vec![PASSWORD.to_owned()]),
    })
}

impl BetterAuth {
    /// `<token>.<hmac>`, percent-encoded. A provider that decodes the value is refused.
    fn new_session(&self) -> String {
        let token = opaque(&self.random);
        let value = format!("{token}.{}%2B%3D", digest(&token));
        lock(&self.issued).push(value.clone());
        lock(&self.sessions).push(value.clone());
        value
    }

    fn sign_in(&self, request: &Request) -> Response {
        if !is_password(&json_body(request.body())) {
            let body = json!({ "message": "Invalid email or password", "code": "INVALID_EMAIL_OR_PASSWORD" });
            return json(401, &body);
        }
        let value = self.new_session();
        let mut response = json(200, &json!({ "token": "t", "user": { "id": "u1" } }));
        give_cookie(&mut response, COOKIE, "an earlier value");
        give_cookie(&mut response, COOKIE, &value);
        response
    }

    fn token(&self, session: &str) -> Response {
        let now = unix_secs((self.clock)());
        let claims = json!({ "sub": "u1", "iss": ORIGIN_OF_AUTH, "iat": now, "exp": now + LIFE.as_secs() });
        let token = jwt(&claims);
        lock(&self.issued).push(token.clone());
        let mut response = json(200, &json!({ "token": token }));
        give_cookie(&mut response, COOKIE, session);
        response
    }

    fn auth_server(&self, request: &Request) -> Response {
        let path = request.uri().path().trim_start_matches("/api/v1/auth");
        if *request.method() == Method::POST && header(request, "origin") != Some(ORIGIN_OF_AUTH) {
            return json(403, &json!({ "message": "Invalid origin", "code": "INVALID_ORIGIN" }));
        }
        if path == "/sign-in/email" {
            return self.sign_in(request);
        }
        let session = cookie(request, COOKIE).unwrap_or_default().to_owned();
        if !lock(&self.sessions).contains(&session) {
            return match path {
                "/sign-out" => json(200, &json!({ "success": true })),
                _ => json(401, &json!({ "message": "Unauthorized", "code": "UNAUTHORIZED" })),
            };
        }
        match path {
            "/token" => self.token(&session),
            "/sign-out" => {
                lock(&self.sessions).retain(|other| *other != session);
                json(200, &json!({ "success": true }))
            }
            "/change-password" => {
                lock(&self.sessions).retain(|other| *other != session);
                let value = self.new_session();
                let mut response = json(200, &json!({ "token": "t" }));
                give_cookie(&mut response, COOKIE, &value);
                response
            }
            _ => json(404, &Value::Null),
        }
    }
}

#[async_trait]
impl BackEnd for BetterAuth {
    fn style(&self) -> Style {
        Style {
            name: "Better Auth",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::Kept,
            refresh_field: SESSION,
            reuse: Reuse::Free,
            sign_out_ends_access: false,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(Client { transport, clock: Arc::clone(&self.clock) })
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().host() == Some("auth.test") {
            return self.auth_server(&request);
        }
        match bearer(&request).and_then(|token| living_claims(token, (self.clock)())) {
            Some(_) => json(200, &json!([])),
            None => json(401, &json!({ "message": "invalid token" })),
        }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        password("not the password")
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{API}/orders");
        vec![get(&url), post_json(&url, &json!({}))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![
            json(401, &json!({ "message": "Unauthorized", "code": "UNAUTHORIZED" })),
            json(200, &Value::Null),
        ]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.sessions).len()
    }

    async fn end_sessions(&self) {
        lock(&self.sessions).clear();
    }

    async fn change_credentials(&self) -> Option<Request> {
        Some(post_json(&format!("{AUTH}/change-password"), &json!({ "newPassword": "another one" })))
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.issued).clone()
    }
}

struct Client {
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl Client {
    fn for_auth_server(caller: &Caller, session: Option<&SecretText>, mut request: Request) -> Request {
        caller.introduce(&mut request);
        request.headers_mut().insert(ORIGIN, HeaderValue::from_static(ORIGIN_OF_AUTH));
        if let Some(session) = session {
            set_cookies(&mut request, &[(COOKIE, session)]);
        }
        request
    }
}

#[async_trait]
impl Provider for Client {
    fn name(&self) -> &'static str {
        "better-auth"
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let request = post_json(&format!("{AUTH}/sign-in/email"), &credentials(attempt)?);
        let request = Self::for_auth_server(caller, None, request);
        let response = or_unavailable(self.transport.send(request).await)?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(SignInError::InvalidCredentials),
            _ => return Err(unusable(&response)),
        }
        let session = given_cookie(&response, COOKIE).ok_or_else(|| unusable(&response))?;
        match self.refresh(caller, &Grant::default().with(SESSION, session)).await {
            RefreshOutcome::Rotated(grant) => {
                Ok(SignedIn { grant: grant.for_identity(person("u1")), authenticated_at: (self.clock)() })
            }
            _ => Err(SignInError::Unavailable("no token for the resource API".to_owned())),
        }
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        if request.uri().host() == Some("auth.test") {
            *request = Self::for_auth_server(caller, grant.field(SESSION), std::mem::take(request));
        } else if let Some(token) = grant.field(JWT) {
            set_bearer(request, token);
        }
    }

    fn observe(&self, grant: &Grant, response: &Response) -> Observed {
        match given_cookie(response, COOKIE).filter(|session| grant.field(SESSION) != Some(session)) {
            Some(session) => Observed::AtOnce(Arc::new(move |grant| grant.set(SESSION, session.clone()))),
            None => Observed::Nothing,
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Free
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let request = Self::for_auth_server(caller, grant.field(SESSION), get(&format!("{AUTH}/token")));
        let response = match or_ended(self.transport.send(request).await) {
            Ok(response) => response,
            Err(end) => return end,
        };
        let signed_out = match response.status().as_u16() {
            401 => json_body(response.body())["code"].is_string(),
            200 => response.body().as_ref() == b"null",
            _ => false,
        };
        if signed_out {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let Some(token) = field(&response, "token").filter(|_| response.status().is_success()) else {
            return in_doubt(&response);
        };
        let mut renewed = grant.clone().with(JWT, token);
        if let Some(session) = given_cookie(&response, COOKIE) {
            renewed.set(SESSION, session);
        }
        renewed.access_expires_at = (self.clock)().checked_add(LIFE);
        renewed.access_lifetime = Some(LIFE);
        RefreshOutcome::Rotated(renewed)
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let request = post_json(&format!("{AUTH}/sign-out"), &json!({}));
        let request = Self::for_auth_server(caller, grant.field(SESSION), request);
        signed_out(self.transport.send(request).await)
    }
}
