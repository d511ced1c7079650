//! What a browser may know of a failure. Compiled for both halves, because an island may call a server function that
//! fails with it.

use std::collections::BTreeMap;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::browser_answer::{BrowserAnswer, HttpAnswer};
#[cfg(feature = "ssr")]
use crate::language::Language;
#[cfg(feature = "ssr")]
use crate::problem_words::message;
#[cfg(feature = "ssr")]
use crate::request::language_of;

/// The error of every server function, in words chosen here. The cause is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError {
    /// A stable word for scripts.
    pub code: String,
    /// A sentence for the person.
    pub message: String,
    /// What is wrong with single fields, by field name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Where the person can fix it, if not on this page: a path of this origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The parts of the answer besides its JSON.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub(crate) http: Box<HttpAnswer>,
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// The framework's own failures: a form that does not fit the function, no answer, or a defect. Their texts are not
    /// shown.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        of_framework(&error)
    }

    /// The framework answers every error with 500, and does not say when to try again.
    #[cfg(feature = "ssr")]
    fn ser(&self) -> leptos::server_fn::Bytes {
        use http::HeaderValue;
        use http::header::RETRY_AFTER;
        use leptos::server_fn::Encodes;

        if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(self.http.status);
            if let Some(wait) = self.http.retry_after {
                response.insert_header(RETRY_AFTER, HeaderValue::from(crate::wait::whole_secs(wait)));
            }
        }
        JsonEncoding::encode(self).unwrap_or_default()
    }
}

#[cfg(feature = "ssr")]
fn of_framework(error: &ServerFnErrorErr) -> AppError {
    use ironleaf_bff::ProblemKind;

    match error {
        ServerFnErrorErr::Args(_)
        | ServerFnErrorErr::MissingArg(_)
        | ServerFnErrorErr::Deserialization(_) => ProblemKind::BadRequest.into(),
        error => {
            tracing::error!(%error, "a server function failed");
            ProblemKind::Internal.into()
        }
    }
}

/// In the browser: the server did not answer, or the answer is not from this application.
#[cfg(not(feature = "ssr"))]
fn of_framework(_: &ServerFnErrorErr) -> AppError {
    AppError { code: "unavailable".to_owned(), message: no_answer(), fields: BTreeMap::new(), next: None }
}

/// The words for a missing answer, which the page has for its script.
#[cfg(not(feature = "ssr"))]
fn no_answer() -> String {
    let script = leptos::prelude::document().query_selector("script[data-no-answer]").ok().flatten();
    script.and_then(|script| script.get_attribute("data-no-answer")).unwrap_or_default()
}

#[cfg(feature = "ssr")]
impl AppError {
    pub(crate) fn new(status: http::StatusCode, code: &str, message: &str, browser: BrowserAnswer) -> Self {
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
            fields: BTreeMap::new(),
            next: None,
            http: Box::new(HttpAnswer { status, retry_after: None, browser }),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<ironleaf_bff::ProblemKind> for AppError {
    fn from(kind: ironleaf_bff::ProblemKind) -> Self {
        let browser = BrowserAnswer::Problem { problem: kind.into(), form: None };
        // Every server function has its request in the context.
        let request = leptos::prelude::use_context::<http::request::Parts>();
        let language =
            request.map_or(Language::ENGLISH, |parts| language_of(&parts.headers, &parts.extensions));
        Self::new(kind.status(), kind.code(), message(kind, language), browser)
    }
}

/// For a mistake in the router.
#[cfg(feature = "ssr")]
impl From<ironleaf_bff::MissingLayer> for AppError {
    fn from(missing: ironleaf_bff::MissingLayer) -> Self {
        tracing::error!(layer = missing.0, "a route lacks a layer");
        ironleaf_bff::ProblemKind::Internal.into()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::time::Duration;

    use http::StatusCode;
    use http::header::RETRY_AFTER;
    use ironleaf_bff::ProblemKind;
    use leptos::prelude::{Owner, provide_context};
    use leptos_axum::ResponseOptions;

    use super::*;

    #[test]
    fn an_island_learns_when_to_try_again() {
        let owner = Owner::new();
        let response = ResponseOptions::default();
        let mut error = AppError::from(ProblemKind::Unavailable);
        error.http.retry_after = Some(Duration::from_millis(2_500));
        owner.with(|| {
            provide_context(response.clone());
            error.ser();
        });
        let response = response.0.read().unwrap();
        assert_eq!(response.status, Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(response.headers[RETRY_AFTER], "3");
    }
}
