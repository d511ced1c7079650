//! For any answer of an API with `jwt_sessions`: nothing panics, no error signs anybody in, and only a 401 ends a
//! session.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{Asked, Caller, Grant, Observed, Provider, RefreshOutcome, Request, Response};
use ironleaf_providers::{AccessTransport, JwtSessionsProvider, JwtSessionsSettings};
use ironleaf_providers_fuzz::{Script, password, run};
use libfuzzer_sys::fuzz_target;

/// The answer of a successful sign-in. The payload of both tokens is `{"user_id":7,"exp":1800003600}`.
const TOKENS: &str = r#"{"csrf":"bWFzazE=","access":"e30.eyJ1c2VyX2lkIjo3LCJleHAiOjE4MDAwMDM2MDB9.c2ln","refresh":"e30.eyJ1c2VyX2lkIjo3LCJleHAiOjE4MDAwMDM2MDB9.c2ln"}"#;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 411, 429, 500, 503];

static SIGNED_IN: LazyLock<Grant> = LazyLock::new(|| {
    let answer = Response::new(Bytes::from(TOKENS));
    run(provider([answer]).sign_in(&Caller::default(), password(), None)).expect("this answer is good").grant
});

// The first byte selects the status, the bits of the second byte select headers, and the rest is the body.
fuzz_target!(|input: &[u8]| {
    let [status, headers, body @ ..] = input else { return };
    let answer = answer(*status, *headers, body);
    sign_in(&answer);
    refresh(&answer);
    observe(&answer);
});

fn answer(status: u8, headers: u8, body: &[u8]) -> Response {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() =
        StatusCode::from_u16(STATUSES[usize::from(status) % STATUSES.len()]).expect("it is one");
    for (bit, name) in [RETRY_AFTER, DATE, SET_COOKIE].into_iter().enumerate() {
        if let (true, Ok(value)) = (headers & (1 << bit) != 0, HeaderValue::from_bytes(body)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn provider(answers: impl IntoIterator<Item = Response>) -> JwtSessionsProvider {
    let settings = JwtSessionsSettings {
        access_transport: AccessTransport::Cookie,
        roles_field: Some("realm.roles".to_owned()),
        ..JwtSessionsSettings::at("http://rails.test/".parse().expect("it is a URL"))
    };
    JwtSessionsProvider::new(
        settings,
        Script::of(answers),
        Arc::new(|| UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
    )
}

fn sign_in(answer: &Response) {
    let signed_in = run(provider([answer.clone()]).sign_in(&Caller::default(), password(), None));
    if signed_in.is_ok() {
        assert!(answer.status().is_success(), "signed in by a {}", answer.status());
    }
}

fn refresh(answer: &Response) {
    let status = answer.status();
    match run(provider([answer.clone()]).refresh(&Caller::default(), &SIGNED_IN)) {
        RefreshOutcome::Unspent { .. } => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
        // Tokens of another person end a session as well.
        RefreshOutcome::Rejected(_) => {
            assert!(
                status == StatusCode::UNAUTHORIZED || status.is_success(),
                "a session ended by a {status}"
            );
        }
        RefreshOutcome::Rotated(grant) => {
            assert!(status.is_success());
            assert_eq!(grant.identity.as_ref().map(|person| person.id.as_str()), Some("7"), "another person");
        }
        RefreshOutcome::InDoubt { answered, .. } => assert!(answered),
        RefreshOutcome::NotSent(detail) => unreachable!("{detail}"),
    }
}

fn observe(answer: &Response) {
    let mut grant = SIGNED_IN.clone();
    let provider = provider([]);
    let asked = Asked::of(&Request::new(Bytes::new()));
    if let Observed::Lazily(change) | Observed::AtOnce(change) = provider.observe(&grant, &asked, answer) {
        change(&mut grant);
        assert!(
            matches!(provider.observe(&grant, &asked, answer), Observed::Nothing),
            "the same change is seen twice"
        );
    }
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = http::Method::POST;
    provider.authorize(&Caller::default(), &grant, &mut request);
    assert!(request.headers().contains_key("x-csrf-token"), "the value cannot be sent");
}
