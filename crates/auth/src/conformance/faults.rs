use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use super::style::Reuse;
use super::world::{Fault, World, caller};
use crate::{Ensured, RefreshOutcome, Response};

/// Answers of proxies, firewalls and overloaded servers. None of them says anything about a session.
pub(super) fn before_the_back_end() -> Vec<Response> {
    let html = "<!doctype html><title>Sorry</title>";
    let mut answers: Vec<Response> = [500, 502, 503, 504, 400, 403, 404, 302, 200]
        .into_iter()
        .map(|status| answer(status, html))
        .collect();
    answers.extend(["", "{}", "[]", "{\"", "\u{0}\u{1}"].map(|body| answer(200, body)));
    answers.push(answer(400, r#"{"error":"temporarily_unavailable"}"#));
    answers
}

/// A request that a limit turns away was not looked at (RFC 6585, section 4).
pub(super) fn throttled(wait_secs: u64) -> Response {
    let mut response = answer(429, "Too Many Requests");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait_secs));
    response
}

pub(super) fn after_the_back_end() -> Vec<Fault> {
    vec![
        Fault::AnswerLost,
        Fault::AnswerCut,
        Fault::AnswerReplaced(answer(502, "Bad Gateway")),
        Fault::AnswerReplaced(answer(200, "{}")),
    ]
}

pub(super) async fn nothing_sent_leaves_everything_as_it_was(world: World) {
    let name = world.style.name;
    let grant = world.sign_in().await.grant;
    world.expire();
    world.wire.breaks(Fault::Unreachable);
    let outcome = world.refresh(&grant).await;
    assert!(matches!(outcome, RefreshOutcome::NotSent(_)), "{name}: {outcome:?}");
    let ensured = world.lifecycle.replace_refused(&caller(), &World::session(), &grant).await;
    world.no_secret_in(&ensured);
    assert!(matches!(ensured, Ensured::Unavailable { access_lives: false, .. }), "{name}: {ensured:?}");
    world.wire.heals();
    world.renewed(&grant).await;
}

pub(super) async fn a_failure_before_the_back_end_is_in_doubt(world: World, index: usize) {
    let grant = world.sign_in().await.grant;
    world.expire();
    let answer = before_the_back_end().swap_remove(index);
    in_doubt(&world, &grant, Fault::Instead(answer)).await;
    world.renewed(&grant).await;
}

/// What follows shows why this is in doubt: the back end has used the token.
pub(super) async fn a_lost_answer_is_in_doubt(world: World, index: usize) {
    let grant = world.sign_in().await.grant;
    world.expire();
    in_doubt(&world, &grant, after_the_back_end().swap_remove(index)).await;
    match world.style.reuse {
        Reuse::Free | Reuse::Recognised => {
            let renewed = world.renewed(&grant).await;
            assert!(world.accepts(&renewed).await, "{}: the second try is refused", world.style.name);
        }
        Reuse::EndsTheSession | Reuse::EndsEverySession | Reuse::EndsTheSessionWhileAccessLives => {
            world.rejected(&grant).await;
        }
    }
}

pub(super) async fn a_throttled_refresh_is_unspent(world: World) {
    let name = world.style.name;
    let grant = world.sign_in().await.grant;
    world.expire();
    world.wire.breaks(Fault::Instead(throttled(7)));
    let outcome = world.refresh(&grant).await;
    world.wire.heals();
    let RefreshOutcome::Unspent { retry_after, .. } = &outcome else {
        panic!("{name}: a throttled refresh is {outcome:?}");
    };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(7), "{name}: how long to wait");
    world.renewed(&grant).await;
}

async fn in_doubt(world: &World, grant: &crate::Grant, fault: Fault) {
    let name = world.style.name;
    world.wire.take_seen();
    world.wire.breaks(fault.clone());
    let outcome = world.refresh(grant).await;
    world.wire.heals();
    if let (RefreshOutcome::Rotated(renewed), Fault::AnswerCut) = (&outcome, &fault) {
        // Cookies are in the head of an answer, which came whole.
        assert!(world.accepts(renewed).await, "{name}: what a cut answer gave is refused");
        return;
    }
    let RefreshOutcome::InDoubt { answered, .. } = outcome else {
        panic!("{name}: {fault:?} gave {outcome:?}");
    };
    let whole = !matches!(fault, Fault::AnswerLost);
    assert_eq!(answered, whole, "{name}: whether something can still be under way after {fault:?}");
    assert_eq!(world.wire.take_seen().len(), 1, "{name}: a refresh in doubt was repeated");
}

pub(super) fn answer(status: u16, body: &'static str) -> Response {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
