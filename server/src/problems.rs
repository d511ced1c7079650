//! Turns a problem into what the client can read: a page for a browser, JSON for a script.

use app::document::problem_page;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{Problem, ProblemKind, Wants};

/// Stands twice in the stack: behind the session, so that the page of a signed-in person has their header, and in front
/// of everything, for what fails before.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let wants = Wants::from_headers(&parts.headers);
    let kept = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>().or_else(|| bare(&response)) else {
        return response;
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match wants {
        Wants::Page => problem_page(kept, problem, response),
        Wants::Json => json(problem, response),
        Wants::Text => text(problem, response),
    }
}

/// The router's own answers have a status and nothing else.
fn bare(response: &Response) -> Option<Problem> {
    let kind = match response.status() {
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        _ => return None,
    };
    (!response.headers().contains_key(CONTENT_TYPE)).then(|| kind.into())
}

fn json(problem: Problem, response: Response) -> Response {
    let body = serde_json::json!({
        "code": problem.kind.code(),
        "message": problem.kind.message(),
        "fields": {},
    });
    with_body(response, "application/json", body.to_string())
}

fn text(problem: Problem, response: Response) -> Response {
    with_body(response, "text/plain; charset=utf-8", format!("{}\n", problem.kind.message()))
}

fn with_body(response: Response, content_type: &'static str, body: String) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    (head, body).into_response()
}
