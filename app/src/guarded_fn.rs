//! The answer of a server function whose guard does not admit the request. The function does not run.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use ironleaf_bff::{Problem, ProblemKind, ReturnTo, SignedOutReason};

use crate::browser_answer::BrowserAnswer;
use crate::error::AppError;
use crate::flashes::{KeptForm, Message};
use crate::guard::{Verdict, guard_of};
use crate::html_form::respond;
use crate::links;
use crate::problem_words::message;
use crate::request::language_of;

/// The request, if it may go on to its server function.
///
/// # Errors
///
/// The answer in place of that of the function: 404, 403 or 503, or a redirect to the sign-in page.
pub(crate) async fn admitted(request: Request) -> Result<Request, Response> {
    let Some(guard) = guard_of(request.uri().path()) else { return Ok(request) };
    let (parts, body) = request.into_parts();
    let error = match guard.verdict(&parts) {
        Verdict::Admitted => return Ok(Request::from_parts(parts, body)),
        Verdict::Absent => of_problem(&parts, Problem::new(ProblemKind::NotFound)),
        Verdict::Refused => of_problem(&parts, Problem::new(ProblemKind::Forbidden)),
        Verdict::Unchecked => of_problem(&parts, Problem::unavailable()),
        Verdict::Stranger => {
            // The form was read, and its size checked, outside of the session.
            let form = to_bytes(body, usize::MAX).await.unwrap_or_default();
            signed_out(&parts, &form)
        }
    };
    Err(respond(&parts, Err(error)))
}

fn of_problem(parts: &Parts, problem: Problem) -> AppError {
    let Problem { kind, retry_after } = problem;
    let words = message(kind, language_of(&parts.headers, &parts.extensions));
    let browser = BrowserAnswer::Problem { problem, form: None };
    let mut error = AppError::new(kind.status(), kind.code(), words, browser);
    error.http.retry_after = retry_after;
    error
}

/// The person signs in first, and then goes where the form would have led.
fn signed_out(parts: &Parts, form: &Bytes) -> AppError {
    let place = url::form_urlencoded::parse(form).find(|(name, _)| name == "return_to");
    let to = links::login(place.and_then(|(_, place)| ReturnTo::parse(&place)).as_ref());
    let message = Message::SessionExpired(SignedOutReason::from_parts(parts));
    let words = message.text(language_of(&parts.headers, &parts.extensions)).into_owned();
    let browser = BrowserAnswer::Elsewhere { to: to.clone(), kept: KeptForm::default(), message };
    AppError { next: Some(to), ..AppError::new(StatusCode::UNAUTHORIZED, "signed_out", &words, browser) }
}
