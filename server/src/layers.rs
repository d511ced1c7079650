//! The layers around every request, from outside to inside: metrics, request id and log line, the context, headers,
//! error pages, panics, host. Around the application there are also the cross-site check, the session, and again error
//! pages and panics.
//!
//! Each is a function that receives the rest. A few layers call these functions, because every layer of axum copies
//! everything inside of it for every request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use ironleaf_bff::{Problem, ProblemKind, edge};
use ironleaf_session::Payload;

use crate::context::Context;
use crate::{metrics, problems};

/// Forms on pages that set no cookie. They do not need one, and they may be sent again.
const KEEP_NOTHING: [&str; 3] = ["/api/set-language", "/api/set-theme", "/api/sign-out"];

/// Around everything except health, which is asked by address and not by name.
pub(crate) async fn around_all<P: Payload>(
    State(context): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    around(&context, request, |request| {
        let checked = edge::refuse_foreign_host(&context.bff, &request);
        let kept = context.pages.get(request.uri().path()).filter(|_| checked.is_ok());
        match kept.and_then(|page| page.kept(&request)) {
            Some(page) => {
                metrics::note_kept_page();
                Either::Left(ready(page))
            }
            None => {
                Either::Right(guarded::<P, _>(request, move |request| unless_refused(checked, request, next)))
            }
        }
    })
    .await
}

pub(crate) async fn around_health<P: Payload>(
    State(context): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    around(&context, request, |request| guarded::<P, _>(request, |request| next.run(request))).await
}

async fn around<F>(context: &Context, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let bff = &context.bff;
    metrics::count_request(request, |request| {
        edge::trace_request(bff, request, |request| edge::response_headers(bff, context.given(request), next))
    })
    .await
}

/// Answers problems and panics of `next` with an error page.
async fn guarded<P: Payload, F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    problems::render::<P, _>(request, |request| catch_panic(request, next)).await
}

pub(crate) async fn in_front_of_session(
    State(context): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    if !context.lets_in(&request)
        && let Err(problem) = edge::refuse_cross_site(&context.bff, &request)
    {
        return problem.into_response();
    }
    if !context.is_form(&request) {
        return next.run(request).await;
    }
    if KEEP_NOTHING.contains(&request.uri().path()) {
        // SECURITY: their answers are not kept. There is a limit for kept answers, and these forms cost nothing.
        return edge::require_form(State(context.bff.clone()), request, next).await;
    }
    match edge::without_cookies(&context.bff, &request) {
        Some(answer) => answer,
        None => edge::answer_once(&context.bff, request, |request| next.run(request)).await,
    }
}

/// Inside the session, so that a cookie that was renewed before a panic is still sent with the error page.
pub(crate) async fn behind_session<P: Payload>(mut request: Request, next: Next) -> Response {
    edge::leave_out_foreign_session(request.extensions_mut());
    edge::forget_told_session(request, |request| {
        edge::note_session(request, |request| guarded::<P, _>(request, |request| next.run(request)))
    })
    .await
}

async fn unless_refused(checked: Result<(), Problem>, request: Request, next: Next) -> Response {
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The panic hook has logged the place of the panic, see [`telemetry`](crate::telemetry). The browser does not learn
/// it.
async fn catch_panic<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    // No code uses what a panic has left unfinished, because the request is dropped.
    let answered = AssertUnwindSafe(async move { next(request).await }).catch_unwind().await;
    answered.unwrap_or_else(|_| Problem::new(ProblemKind::Internal).into_response())
}
