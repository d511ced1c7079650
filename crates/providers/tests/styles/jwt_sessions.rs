//! Rails with `jwt_sessions`: a refresh token that never rotates, a CSRF secret beside it, and an API that takes a
//! refresh before the access token's expiry for a theft.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue};
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    BaseUrl, Caller, Clock, Field, Grant, Provider, Random, RefreshOutcome, RefreshTiming, Rejection,
    Repetition, Request, Response, Rest, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use serde_json::json;

use super::wire::{
    PASSWORD, claims, cookie, credentials, digest, field, get, header, in_doubt, is_password, json,
    json_body, jwt, living_claims, lock, opaque, or_ended, or_unavailable, password, person, post_json, put,
    request, set_cookies, signed_out, text, unix_secs, unusable,
};

const BASE: &str = "http://rails.test";
const LIFE: Duration = Duration::from_hours(1);
const REFRESH_LIFE: Duration = Duration::from_hours(7 * 24);

const ACCESS: Field = 1;
const REFRESH: Field = 2;
const CSRF: Field = 3;

struct Rails {
    clock: Clock,
    random: Random,
    sessions: Mutex<HashMap<String, Session>>,
    issued: Mutex<Vec<String>>,
}

/// The server's record of a refresh token. Only the newest access token is valid.
#[derive(Clone)]
struct Session {
    access: String,
    csrf: String,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Rails {
        clock,
        random,
        sessions: Mutex::default(),
        issued: Mutex::new(vec![PASSWORD.to_owned()]),
    })
}

impl Rails {
    fn fresh_session(&self) -> Session {
        let end = unix_secs((self.clock)()) + LIFE.as_secs();
        let session = Session {
            access: jwt(&json!({ "user_id": 1, "uid": opaque(&self.random), "exp": end })),
            csrf: opaque(&self.random),
        };
        lock(&self.issued).push(session.access.clone());
        session
    }

    /// The CSRF secret with a new mask each time.
    fn masked(&self, csrf: &str) -> String {
        let mask = opaque(&self.random);
        let masked = format!("{mask}~{}", digest(&format!("{mask}{csrf}")));
        lock(&self.issued).push(masked.clone());
        masked
    }

    fn login(&self, request: &Request) -> Response {
        if !is_password(&json_body(request.body())) {
            return text(401, "text/plain", "Not authorized");
        }
        let session = self.fresh_session();
        let now = unix_secs((self.clock)());
        let refresh = jwt(&json!({ "ruid": opaque(&self.random), "exp": now + REFRESH_LIFE.as_secs() }));
        lock(&self.issued).push(refresh.clone());
        let answer = json!({
            "csrf": self.masked(&session.csrf), "access": session.access, "refresh": refresh,
            "access_expires_at": "2027-01-15 09:00:00 +0000", "refresh_expires_at": "2027-01-22T08:00:00Z",
        });
        lock(&self.sessions).insert(refresh, session);
        json(200, &answer)
    }

    fn refresh(&self, request: &Request) -> Response {
        let Some(token) = header(request, "x-refresh-token") else {
            return text(401, "text/plain", "Token is not found");
        };
        let session = lock(&self.sessions).get(token).cloned();
        let Some(session) = session else {
            return text(401, "text/html", "<h1>Unauthorized</h1>");
        };
        if living_claims(&session.access, (self.clock)()).is_some() {
            lock(&self.sessions).remove(token);
            return text(401, "text/plain", "Malicious activity");
        }
        let session = self.fresh_session();
        let csrf = self.masked(&session.csrf);
        let answer = json!({ "csrf": csrf, "access": session.access, "access_expires_at": "2027-01-15 10:00:00 +0000" });
        lock(&self.sessions).insert(token.to_owned(), session);
        json(200, &answer)
    }

    fn call(&self, request: &Request) -> Response {
        let access = cookie(request, "jwt_access").unwrap_or_default();
        let session = lock(&self.sessions).values().find(|session| session.access == access).cloned();
        let lives = living_claims(access, (self.clock)()).is_some();
        let (true, Some(session)) = (lives, session) else {
            return text(401, "text/plain", "Signature has expired");
        };
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        let shown = header(request, "x-csrf-token").and_then(|masked| masked.split_once('~'));
        let matches = shown.is_some_and(|(mask, sum)| sum == digest(&format!("{mask}{}", session.csrf)));
        if safe || matches {
            json(200, &json!({ "id": 1 }))
        } else {
            text(401, "text/plain", "CSRF token is invalid")
        }
    }
}

