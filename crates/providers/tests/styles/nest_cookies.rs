//! `NestJS` with its tokens in cookies: every refresh rotates the token, and one reused token ends the person's
//! sessions on all devices.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    BaseUrl, Caller, Clock, EmailAddress, Field, Grant, Provider, Random, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};

use super::wire::{
    EMAIL, PASSWORD, cookie, credentials, get, give_cookie, given_cookie, in_doubt, is_password, json,
    json_body, jwt, living_claims, lock, or_ended, or_unavailable, password, person, post_json, set_cookies,
    signed_out, unix_secs, unusable,
};

const BASE: &str = "http://nest.test";
const LIFE: Duration = Duration::from_mins(30);
const REFRESH_LIFE: Duration = Duration::from_hours(7 * 24);

const ACCESS: Field = 1;
const REFRESH: Field = 2;

struct Nest {
    clock: Clock,
    /// The valid refresh tokens of all devices.
    live: Mutex<Vec<String>>,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, _: Random) -> Arc<dyn BackEnd> {
    Arc::new(Nest { clock, live: Mutex::default(), issued: Mutex::new(vec![PASSWORD.to_owned()]) })
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
        Arc::new(NestCookies { transport, clock: Arc::clone(&self.clock) })
    }

    async fn answer(&self, request: Request) -> Response {
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

fn is_error(response: &Response) -> bool {
    json_body(response.body())["statusCode"] == response.status().as_u16()
}

struct NestCookies {
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl NestCookies {
    fn take(&self, mut grant: Grant, response: &Response) -> Option<Grant> {
        let whole = json_body(response.body())["message"].is_string();
        if !response.status().is_success() || !whole {
            return None;
        }
        grant.set(ACCESS, given_cookie(response, "access_token")?);
        grant.set(REFRESH, given_cookie(response, "refresh_token")?);
        let now = (self.clock)();
        grant.access_expires_at = now.checked_add(LIFE);
        grant.access_lifetime = Some(LIFE);
        grant.refresh_expires_at = now.checked_add(REFRESH_LIFE);
        Some(grant)
    }

    fn with_cookies(path: &str, caller: &Caller, grant: &Grant, names: &[(&'static str, Field)]) -> Request {
        let mut request = post_json(&format!("{BASE}{path}"), &json!({}));
        caller.introduce(&mut request);
        let cookies: Vec<_> =
            names.iter().filter_map(|(name, field)| Some((*name, grant.field(*field)?))).collect();
        set_cookies(&mut request, &cookies);
        request
    }
}

#[async_trait]
impl Provider for NestCookies {
    fn name(&self) -> &'static str {
        "nest-cookies"
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
        let mut request = post_json(&format!("{BASE}/auth/login"), &credentials(attempt)?);
        caller.introduce(&mut request);
        let response = or_unavailable(self.transport.send(request).await)?;
        let grant = match response.status().as_u16() {
            400 | 401 if is_error(&response) => return Err(SignInError::InvalidCredentials),
            _ => self.take(Grant::default(), &response).ok_or_else(|| unusable(&response))?,
        };
        let mut request = get(&format!("{BASE}/users/me"));
        self.authorize(caller, &grant, &mut request);
        let response = or_unavailable(self.transport.send(request).await)?;
        match response.status().as_u16() {
            200 => Ok(SignedIn { grant: grant.for_identity(person("p1")), authenticated_at: (self.clock)() }),
            403 if is_error(&response) => Err(SignInError::Forbidden),
            _ => Err(unusable(&response)),
        }
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        if let Some(access) = grant.field(ACCESS) {
            set_cookies(request, &[("access_token", access)]);
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Never
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let request = Self::with_cookies("/auth/refresh", caller, grant, &[("refresh_token", REFRESH)]);
        let response = match or_ended(self.transport.send(request).await) {
            Ok(response) => response,
            Err(end) => return end,
        };
        match response.status().as_u16() {
            401 if is_error(&response) => RefreshOutcome::Rejected(Rejection::InvalidGrant),
            403 if is_error(&response) => RefreshOutcome::Rejected(Rejection::Reused),
            _ => match self.take(grant.clone(), &response) {
                Some(renewed) => RefreshOutcome::Rotated(renewed),
                None => in_doubt(&response),
            },
        }
    }

    /// The API accepts a sign-out only with a live access token.
    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let mut grant = grant.clone();
        if !grant.access_lives((self.clock)()) {
            match self.refresh(caller, &grant).await {
                RefreshOutcome::Rotated(renewed) => grant = renewed,
                RefreshOutcome::Rejected(_) => return Ok(()),
                RefreshOutcome::NotSent(detail) | RefreshOutcome::Unspent { detail, .. } => {
                    return Err(TransportError::NotSent(detail));
                }
                RefreshOutcome::InDoubt { detail, .. } => return Err(TransportError::Interrupted(detail)),
            }
        }
        let cookies = [("access_token", ACCESS), ("refresh_token", REFRESH)];
        let request = Self::with_cookies("/auth/logout", caller, &grant, &cookies);
        signed_out(self.transport.send(request).await)
    }
}
