//! A form that is sent twice is acted on once and answered twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use cookie::Cookie;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Extensions, HeaderMap};
use sha2::{Digest as _, Sha256};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

use super::answers::{Answer, Found, Key};
use super::cookies::sent;
use super::form::read_form;
use super::request_id::RequestId;
use crate::page_of::hex_of;
use crate::{Bff, Problem, ProblemKind, Wants};

/// The field with the number of the form, see [`form_id`].
const FIELD: &str = "form_id";

/// An answer is a redirect or a line of JSON.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// Gives the second of two equal forms the answer of the first, including its cookies, once that answer exists. Two
/// forms are equal if they have the same number ([`form_id`]), the same fields and the same session, and reach this
/// process within a minute. Only a form that has done something ([`note_done`]) is answered in this way. A refused form
/// is acted on again, and a form without a number every time.
///
/// Without scripts, nothing prevents a double click. The browser aborts the first request and shows the answer to the
/// second one. That answer would be about an account that already exists, or a link that is used up.
///
/// This runs outside of the session layer, whose cookies belong to the answer. A form with a number is finished even if
/// its connection is closed, because the browser may still come for the answer.
///
/// # Security
///
/// Whoever gets the answer gets its session. So the answer goes only to a request that has the session of the first
/// request, or the one that the answer gave, and the same number, which is random, stands in one page alone, and is
/// never logged. All other fields, including a password, must be equal too. Nothing of a refused form is kept, so
/// nobody can fill the memory with them.
pub async fn answer_once<N, F>(bff: &Bff, request: Request, next: N) -> Response
where
    N: FnOnce(Request) -> F + Send + 'static,
    F: Future<Output = Response> + Send,
{
    let (mut parts, body) = request.into_parts();
    let form = match read_form(bff, &parts, body).await {
        Ok(form) => form,
        Err(kind) => return Problem::new(kind).into_response(),
    };
    let Some(numbered) = Numbered::new(bff, &parts, &form) else {
        return next(Request::from_parts(parts, Body::from(form))).await;
    };
    let said = loop {
        match bff.answers().find_or_begin(numbered.key()) {
            Found::Begun(said) => break said,
            Found::Before(mut answer) => {
                match answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone()) {
                    Some(answer) => {
                        return Response::from_parts(answer.0.clone(), Body::from(answer.1.clone()));
                    }
                    // The first form did nothing, so this one is acted on.
                    None => bff.answers().forget_ended(&numbered.key()),
                }
            }
        }
    };
    let done = Done::default();
    parts.extensions.insert(done.clone());
    let request = Request::from_parts(parts, Body::from(form));
    let (answer, answered) = oneshot::channel();
    let bff_of_task = bff.clone();
    let task = async move {
        let response = next(request).await;
        // If nobody takes the answer any more, that is no failure.
        let _ = answer.send(numbered.kept(&bff_of_task, response, &done, &said).await);
    };
    bff.spawn(Box::pin(task.in_current_span()));
    answered.await.unwrap_or_else(|_| Problem::new(ProblemKind::Internal).into_response())
}

/// The number for the forms of this request's page, for a hidden field named `form_id`: 32 hexadecimal digits. [`answer_once`]
/// uses it to detect a form that is sent twice. `None` if the request has not passed [`trace_request`](super::trace_request).
pub fn form_id(extensions: &Extensions) -> Option<String> {
    let id: &RequestId = extensions.get()?;
    Some(hex_of(&id.form_id()))
}

/// Marks the form of this request as done, so that it is not acted on again, see [`answer_once`].
pub fn note_done(parts: &Parts) {
    if let Some(Done(done)) = parts.extensions.get() {
        done.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Default)]
struct Done(Arc<AtomicBool>);

/// A form with a number, and the session that it came with.
struct Numbered {
    form: Key,
    /// The cookies of the session, by name.
    session: Vec<(String, String)>,
}

impl Numbered {
    fn new(bff: &Bff, parts: &Parts, form: &[u8]) -> Option<Self> {
        let (_, id) = url::form_urlencoded::parse(form).find(|(name, _)| name == FIELD)?;
        if id.len() != 32 {
            return None;
        }
        let wants_json = Wants::from_headers(&parts.headers) == Wants::Json;
        let hash = Sha256::new()
            .chain_update(parts.uri.path())
            .chain_update([0, u8::from(wants_json)])
            .chain_update(form)
            .finalize();
        Some(Self { form: hash.into(), session: session_cookies(bff, &parts.headers) })
    }

    fn key(&self) -> Key {
        self.key_with(&self.session)
    }

    fn key_with(&self, session: &[(String, String)]) -> Key {
        let mut hash = Sha256::new().chain_update(self.form);
        for text in session.iter().flat_map(|(name, value)| [name, value]) {
            hash = hash.chain_update((text.len() as u64).to_be_bytes()).chain_update(text);
        }
        hash.finalize().into()
    }

    /// Keeps the answer for a second form if this form has done something. This form gets its answer in any case.
    async fn kept(
        &self,
        bff: &Bff,
        response: Response,
        done: &Done,
        said: &watch::Sender<Answer>,
    ) -> Response {
        if !done.0.load(Ordering::Relaxed) {
            bff.answers().forget(&self.key());
            return response;
        }
        let (head, body) = response.into_parts();
        let Ok(body) = to_bytes(body, MAX_ANSWER_BYTES).await else {
            return Problem::new(ProblemKind::Internal).into_response();
        };
        let given = self.session_after(bff, &head.headers);
        said.send_replace(Some(Arc::new((head.clone(), body.clone()))));
        bff.answers().also_under(self.key_with(&given), said.subscribe());
        Response::from_parts(head, Body::from(body))
    }

    /// The session cookies of a browser that has received this answer.
    fn session_after(&self, bff: &Bff, headers: &HeaderMap) -> Vec<(String, String)> {
        let mut cookies = self.session.clone();
        let lines = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        for set in lines.filter_map(|line| Cookie::parse(line).ok()) {
            let (name, value) = set.name_value();
            if is_of_session(bff, name) {
                cookies.retain(|(known, _)| known != name);
                if !value.is_empty() {
                    cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        cookies.sort_unstable();
        cookies
    }
}

fn session_cookies(bff: &Bff, headers: &HeaderMap) -> Vec<(String, String)> {
    let session = sent(headers).filter(|cookie| is_of_session(bff, cookie.name()));
    let mut cookies: Vec<_> =
        session.map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect();
    cookies.sort_unstable();
    cookies
}

/// Whether a cookie with this name, which may have a prefix and a part number, belongs to the session.
fn is_of_session(bff: &Bff, name: &str) -> bool {
    name.contains(&bff.session_settings().cookie_name)
}