#[async_trait]
impl BackEnd for Rails {
    fn style(&self) -> Style {
        Style {
            name: "jwt_sessions",
            access_life: LIFE,
            timing: RefreshTiming::AfterExpiry,
            rotation: Rotation::Kept,
            refresh_field: REFRESH,
            reuse: Reuse::EndsTheSessionWhileAccessLives,
            sign_out_ends_access: true,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(JwtSessions { transport, clock: Arc::clone(&self.clock) })
    }

    async fn answer(&self, request: Request) -> Response {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/login") => self.login(&request),
            (&Method::POST, "/refresh") => self.refresh(&request),
            (&Method::DELETE, "/login") => {
                let token = header(&request, "x-refresh-token").unwrap_or_default();
                match lock(&self.sessions).remove(token) {
                    Some(_) => json(200, &json!("ok")),
                    None => text(401, "text/plain", "Unauthorized"),
                }
            }
            _ => self.call(&request),
        }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        password("not the password")
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{BASE}/notes");
        vec![get(&url), post_json(&url, &json!({})), request(Method::DELETE, &url)]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![text(401, "text/plain", "Unauthorized"), text(401, "text/html", "<h1>Unauthorized</h1>")]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.sessions).len()
    }

    async fn end_sessions(&self) {
        lock(&self.sessions).clear();
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.issued).clone()
    }
}

struct JwtSessions {
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl JwtSessions {
    /// The answer's dates come in two formats, so only the expiry inside the token is used.
    fn take(&self, grant: &mut Grant, response: &Response) -> Option<()> {
        let (access, csrf) = (field(response, "access")?, field(response, "csrf")?);
        let end = claims(access.expose())?["exp"].as_u64()?;
        let end = UNIX_EPOCH.checked_add(Duration::from_secs(end))?;
        grant.access_expires_at = Some(end);
        grant.access_lifetime = end.duration_since((self.clock)()).ok();
        grant.set(ACCESS, access);
        grant.set(CSRF, csrf);
        Some(())
    }

    fn with_refresh_token(method: Method, path: &str, caller: &Caller, grant: &Grant) -> Request {
        let mut request = request(method, &format!("{BASE}{path}"));
        caller.introduce(&mut request);
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        if let Some(token) = grant.field(REFRESH) {
            put(&mut request, "x-refresh-token", token);
        }
        request
    }
}

#[async_trait]
impl Provider for JwtSessions {
    fn name(&self) -> &'static str {
        "jwt-sessions"
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
        let mut request = post_json(&format!("{BASE}/login"), &credentials(attempt)?);
        caller.introduce(&mut request);
        let response = or_unavailable(self.transport.send(request).await)?;
        match response.status().as_u16() {
            200 => {}
            401 => return Err(SignInError::InvalidCredentials),
            _ => return Err(unusable(&response)),
        }
        let refresh = field(&response, "refresh").ok_or_else(|| unusable(&response))?;
        let mut grant = Grant::default().with(REFRESH, refresh);
        grant.refresh_expires_at = (self.clock)().checked_add(REFRESH_LIFE);
        self.take(&mut grant, &response).ok_or_else(|| unusable(&response))?;
        Ok(SignedIn { grant: grant.for_identity(person("1")), authenticated_at: (self.clock)() })
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        if let Some(access) = grant.field(ACCESS) {
            set_cookies(request, &[("jwt_access", access)]);
        }
        let safe = matches!(*request.method(), Method::GET | Method::HEAD);
        if let Some(csrf) = grant.field(CSRF).filter(|_| !safe) {
            put(request, "x-csrf-token", csrf);
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::AfterExpiry
    }

    /// After a lost answer, the API holds an access token that nobody has seen. It takes a refresh before that token's
    /// expiry for a theft.
    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::AskAgain(Rest::of(LIFE))
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let request = Self::with_refresh_token(Method::POST, "/refresh", caller, grant);
        let response = match or_ended(self.transport.send(request).await) {
            Ok(response) => response,
            Err(end) => return end,
        };
        let mut renewed = grant.clone();
        match response.status().as_u16() {
            401 => RefreshOutcome::Rejected(Rejection::InvalidGrant),
            200 if self.take(&mut renewed, &response).is_some() => RefreshOutcome::Rotated(renewed),
            _ => in_doubt(&response),
        }
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let request = Self::with_refresh_token(Method::DELETE, "/login", caller, grant);
        signed_out(self.transport.send(request).await)
    }
}
