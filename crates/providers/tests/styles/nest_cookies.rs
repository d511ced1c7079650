//! `NestJS` with its tokens in cookies: every refresh rotates the token, and one reused token ends the person's
//! sessions on all devices.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    Clock, EmailAddress, Field, Provider, Random, RefreshTiming, Request, Response, SignIn, Transport,
};
use ironleaf_providers::{CookieApiProvider, CookieApiSettings};
use serde_json::{Value, json};

use super::wire::{
    EMAIL, PASSWORD, cookie, get, give_cookie, is_password, json, json_body, jwt, living_claims, lock,
    password, post_json, unix_secs,
};

const BASE: &str = "http://nest.test";
const LIFE: Duration = Duration::from_mins(30);
const REFRESH_LIFE: Duration = Duration::from_hours(7 * 24);

const REFRESH: Field = 2;

struct Nest {
    clock: Clock,
    random: Random,
    /// The valid refresh tokens of all devices.
    live: Mutex<Vec<String>>,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Nest { clock, random, live: Mutex::default(), issued: Mutex::new(vec![PASSWORD.to_owned()]) })
}

impl Nest {
    /// Tokens depend on the second in which they are issued: two sign-ins in the same second get the same tokens.
    fn issue(&self) -> Response {
        let now = unix_secs((self.clock)());
        let token = |kind: &str, life: Duration| {
            jwt(&json!({ "sub": "p1", "kind": kind, "iat": now, "exp": now + life.as_secs() }))
        };
        let (access, refresh) = (token("access", LIFE), token("refresh", REFRESH_LIFE));
        lock(&self.issued).extend([access.clone(), refresh.clone()]);
        let mut response = json(200, &json!({ "message": "Logged in" }));
        give_cookie(&mut response, "access_token", &access);
        give_cookie(&mut response, "refresh_token", &refresh);
        lock(&self.live).push(refresh);
        response
    }

    fn login(&self, request: &Request) -> Response {
        let body = json_body(request.body());
        if is_password(&body) {
            self.issue()
        } else if body["email"] == EMAIL {
            error(401, &json!("Invalid credentials"))
        } else {
            error(400, &json!(["email must belong to an account"]))
        }
    }

    fn refresh(&self, request: &Request) -> Response {
        let token = self.living_cookie(request, "refresh_token");
        let Some(token) = token else {
            return error(401, &json!("Unauthorized"));
        };
        let mut live = lock(&self.live);
        if !live.contains(&token) {
            live.clear();
            return error(403, &json!("Access Denied"));
        }
        live.retain(|other| *other != token);
        drop(live);
        self.issue()
    }

    fn living_cookie(&self, request: &Request, name: &str) -> Option<String> {
        let value = cookie(request, name)?;
        living_claims(value, (self.clock)()).map(|_| value.to_owned())
    }

    fn logout(&self, request: &Request) -> Response {
        let access = self.living_cookie(request, "access_token");
        let refresh = self.living_cookie(request, "refresh_token");
        let (Some(_), Some(refresh)) = (access, refresh) else {
            return error(401, &json!("Unauthorized"));
        };
        lock(&self.live).retain(|other| *other != refresh);
        json(200, &json!({ "message": "Logged out" }))
    }
}

#[async_trait]
impl BackEnd for Nest {
    fn style(&self) -> Style {
        Style {
            name: "NestJS with cookies",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::New,
            refresh_field: REFRESH,
            reuse: Reuse::EndsEverySession,
            sign_out_ends_access: false,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(CookieApiProvider::new(
            CookieApiSettings::at(BASE.parse().unwrap()),
            transport,
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
        ))
    }

    async fn answer(&self, request: Request) -> Response {
        let is_for_both = ["/auth/refresh", "/auth/logout"].contains(&request.uri().path());
        assert!(is_for_both || cookie(&request, "refresh_token").is_none(), "the refresh cookie went astray");
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/auth/login") => self.login(&request),
            (&Method::POST, "/auth/refresh") => self.refresh(&request),
            (&Method::POST, "/auth/logout") => self.logout(&request),
            _ if self.living_cookie(&request, "access_token").is_some() => {
                json(200, &json!({ "id": "p1", "email": EMAIL, "emailVerified": true }))
            }
            _ => error(401, &json!("Unauthorized")),
        }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        SignIn::Password { email: EmailAddress::of_record("nobody@test.com"), password: PASSWORD.into() }
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{BASE}/users/me");
        vec![get(&url), post_json(&url, &json!({}))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![error(401, &json!("Unauthorized")), error(403, &json!(["Access Denied"]))]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.live).len()
    }

    async fn end_sessions(&self) {
        lock(&self.live).clear();
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.issued).clone()
    }
}

fn error(status: u16, message: &Value) -> Response {
    json(status, &json!({ "statusCode": status, "message": message }))
}
