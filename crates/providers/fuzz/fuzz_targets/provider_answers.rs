//! For any answer of a core API: nothing panics, no error signs anybody in, and only a refusal ends a session.
#![no_main]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::StatusCode;
use ironleaf_auth::{Caller, Provider, RefreshOutcome, Response};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use ironleaf_providers_fuzz::{Script, password, run};
use libfuzzer_sys::fuzz_target;

/// The first answer of a successful sign-in, so that there is a grant to refresh.
const TOKENS: &str = r#"{"item":{"accessToken":"e30.eyJzdWIiOiJ1MSIsImVtYWlsIjoidXNlckB0ZXN0LmNvbSJ9.c2ln","ttlSeconds":1200,"refreshToken":"r1"}}"#;
const USER: &str = r#"{"item":{"id":"u1","email":"user@test.com","roles":["VERIFIED_USER"]}}"#;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

fuzz_target!(|input: &[u8]| {
    let answers = answers(input);
    sign_in(&answers);
    refresh(&answers);
});

/// Splits the input at zero bytes. In each answer, the first byte selects the status, the bits of the second byte
/// select headers, and the rest is the body.
fn answers(input: &[u8]) -> Vec<Response> {
    let parts = input.split(|byte| *byte == 0).filter(|part| part.len() >= 2);
    let answers = parts.take(4).map(|part| {
        let mut response = Response::new(Bytes::copy_from_slice(&part[2..]));
        *response.status_mut() =
            StatusCode::from_u16(STATUSES[usize::from(part[0]) % STATUSES.len()]).expect("it is one");
        let headers = response.headers_mut();
        if part[1] & 1 != 0 {
            headers.insert("idempotent-refresh", http::HeaderValue::from_static("true"));
        }
        if let (true, Ok(value)) = (part[1] & 2 != 0, http::HeaderValue::from_bytes(&part[2..])) {
            headers.insert("retry-after", value);
        }
        response
    });
    answers.collect()
}

fn provider(answers: impl IntoIterator<Item = Response>) -> CoreApiProvider {
    CoreApiProvider::new(
        CoreApiSettings::at("http://core.test/v1/".parse().expect("it is a URL")),
        Script::of(answers),
        Arc::new(|| UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
        Arc::new(|buffer| buffer.fill(7)),
    )
}

fn sign_in(answers: &[Response]) {
    let signed_in = run(provider(answers.iter().cloned()).sign_in(&Caller::default(), password(), None));
    if signed_in.is_ok() {
        assert!(answers[0].status().is_success(), "signed in by a {}", answers[0].status());
    }
}

fn refresh(answers: &[Response]) {
    let good = [TOKENS, USER].map(|body| {
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::CREATED;
        response
    });
    let provider = provider(good.into_iter().chain(answers.iter().cloned()));
    let grant =
        run(provider.sign_in(&Caller::default(), password(), None)).expect("these answers are good").grant;
    match run(provider.refresh(&Caller::default(), &grant)) {
        // The token is unspent: the API answered 429 without looking at the request.
        RefreshOutcome::Unspent { .. } if answers[0].status() == StatusCode::TOO_MANY_REQUESTS => {}
        RefreshOutcome::Rejected(_) | RefreshOutcome::NotSent(_) | RefreshOutcome::Unspent { .. } => {
            let first = &answers[0];
            assert_eq!(first.status(), StatusCode::UNAUTHORIZED, "a session ended by a {}", first.status());
            let body = String::from_utf8_lossy(first.body());
            assert!(body.contains("401") && body.contains("statusCode"), "a session ended by {body}");
        }
        RefreshOutcome::Rotated(_) => assert!(answers.iter().any(|answer| answer.status().is_success())),
        RefreshOutcome::InDoubt { .. } => {}
    }
}
