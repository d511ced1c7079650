//! The OpenAPI document, and the check that it describes an answer.

use std::sync::LazyLock;

use http::{HeaderValue, Method, StatusCode};
use serde_json::Value;

pub(crate) static OPENAPI: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi.json")).unwrap());

/// Asserts that the document describes this answer to this call. An unknown call must be a 404.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, status: StatusCode, content_type: Option<&HeaderValue>) {
    // A browser's preflight for another page is not a call of the API.
    if *method == Method::OPTIONS && status == StatusCode::OK {
        return;
    }
    let Some(operation) = operation(method, path) else {
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path} is not described");
        return;
    };
    // Outside of development, a described route may be missing.
    if status == StatusCode::NOT_FOUND && matches!(path, "/outbox" | "/v1/debug/stats") {
        return;
    }
    let response = &operation["responses"][status.as_str()];
    assert!(!response.is_null(), "{method} {path} answers {status}, which is not described");
    let content = match response["$ref"].as_str() {
        Some(reference) => &resolve(reference)["content"],
        None => &response["content"],
    };
    let media = content_type.map(|value| value.to_str().unwrap().split(';').next().unwrap());
    let described = content.as_object().map(|content| content.keys().map(String::as_str).collect::<Vec<_>>());
    match (media, described) {
        (None, None) => {}
        (Some(media), Some(described)) => assert!(described.contains(&media), "{method} {path}: {media}"),
        (media, described) => panic!("{method} {path} {status}: {media:?} is not {described:?}"),
    }
}

/// The target of a `$ref`.
#[track_caller]
pub(crate) fn resolve(reference: &str) -> &'static Value {
    let pointer = reference.strip_prefix('#').expect("a local reference");
    OPENAPI.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = &OPENAPI["paths"];
    let exact = paths.get(path);
    let template = path.rsplit_once('/').and_then(|(parent, _)| paths.get(format!("{parent}/{{id}}")));
    exact.or(template)?.get(method.as_str().to_ascii_lowercase())
}
