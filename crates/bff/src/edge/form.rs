use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;

use crate::{Bff, Problem, ProblemKind};

/// Far above the size of our forms, and small enough that a flood of larger ones costs next to nothing (ASVS 3.5 and
/// SECURITY 16).
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Reads the whole form before anything acts on it. Refuses a body that is too large, too slow, or not a form.
pub async fn require_form(State(bff): State<Bff>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match read_form(&bff, &parts, body).await {
        Ok(form) => next.run(Request::from_parts(parts, Body::from(form))).await,
        Err(kind) => Problem::new(kind).into_response(),
    }
}

/// Does the same for a route with answers of its own.
///
/// # Errors
///
/// Why the form cannot be read. The status of the answer is [`ProblemKind::status`].
pub async fn read_form(bff: &Bff, parts: &Parts, body: Body) -> Result<Bytes, ProblemKind> {
    let is_form = parts.headers.get(CONTENT_TYPE).is_none_or(|value| {
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let announced: usize = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if announced > MAX_FORM_BYTES {
        return Err(ProblemKind::PayloadTooLarge);
    }
    // An empty body needs no media type. A sign-out is such a form.
    if !is_form && announced > 0 {
        return Err(ProblemKind::UnsupportedMediaType);
    }
    let form = match tokio::time::timeout(bff.form_timeout(), to_bytes(body, MAX_FORM_BYTES)).await {
        Ok(Ok(form)) => form,
        Ok(Err(error)) if is_length_limit(&error) => return Err(ProblemKind::PayloadTooLarge),
        Ok(Err(_)) => return Err(ProblemKind::BadRequest),
        Err(_) => return Err(ProblemKind::RequestTimeout),
    };
    if !is_form && !form.is_empty() {
        return Err(ProblemKind::UnsupportedMediaType);
    }
    Ok(form)
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}
