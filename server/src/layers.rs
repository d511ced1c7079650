//! The layers around every request, from outside to inside: metrics, request id and log line, the context, headers,
//! error pages, panics, host. Around the application there are also the cross-site check, the session, and again error
//! pages and panics.
//!
//! Each is a function that receives the rest. A few layers call these functions, because every layer of axum copies
//! everything inside of it for every request.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, ready};
use ironleaf_bff::{Problem, ProblemKind, edge};
use ironleaf_session::{Payload, SessionLayer};
use tower::{Layer, Service, service_fn};

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
    if let Err(problem) = unless_cross_site(&context, &request) {
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

fn unless_cross_site(context: &Context, request: &Request) -> Result<(), Problem> {
    if context.lets_in(request) { Ok(()) } else { edge::refuse_cross_site(&context.bff, request) }
}

/// What answers a request for which there is no route: `answer`, with the same around it as around the application, except
/// for what only forms need. Through the layers of axum, a request would take longer.
pub(crate) fn beyond_routes<P, F>(
    context: Arc<Context>,
    session: &SessionLayer<P>,
    answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static,
) -> impl Fn(Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static
where
    P: Payload,
    F: Future<Output = Response> + Send + 'static,
{
    let with_session = session.layer(service_fn(move |request| {
        let answer = answer.clone();
        async move { Ok::<_, Infallible>(inside::<P, _>(request, answer).await) }
    }));
    move |request| match unless_cross_site(&context, &request) {
        Ok(()) => with_session
            .clone()
            .call(request)
            .map(|answered| answered.unwrap_or_else(|never| match never {}))
            .boxed(),
        Err(problem) => ready(problem.into_response()).boxed(),
    }
}

/// Inside the session, so that a cookie that was renewed before a panic is still sent with the error page.
pub(crate) async fn behind_session<P: Payload>(request: Request, next: Next) -> Response {
    inside::<P, _>(request, |request| next.run(request)).await
}

async fn inside<P: Payload, F>(mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    edge::leave_out_foreign_session(request.extensions_mut());
    edge::forget_told_session(request, |request| {
        edge::note_session(request, |request| guarded::<P, _>(request, next))
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
