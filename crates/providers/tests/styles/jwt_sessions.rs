//! Rails with `jwt_sessions`: a refresh token that never rotates, a CSRF secret beside it, and an API that takes a
//! refresh before the access token's expiry for a theft.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{Clock, Field, Provider, Random, RefreshTiming, Request, Response, SignIn, Transport};
use ironleaf_providers::{AccessTransport, JwtSessionsProvider, JwtSessionsSettings};
use serde_json::json;

use super::wire::{
    PASSWORD, bearer, cookie, digest, get, header, is_password, json, json_body, jwt, living_claims, lock,
    opaque, password, post_json, request, text, unix_secs,
};

const BASE: &str = "http://rails.test";
const LIFE: Duration = Duration::from_hours(1);
const REFRESH_LIFE: Duration = Duration::from_hours(7 * 24);

const REFRESH: Field = 2;
const LEEWAY: Duration = Duration::from_mins(1);

struct Rails {
    transport: AccessTransport,
    has_reuse_handler: bool,
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

/// With a reuse handler, or without.
pub(crate) fn open(
    clock: Clock,
    random: Random,
    transport: AccessTransport,
    has_reuse_handler: bool,
) -> Arc<dyn BackEnd> {
    Arc::new(Rails {
        transport,
        has_reuse_handler,
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
        assert_eq!(header(request, "x-refresh-token"), None, "a sign-in shows no token of another session");
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
        assert_eq!(header(request, "content-length"), Some("0"), "a server of Ruby answers 411 without it");
        let Some(token) = header(request, "x-refresh-token") else {
            return text(401, "text/plain", "Token is not found");
        };
        let session = lock(&self.sessions).get(token).cloned();
        let Some(session) = session else {
            return text(401, "text/html", "<h1>Unauthorized</h1>");
        };
        if self.has_reuse_handler && living_claims(&session.access, (self.clock)()).is_some() {
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
        // A header hides the cookie, and needs no CSRF value.
        let of_header = bearer(request);
        assert_eq!(of_header.is_some(), self.transport == AccessTransport::Header, "one way only");
        let access = of_header.or_else(|| cookie(request, "jwt_access")).unwrap_or_default();
        let session = lock(&self.sessions).values().find(|session| session.access == access).cloned();
        let lives = living_claims(access, (self.clock)()).is_some();
        let (true, Some(session)) = (lives, session) else {
            return text(401, "text/plain", "Signature has expired");
        };
        let safe = of_header.is_some() || matches!(*request.method(), Method::GET | Method::HEAD);
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
            name: if self.has_reuse_handler {
                "jwt_sessions"
            } else {
                "jwt_sessions without a reuse handler"
            },
            access_life: LIFE,
            timing: if self.has_reuse_handler {
                RefreshTiming::AfterExpiry
            } else {
                RefreshTiming::Before(LEEWAY)
            },
            rotation: Rotation::Kept,
            refresh_field: REFRESH,
            reuse: if self.has_reuse_handler { Reuse::EndsTheSessionWhileAccessLives } else { Reuse::Free },
            sign_out_ends_access: true,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        let settings = JwtSessionsSettings {
            logout_path: "login".to_owned(),
            access_transport: self.transport,
            has_reuse_handler: self.has_reuse_handler,
            leeway: LEEWAY,
            ..JwtSessionsSettings::at(BASE.parse().unwrap())
        };
        Arc::new(JwtSessionsProvider::new(settings, transport, Arc::clone(&self.clock)))
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
        vec![
            get(&url),
            post_json(&url, &json!({})),
            request(Method::DELETE, &url),
            request(Method::OPTIONS, &url),
        ]
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
