//! For any answer of an API with cookies: nothing panics, no error signs anybody in, and only a refusal ends a session.
#![no_main]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri};
use ironleaf_auth::{Asked, Caller, Observed, Provider, RefreshOutcome, Response};
use ironleaf_providers::{CookieApiProvider, CookieApiSettings};
use ironleaf_providers_fuzz::{Script, password, run};
use libfuzzer_sys::fuzz_target;

const STATUSES: [u16; 12] = [200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503];

fuzz_target!(|input: &[u8]| {
    let answers = answers(input);
    if answers.is_empty() {
        return;
    }
    sign_in(&answers);
    refresh(&answers);
});

/// Splits the input at zero bytes. In each answer, the first byte selects the status. The lines up to an empty one are
/// cookies, and the rest is the body.
fn answers(input: &[u8]) -> Vec<Response> {
    let parts = input.split(|byte| *byte == 0).filter(|part| part.len() >= 2);
    let answers = parts.take(4).map(|part| {
        let (head, body) =
            part[1..].split_at(part[1..].windows(2).position(|pair| pair == b"\n\n").unwrap_or(0));
        let mut response = Response::new(Bytes::copy_from_slice(body));
        *response.status_mut() =
            StatusCode::from_u16(STATUSES[usize::from(part[0]) % STATUSES.len()]).expect("it is one");
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        for cookie in head.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok())
        {
            response.headers_mut().append("set-cookie", cookie);
        }
        response
    });
    answers.collect()
}

fn provider(answers: impl IntoIterator<Item = Response>) -> CookieApiProvider {
    CookieApiProvider::new(
        CookieApiSettings::at("http://nest.test/api".parse().expect("it is a URL")),
        Script::of(answers),
        Arc::new(|| UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
        Arc::new(|buffer| buffer.fill(7)),
    )
}

fn sign_in(answers: &[Response]) {
    let signed_in = run(provider(answers.iter().cloned()).sign_in(&Caller::default(), password(), None));
    if let Ok(signed_in) = signed_in {
        assert!(answers[0].status().is_success(), "signed in by a {}", answers[0].status());
        assert!(!signed_in.grant.identity.expect("somebody").id.is_empty());
    }
}

fn refresh(answers: &[Response]) {
    let mut tokens = Response::new(Bytes::new());
    for cookie in ["access_token=e30.eyJzdWIiOiJwMSJ9.c2ln; Max-Age=1800", "refresh_token=r1; Max-Age=604800"]
    {
        tokens.headers_mut().append("set-cookie", HeaderValue::from_static(cookie));
    }
    let me = Response::new(Bytes::from_static(br#"{"id":"p1","email":"user@test.com","roles":[]}"#));
    let provider = provider([tokens, me].into_iter().chain(answers.iter().cloned()));
    let grant =
        run(provider.sign_in(&Caller::default(), password(), None)).expect("these answers are good").grant;
    let asked = Asked { method: Method::GET, uri: Uri::from_static("http://nest.test/api/users/me") };
    let observed = provider.observe(&grant, &asked, &answers[0]);
    if let Observed::Lazily(change) | Observed::AtOnce(change) = observed {
        let mut grant = grant.clone();
        change(&mut grant);
        assert_eq!(grant.identity.expect("somebody").id, "p1");
    }
    let status = answers[0].status();
    match run(provider.refresh(&Caller::default(), &grant)) {
        RefreshOutcome::Unspent { .. } => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
        RefreshOutcome::Rejected(_) => {
            let is_refusal = [401, 403].contains(&status.as_u16())
                && String::from_utf8_lossy(answers[0].body()).contains("statusCode");
            // Cookies of another person end a session as well.
            assert!(is_refusal || status.is_success(), "a session ended by a {status}");
        }
        RefreshOutcome::Rotated(_) => assert!(status.is_success()),
        RefreshOutcome::NotSent(_) => panic!("the API has answered"),
        RefreshOutcome::InDoubt { .. } => {}
    }
}
