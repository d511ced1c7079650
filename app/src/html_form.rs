//! How a plain HTML form calls a server function, and how the function answers: JSON for a script, a redirect for a
//! browser.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_bff::edge::{RequestId, note_done};
use ironleaf_bff::{Flash, Problem, ProblemKind, ReturnTo};
use leptos::prelude::{provide_context, use_context};
use leptos::server_fn::axum::AxumServerFnBackend;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{FromReq, Json as JsonEncoding, PostUrl};
use leptos::server_fn::{Http, Protocol};

use crate::browser_answer::{BrowserAnswer, HttpAnswer};
use crate::error::AppError;
use crate::flashes::{KEPT_FORMS, KeptForm, KeptForms, Left, MESSAGE, Message, Said, with_reference};
use crate::form_post::{CommonFields, Done};
use crate::onward::Onward;
use crate::request::language_of;
use crate::site::Site;
use crate::wait::whole_secs;

/// The protocol of a server function that a plain HTML form calls: `#[server(protocol = HtmlForm, ..)]`. The function
/// returns a value, [`Done`] or [`AppError`]. A script gets it as JSON. A browser is redirected, and the page it
/// reaches shows the message.
pub struct HtmlForm;

/// Whether the client asked for JSON. Stored before Leptos is told that every client does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WantsJson(pub(crate) bool);

/// The page of a refused form, so that the page of the problem can lead back to it.
#[derive(Debug, Clone)]
pub(crate) struct FormPage(pub(crate) String);

impl<Input, C> Protocol<Input, Done, C, AxumServerFnBackend, AppError> for HtmlForm
where
    C: Client<AppError>,
    Input: FromReq<PostUrl, Request, AppError> + Send,
    Http<PostUrl, JsonEncoding>: Protocol<Input, Done, C, AxumServerFnBackend, AppError>,
{
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(request: Request, server_fn: F) -> Result<Response, AppError>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Done, AppError>> + Send,
    {
        let parts = use_context::<Parts>().ok_or(ProblemKind::Internal)?;
        let request = with_common_fields(request).await?;
        let answer = match Input::from_req(request).await {
            Ok(input) => server_fn(input).await,
            Err(error) => Err(error),
        };
        Ok(respond(&parts, answer))
    }

    async fn run_client(path: &str, input: Input) -> Result<Done, AppError> {
        <Http<PostUrl, JsonEncoding> as Protocol<_, _, C, AxumServerFnBackend, _>>::run_client(path, input)
            .await
    }
}

/// The form was read, and its size checked, outside of the session.
async fn with_common_fields(request: Request) -> Result<Request, AppError> {
    let (parts, body) = request.into_parts();
    let body: Bytes =
        axum::body::to_bytes(body, usize::MAX).await.map_err(|_| AppError::from(ProblemKind::BadRequest))?;
    let mut fields = CommonFields::default();
    for (name, value) in url::form_urlencoded::parse(&body) {
        match &*name {
            "page_of" => fields.page_of = Some(value.into_owned()),
            "return_to" => fields.return_to = ReturnTo::parse(&value),
            _ => {}
        }
    }
    provide_context(fields);
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The answer to a client of either kind.
pub(crate) fn respond(parts: &Parts, answer: Result<Done, AppError>) -> Response {
    let wants_json = parts.extensions.get::<WantsJson>().is_some_and(|wants| wants.0);
    match answer {
        Ok(done) => {
            note_done(parts);
            if let Some(message) = &done.left {
                // A script also goes to `next`, where the message is shown.
                leave_message(parts, message.clone(), &done.next);
            }
            if wants_json {
                return Json(done).into_response();
            }
            match Onward::to(&done.next, parts) {
                Some(onward) => onward.into_response(),
                None => redirect(&done.next),
            }
        }
        Err(mut error) if wants_json => {
            if let BrowserAnswer::Elsewhere { to, kept, message } = &error.http.browser {
                leave_message(parts, message.clone(), to);
                keep(parts, kept);
            }
            let reference = reference(parts, error.http.status);
            let language = language_of(&parts.headers, &parts.extensions);
            error.message = with_reference(error.message.into(), reference.as_deref(), language).into_owned();
            json(&error)
        }
        Err(error) => for_browser(parts, *error.http),
    }
}

/// The number that a person can quote if the request failed on our side, as the pages of problems show it.
fn reference(parts: &Parts, status: StatusCode) -> Option<String> {
    let id = parts.extensions.get::<RequestId>().filter(|_| status.is_server_error());
    id.map(ToString::to_string)
}

fn json(error: &AppError) -> Response {
    let mut response = (error.http.status, Json(error)).into_response();
    if let Some(wait) = error.http.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_secs(wait)));
    }
    response
}

fn for_browser(parts: &Parts, answer: HttpAnswer) -> Response {
    match answer.browser {
        BrowserAnswer::Back { page, kept, message } => {
            let is_said = message.is_some() || kept == KeptForm::default();
            if let Some(message) = message {
                let reference = reference(parts, answer.status);
                leave_message(parts, Said { message, reference }, &page);
            }
            if !keep(parts, &kept) && !is_said {
                leave_message(parts, Message::CheckFields, &page);
            }
            redirect(&page)
        }
        BrowserAnswer::Elsewhere { to, kept, message } => {
            leave_message(parts, message, &to);
            keep(parts, &kept);
            redirect(&to)
        }
        BrowserAnswer::Problem { problem, form } => {
            let mut response = problem.into_response();
            if let Some((page, kept)) = form {
                keep(parts, &kept);
                response.extensions_mut().insert(FormPage(page));
            }
            response
        }
    }
}

/// RFC 9700, section 4.12: after a 307, the browser would send the password again.
fn redirect(target: &str) -> Response {
    match HeaderValue::try_from(target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => Problem::new(ProblemKind::Internal).into_response(),
    }
}

fn leave_message(parts: &Parts, said: impl Into<Said>, page: &str) {
    let site = parts.extensions.get::<Arc<Site>>();
    let left = Left::for_page(said.into(), page, |path| site.is_some_and(|site| site.has_page(path)));
    if let Some(flash) = parts.extensions.get::<Flash>() {
        flash.set(&MESSAGE, &left);
    }
}

/// Keeps what was typed, or, if there is too little space, at least what is wrong with it. `false` if even that is
/// lost.
fn keep(parts: &Parts, form: &KeptForm) -> bool {
    if form.is_empty() {
        return true;
    }
    let Some(flash) = parts.extensions.get::<Flash>() else { return false };
    let mut forms = flash.peek(&KEPT_FORMS).unwrap_or_default();
    forms.keep(form.clone());
    if flash.set(&KEPT_FORMS, &forms) || !form.has_problems() {
        return true;
    }
    let mut without_values = KeptForms::default();
    without_values.keep(form.without_values());
    flash.set(&KEPT_FORMS, &without_values)
}
