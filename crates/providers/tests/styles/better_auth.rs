//! Better Auth: a session cookie of the auth server, replayed byte for byte, and short-lived tokens for the resource
//! API. Only the auth server and the API are scripted: their provider is the real one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::Method;
use http::header::{CACHE_CONTROL, HeaderValue};
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{Clock, Field, Provider, Random, RefreshTiming, Request, Response, SignIn, Transport};
use ironleaf_providers::{BetterAuthProvider, BetterAuthSettings};
use serde_json::{Value, json};

use super::signing::{key_set, signed};
use super::wire::{
    EMAIL, PASSWORD, bearer, cookie, digest, get, give_cookie, header, is_password, json, json_body, lock,
    opaque, password, post_json, unix_secs,
};

const ORIGIN_OF_AUTH: &str = "http://auth.test";
const AUTH: &str = "http://auth.test/api/v1/auth";
const API: &str = "http://api.test";
const COOKIE: &str = "better-auth.session_token";
const LIFE: Duration = Duration::from_mins(15);

/// The field of the grant that holds the session cookie.
const SESSION: Field = 1;

struct BetterAuth {
    clock: Clock,
    random: Random,
    sessions: Mutex<Vec<String>>,
    issued: Mutex<Vec<String>>,
    /// The tokens for the API, and their end.
    tokens: Mutex<HashMap<String, SystemTime>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(BetterAuth {
        clock,
        random,
        sessions: Mutex::default(),
        tokens: Mutex::default(),
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
        let user = json!({ "id": "u1", "email": EMAIL, "emailVerified": true, "name": "A User" });
        let mut response = json(200, &json!({ "token": "t", "user": user }));
        give_cookie(&mut response, COOKIE, "an earlier value");
        give_cookie(&mut response, COOKIE, &value);
        response
    }

    fn token(&self, session: &str) -> Response {
        let now = (self.clock)();
        let iat = unix_secs(now);
        let (iss, aud) = (ORIGIN_OF_AUTH, ORIGIN_OF_AUTH);
        let claims = json!({ "sub": "u1", "iss": iss, "aud": aud, "iat": iat, "exp": iat + LIFE.as_secs() });
        let token = signed(&claims);
        lock(&self.tokens).insert(token.clone(), now + LIFE);
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
        if path == "/jwks" {
            let mut response = json(200, &key_set());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
            return response;
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
                let mut response = json(200, &json!({ "token": "t", "user": { "id": "u1" } }));
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
        let settings = BetterAuthSettings {
            api_url: Some(API.parse().unwrap()),
            ..BetterAuthSettings::at(AUTH.parse().unwrap())
        };
        Arc::new(BetterAuthProvider::new(settings, transport, Arc::clone(&self.clock)))
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().host() == Some("auth.test") {
            return self.auth_server(&request);
        }
        let end = bearer(&request).and_then(|token| lock(&self.tokens).get(token).copied());
        match end.filter(|end| (self.clock)() < *end) {
            Some(_) => json(200, &json!([])),
            None => json(401, &json!({ "message": "invalid token" })),
        }
    }

    /// The keys are nobody's in particular.
    fn is_told_the_address(&self, request: &Request) -> bool {
        !request.uri().path().ends_with("/jwks")
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
