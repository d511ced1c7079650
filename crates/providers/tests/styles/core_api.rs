//! A RawStack-style core API: rotation with family revocation and, like the reference core API, repeatable refreshes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method};
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{Clock, Provider, Random, RefreshTiming, Request, Response, SignIn, Transport};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use serde_json::{Value, json};

use super::wire::{
    EMAIL, PASSWORD, bearer, get, header, json, json_body, jwt, living_claims, lock, opaque, password,
    unix_secs,
};

const BASE: &str = "http://core.test/v1";
const LIFE: Duration = Duration::from_mins(20);
const USER_ID: &str = "7f5c8a52-7bc5-4c37-9c5f-0f6b2f7f0001";

struct CoreApi {
    clock: Clock,
    random: Random,
    idempotent: bool,
    state: Mutex<State>,
}

struct State {
    email: String,
    unverified: Option<String>,
    tokens: HashMap<String, Token>,
    revoked_families: Vec<u32>,
    families: u32,
    issued: Vec<String>,
}

struct Token {
    family: u32,
    spent: Option<Spent>,
}

struct Spent {
    key: Option<String>,
    answer: Value,
}

pub(crate) fn open(clock: Clock, random: Random, idempotent: bool) -> Arc<dyn BackEnd> {
    let state = State {
        email: EMAIL.to_owned(),
        unverified: None,
        tokens: HashMap::new(),
        revoked_families: Vec::new(),
        families: 0,
        issued: vec![PASSWORD.to_owned()],
    };
    Arc::new(CoreApi { clock, random, idempotent, state: Mutex::new(state) })
}

impl CoreApi {
    fn tokens(&self, request: &Request) -> Response {
        let body = json_body(request.body());
        let mut state = lock(&self.state);
        if body["email"] != state.email.as_str() {
            return refused();
        }
        if body["password"] == PASSWORD {
            state.families += 1;
            let family = state.families;
            return self.created(&self.issue(&mut state, family));
        }
        match body["refreshToken"].as_str() {
            Some(token) => self.refresh(&mut state, token, header(request, "idempotency-key")),
            None => refused(),
        }
    }

    fn refresh(&self, state: &mut State, presented: &str, key: Option<&str>) -> Response {
        let Some(token) = state.tokens.get(presented) else {
            return refused();
        };
        let family = token.family;
        if let Some(spent) = &token.spent {
            if self.idempotent && key.is_some() && spent.key.as_deref() == key {
                return self.created(&spent.answer);
            }
            state.revoked_families.push(family);
        }
        if state.revoked_families.contains(&family) {
            return refused();
        }
        let answer = self.issue(state, family);
        if let Some(token) = state.tokens.get_mut(presented) {
            token.spent = Some(Spent { key: key.map(str::to_owned), answer: answer.clone() });
        }
        self.created(&answer)
    }

    fn issue(&self, state: &mut State, family: u32) -> Value {
        let now = unix_secs((self.clock)());
        let access = jwt(&json!({
            "sub": USER_ID, "email": state.email, "iat": now, "exp": now + LIFE.as_secs()
        }));
        let refresh = opaque(&self.random);
        state.tokens.insert(refresh.clone(), Token { family, spent: None });
        state.issued.extend([access.clone(), refresh.clone()]);
        json!({ "item": { "accessToken": access, "ttlSeconds": LIFE.as_secs(), "refreshToken": refresh } })
    }

    fn created(&self, answer: &Value) -> Response {
        let mut response = json(201, answer);
        if self.idempotent {
            let headers = response.headers_mut();
            headers.insert("idempotent-refresh", HeaderValue::from_static("true"));
        }
        response
    }

    fn current(&self, request: &Request) -> Response {
        let lives = bearer(request).and_then(|token| living_claims(token, (self.clock)()));
        if lives.is_none() {
            return json(401, &json!({ "statusCode": 401, "message": "Unauthorized" }));
        }
        let state = lock(&self.state);
        let mut user = json!({ "id": USER_ID, "email": state.email, "roles": ["VERIFIED_USER"] });
        if let Some(unverified) = &state.unverified {
            user["unverifiedEmail"] = unverified.as_str().into();
        }
        json(200, &json!({ "item": user }))
    }
}

#[async_trait]
impl BackEnd for CoreApi {
    fn style(&self) -> Style {
        Style {
            name: if self.idempotent { "core API" } else { "core API as recorded" },
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::New,
            refresh_field: 2,
            reuse: if self.idempotent { Reuse::Recognised } else { Reuse::EndsTheSession },

            sign_out_ends_access: false,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(CoreApiProvider::new(
            CoreApiSettings::at(BASE.parse().unwrap()),
            transport,
            Arc::clone(&self.clock),
            Arc::clone(&self.random),
        ))
    }

    async fn answer(&self, request: Request) -> Response {
        assert!(request.headers().get("auth-context").is_none(), "tokens are asked for in the body");
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/v1/auth/tokens") => self.tokens(&request),
            (&Method::GET, "/v1/user/users/current") => self.current(&request),
            _ => json(404, &json!({ "statusCode": 404, "message": "Not Found" })),
        }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        password("not the password")
    }

    fn calls(&self) -> Vec<Request> {
        vec![get(&format!("{BASE}/user/users/current"))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![refused()]
    }

    fn open_sessions(&self) -> usize {
        let state = lock(&self.state);
        let open = (1..=state.families).filter(|family| !state.revoked_families.contains(family));
        open.count()
    }

    async fn end_sessions(&self) {
        let mut state = lock(&self.state);
        state.revoked_families = (0..=state.families).collect();
    }

    async fn change_credentials(&self) -> Option<Request> {
        let mut state = lock(&self.state);
        "new@test.com".clone_into(&mut state.email);
        state.unverified = Some("newer@test.com".to_owned());
        Some(get(&format!("{BASE}/user/users/current")))
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.state).issued.clone()
    }
}

fn refused() -> Response {
    let body = json!({ "statusCode": 401, "message": "Invalid credentials", "error": "Unauthorized" });
    json(401, &body)
}
