//! What the browser may know of a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{MissingLayer, Problem, ProblemKind};
use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};

use crate::problem_words::message;

/// The answer of a server function that did not do what it was asked, in words chosen here. The cause is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError {
    /// A stable word for scripts.
    pub code: String,
    /// A sentence for the person.
    pub message: String,
    /// What is wrong with single fields, by their names.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Where to go, when it cannot be mended in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl AppError {
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), fields: BTreeMap::new(), next: None }
    }
}

impl From<ProblemKind> for AppError {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind.code(), message(kind))
    }
}

/// A mistake in the router; pages have the same in `document`.
impl From<MissingLayer> for AppError {
    fn from(missing: MissingLayer) -> Self {
        tracing::error!(layer = missing.0, "a route lacks a layer");
        ProblemKind::Internal.into()
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// The framework's own failures: a form that does not fit the function, or a defect. Its texts stay on the server.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let kind = match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => ProblemKind::BadRequest,
            error => {
                tracing::error!(%error, "a server function failed");
                ProblemKind::Internal
            }
        };
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(kind.status());
        }
        kind.into()
    }
}

/// The page of a form that was refused, for the page of the problem to lead back to.
#[derive(Debug, Clone)]
pub(crate) struct FormPage(pub(crate) String);

/// The problem that the answer of a server function stands for, where a browser gets a page and not the framework's JSON.
pub(crate) fn problem_of(answer: Response) -> Response {
    let (mut head, _) = answer.into_parts();
    let problem = match head.status {
        StatusCode::TOO_MANY_REQUESTS => Problem {
            kind: ProblemKind::TooManyRequests,
            retry_after: head.headers.get(RETRY_AFTER).and_then(seconds),
        },
        StatusCode::SERVICE_UNAVAILABLE => Problem::unavailable(),
        status if status.is_server_error() => ProblemKind::Internal.into(),
        _ => ProblemKind::BadRequest.into(),
    };
    let mut response = problem.into_response();
    let page = head.headers.remove(LOCATION).and_then(|page| page.to_str().map(str::to_owned).ok());
    if let Some(page) = page {
        response.extensions_mut().insert(FormPage(page));
    }
    response
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
