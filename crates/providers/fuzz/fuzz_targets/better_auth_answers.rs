//! For any answer of a Better Auth server: nothing panics, only a genuine token signs anybody in or replaces one, and
//! only a refusal ends a session.
#![no_main]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use http::header::{HeaderValue, SET_COOKIE};
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, Observed, Provider, RefreshOutcome, Request, Response, SignIn,
    Transport, TransportError,
};
use ironleaf_providers::{BetterAuthProvider, BetterAuthSettings};
use ironleaf_providers_fuzz::{NOW_SECS, answer, json_answer, key_set, now, run, signed};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];
const ORIGIN: &str = "https://id.test";

#[derive(Default)]
struct Answers(Mutex<HashMap<&'static str, Response>>);

impl Answers {
    fn set(&self, path: &'static str, answer: Response) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, answer);
    }
}

#[async_trait]
impl Transport for Answers {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(request.uri().path()).cloned();
        answer.ok_or_else(|| TransportError::Interrupted("no answer".to_owned()))
    }
}

struct World {
    answers: Arc<Answers>,
    provider: BetterAuthProvider,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let answers = Arc::<Answers>::default();
    answers.set("/jwks", json_answer(&key_set()));
    let transport: Arc<dyn Transport> = Arc::<Answers>::clone(&answers);
    let settings = BetterAuthSettings::at(ORIGIN.parse().expect("it is a URL"));
    let provider = BetterAuthProvider::new(settings, transport, Arc::new(now));
    World { answers, provider }
});

// The first byte selects the status. Then, apart by zero bytes: the body, and a cookie.
fuzz_target!(|input: &[u8]| {
    let [status, rest @ ..] = input else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let body = parts.next().unwrap_or_default();
    let mut response = answer(status, Bytes::copy_from_slice(body));
    if let Some(Ok(cookie)) = parts.next().map(HeaderValue::from_bytes) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    let known = grant();
    refresh(&known, &response);
    observe(&known, &response);
    WORLD.answers.set("/sign-in/email", response.clone());
    if sign_in().is_some() {
        assert_eq!(response.status(), 200, "signed in by another answer");
    }
});

/// The grant of a usual sign-in.
fn grant() -> Grant {
    let user = json!({ "id": "u1", "email": "user@test.com", "emailVerified": true });
    let mut signed_in = json_answer(&json!({ "token": "t", "user": user }));
    let cookie = HeaderValue::from_static("better-auth.session_token=t.c2ln%3D; Max-Age=604800");
    signed_in.headers_mut().append(SET_COOKIE, cookie);
    WORLD.answers.set("/sign-in/email", signed_in);
    let claims = json!({ "sub": "u1", "iss": ORIGIN, "aud": ORIGIN, "iat": NOW_SECS, "exp": NOW_SECS + 900 });
    WORLD.answers.set("/token", json_answer(&json!({ "token": signed("JWT", &claims) })));
    sign_in().expect("these answers are good")
}

fn sign_in() -> Option<Grant> {
    let email = EmailAddress::of_record("user@test.com");
    let attempt = SignIn::Password { email, password: "password1".into() };
    let signed_in = run(WORLD.provider.sign_in(&Caller::default(), attempt, None));
    signed_in.ok().map(|signed_in| signed_in.grant)
}

fn refresh(known: &Grant, response: &Response) {
    WORLD.answers.set("/token", response.clone());
    let outcome = run(WORLD.provider.refresh(&Caller::default(), known));
    match outcome {
        // Nobody but the tests has the key.
        RefreshOutcome::Rotated(_) => panic!("a token that nobody has signed was taken"),
        RefreshOutcome::Rejected(_) => {
            let is_null = response.status() == 200 && response.body().trim_ascii() == b"null";
            assert!(is_null || response.status() == 401, "ended by a {}", response.status());
        }
        RefreshOutcome::NotSent(_) => panic!("the auth server has answered"),
        RefreshOutcome::Unspent { .. } => {}
        RefreshOutcome::InDoubt { answered, .. } => assert!(answered),
    }
}

fn observe(known: &Grant, response: &Response) {
    let uri = "https://id.test/api/auth/change-password".parse().expect("it is a URI");
    let asked = Asked { method: Method::POST, uri };
    let observed = WORLD.provider.observe(known, &asked, response);
    if let Observed::Lazily(change) | Observed::AtOnce(change) = observed {
        let mut once = known.clone();
        change(&mut once);
        let mut twice = once.clone();
        change(&mut twice);
        assert_eq!(once, twice, "a change is the same if it is made twice");
        assert_eq!(once.identity, known.identity);
    }
}
