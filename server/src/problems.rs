//! Turns a problem into what the client can read: a page for a browser, JSON for a script. It also renders the page that
//! leads to another site after a form.

use std::sync::Arc;

use app::problem_words::message;
use app::{Language, Onward, Site, language_of};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, COOKIE,
};
use http::request::Parts;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode, Uri};
use ironleaf_bff::edge::{CspNonce, RequestId};
use ironleaf_bff::{Bff, Flash, Problem, ProblemKind, Wants};
use ironleaf_proxy::Forwarded;
use ironleaf_session::{Payload, Session, SessionTooLarge};

/// The parts of a request that the answer to a problem needs. They are kept for every request, and most never need
/// them, so they are few and cheap to copy.
#[derive(Clone)]
struct Asked<P> {
    arrived: Arc<Arrived>,
    session: Option<Session<P>>,
    flash: Option<Flash>,
}

/// What is known of the request before the session layer.
struct Arrived {
    method: Method,
    uri: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    site: Option<Arc<Site>>,
    id: Option<RequestId>,
    nonce: Option<CspNonce>,
    bff: Option<Bff>,
    /// The language of a test.
    language: Option<Language>,
}

/// The request after the session layer, stored in the response for problems that only appear on the way back through
/// that layer.
#[derive(Clone)]
struct BehindSession<P>(Asked<P>);

/// Is in the stack twice: inside the session, so that the error page of a signed-in person has their header, and
/// outside of everything, for failures before the session.
pub(crate) async fn render<P: Payload, F>(mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let mut asked = Asked::<P>::of(&mut request);
    let mut response = next(request).await;
    if let Some(BehindSession(further_in)) = response.extensions_mut().remove() {
        asked = further_in;
    }
    if let Some(onward) = response.extensions_mut().remove::<Onward>() {
        response = app::pages().onward_page(asked.clone().into_parts(), onward, response).await;
    }
    let problem = response.extensions_mut().remove().or_else(|| bare(&response));
    let Some(problem) = problem.or_else(|| unsaved(&mut response)) else {
        // The flashes leave with this response. An outer layer cannot take one.
        asked.flash = None;
        response.extensions_mut().insert(BehindSession(asked));
        return response;
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let asked = asked.into_parts();
    let language = language_of(&asked.headers, &asked.extensions);
    match Wants::from_headers(&asked.headers) {
        Wants::Page => app::pages().problem_page(asked, problem, response).await,
        Wants::Json => json(problem, language, response),
        Wants::Text => text(problem, language, response),
    }
}

/// The headers that the page of a problem depends on.
const HEADERS: [HeaderName; 5] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    COOKIE,
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("sec-fetch-dest"),
];

impl Arrived {
    fn new(request: &Request) -> Self {
        let mut headers = Vec::with_capacity(HEADERS.len());
        for name in &HEADERS {
            headers.extend(request.headers().get_all(name).iter().map(|value| (name.clone(), value.clone())));
        }
        let extensions = request.extensions();
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers,
            site: extensions.get().cloned(),
            id: extensions.get().copied(),
            nonce: extensions.get().cloned(),
            bff: extensions.get().cloned(),
            language: extensions.get().copied(),
        }
    }
}

impl<P: Payload> Asked<P> {
    fn of(request: &mut Request) -> Self {
        let known = request.extensions().get().cloned();
        let arrived = known.unwrap_or_else(|| {
            let arrived = Arc::new(Arrived::new(request));
            request.extensions_mut().insert(Arc::clone(&arrived));
            arrived
        });
        let extensions = request.extensions();
        Self { arrived, session: extensions.get().cloned(), flash: extensions.get().cloned() }
    }

    /// Builds a request again, for the page of the problem.
    fn into_parts(self) -> Parts {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let arrived = &*self.arrived;
        (parts.method, parts.uri) = (arrived.method.clone(), arrived.uri.clone());
        parts.headers.extend(arrived.headers.iter().cloned());
        let extensions = &mut parts.extensions;
        give(extensions, arrived.site.clone());
        give(extensions, arrived.id);
        give(extensions, arrived.nonce.clone());
        give(extensions, arrived.bff.clone());
        give(extensions, arrived.language);
        give(extensions, self.session);
        give(extensions, self.flash);
        parts
    }
}

fn give<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, value: Option<T>) {
    if let Some(value) = value {
        extensions.insert(value);
    }
}

/// The router's own answers only have a status.
fn bare(response: &Response) -> Option<Problem> {
    if response.extensions().get::<Forwarded>().is_some() {
        return None;
    }
    let kind = match response.status() {
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        _ => return None,
    };
    (!response.headers().contains_key(CONTENT_TYPE)).then(|| kind.into())
}

/// The session layer refused to write the session, and the browser keeps its old one.
///
/// A redirect stays a redirect, because the page that it leads to meets the same budget. A refusal also stays, because
/// it already has a message; the refusal of a sign-in has said this itself.
fn unsaved(response: &mut Response) -> Option<Problem> {
    response.extensions_mut().remove::<SessionTooLarge>()?;
    let problem = Problem::new(ProblemKind::SessionTooLarge);
    response.status().is_success().then(|| *response.status_mut() = problem.kind.status())?;
    Some(problem)
}

/// The answer to a script.
pub(crate) fn json(problem: Problem, language: Language, response: Response) -> Response {
    let body = serde_json::json!({
        "code": problem.kind.code(),
        "message": message(problem.kind, language),
        "fields": {},
    });
    with_body(response, language, "application/json", body.to_string())
}

fn text(problem: Problem, language: Language, response: Response) -> Response {
    with_body(
        response,
        language,
        "text/plain; charset=utf-8",
        format!("{}\n", message(problem.kind, language)),
    )
}

fn with_body(response: Response, language: Language, content_type: &'static str, body: String) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    head.headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    (head, body).into_response()
}
