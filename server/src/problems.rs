//! Turns a problem into what the client can read: a page for a browser, JSON for a script.

use app::document::problem_page;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::{Flash, Problem, ProblemKind, Wants};
use ironleaf_session::SessionTooLarge;

/// The request as it came out of the session layer, left in the response for what shows only on the way back through it.
#[derive(Clone)]
struct BehindSession(Parts);

/// Stands twice in the stack: behind the session, so that the page of a signed-in person has their header, and in front
/// of everything, for what fails before.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let wants = Wants::from_headers(&parts.headers);
    let mut kept = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(BehindSession(parts)) = response.extensions_mut().remove() {
        kept = parts;
    }
    let problem = response.extensions_mut().remove().or_else(|| bare(&response));
    let Some(problem) = problem.or_else(|| unsaved(&mut response)) else {
        // Its flashes leave with this response: nothing further out can take one.
        kept.extensions.remove::<Flash>();
        response.extensions_mut().insert(BehindSession(kept));
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

/// The session layer refused to write the session, and the browser keeps the one it has.
///
/// A redirect stays what it is: the page it leads to meets the same budget. So does a refusal, which has said something
/// else already; that of a sign-in has said this.
fn unsaved(response: &mut Response) -> Option<Problem> {
    response.extensions_mut().remove::<SessionTooLarge>()?;
    let problem = Problem::new(ProblemKind::SessionTooLarge);
    response.status().is_success().then(|| *response.status_mut() = problem.kind.status())?;
    Some(problem)
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
