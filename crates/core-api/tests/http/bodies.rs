//! Bodies that are too large, too slow or not JSON, on every route that accepts one.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http::{Method, StatusCode};
use http_body::Frame;
use ironleaf_core_api::Config;
use tokio::time;

use crate::support::{PASSWORD, TestApi, USER, json_of};

const LIMIT_BYTES: usize = 64 * 1024;

async fn routes_with_a_body(api: &TestApi) -> (String, Vec<(Method, String)>) {
    let access = api.sign_in(USER, PASSWORD).await.access;
    let id = api.user_id(&access).await;
    let routes = vec![
        (Method::POST, "/v1/auth/tokens".to_owned()),
        (Method::POST, "/v1/auth/action-requests".to_owned()),
        (Method::POST, "/v1/user/users".to_owned()),
        (Method::PATCH, format!("/v1/user/users/{id}")),
    ];
    (access, routes)
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let api = TestApi::new().await;
    let (access, routes) = routes_with_a_body(&api).await;
    let deep = "[".repeat(10_000);
    for (method, path) in routes {
        for body in ["", "{", "{\"email\":", "email=user@test.com", "\u{0}", "{} {}", &deep] {
            let call = api.request(method.clone(), &path).bearer(&access).body(body.to_owned());
            call.send().await.assert_error(400, "Malformed JSON", "Bad Request");
        }
        let latin1 = api.request(method.clone(), &path).bearer(&access).body(&b"\"\xfc\""[..]);
        latin1.send().await.assert_error(400, "Malformed JSON", "Bad Request");
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_invalid() {
    let api = TestApi::new().await;
    let (access, routes) = routes_with_a_body(&api).await;
    for (method, path) in routes {
        for (body, received) in [("[]", "array"), ("null", "null"), ("1", "number"), ("\"x\"", "string")] {
            let answer = api.request(method.clone(), &path).bearer(&access).body(body).send().await;
            let message = format!("Invalid input: expected object, received {received}");
            assert_eq!(answer.issues(), [(String::new(), message, "invalid_type".to_owned())]);
        }
    }
}

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused() {
    let api = TestApi::new().await;
    let (access, routes) = routes_with_a_body(&api).await;
    for (method, path) in routes {
        for length in [LIMIT_BYTES + 1, 1024 * 1024, 5 * 1024 * 1024] {
            let call = api.request(method.clone(), &path).bearer(&access).body(json_of(length));
            call.send().await.assert_error(413, "Payload Too Large", "Payload Too Large");
        }
    }
    let answer = api.post("/v1/auth/tokens").body(json_of(LIMIT_BYTES)).send().await;
    answer.assert_error(401, "Invalid credentials", "Unauthorized");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let api = TestApi::with(Config { body_timeout: Duration::from_secs(3), ..Config::in_memory() }).await;
    // Not earlier: the database answers from its own threads, and paused time does not wait for them.
    time::pause();
    let answer = api.post("/v1/auth/tokens").body(Body::new(Never)).send().await;
    answer.assert_error(408, "Request Timeout", "Request Timeout");
}

#[tokio::test]
async fn the_content_type_makes_no_difference() {
    let api = TestApi::new().await;
    let body = format!("{{\"email\":\"{USER}\",\"password\":\"{PASSWORD}\"}}");
    let call = api.post("/v1/auth/tokens").header("content-type", "text/plain").body(body);
    assert_eq!(call.send().await.status, StatusCode::CREATED);
}

/// A body that never has any data.
struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
