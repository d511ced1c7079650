//! How Leptos output becomes bytes. All code that depends on the internals of Leptos is here.
//!
//! The server renders a page to one string. Nothing streams, so status and cookies are decided before the first byte is
//! sent, and only islands hydrate.

mod document;
mod executor;
mod html;
mod template;
mod text;

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE,
    VARY,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri};
use ironleaf_bff::edge::{CspNonce, cookie_for_a_form, form_id};
use ironleaf_bff::{Bff, Problem, ProblemKind, Wants};
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_axum::generate_route_list;
use leptos_meta::ServerMetaContext;
use leptos_router::components::Outlet;
use leptos_router::location::RequestUrl;

use crate::answer::Answer;
use crate::guard::{Guard, guard_of};
use crate::guarded_fn::admitted;
use crate::html_form::{FormPage, WantsJson};
use crate::language::Language;
use crate::load::Load;
use crate::onward::Onward;
use crate::request::{Bare, PageRequest, bare};
use crate::site::PagePaths;
use crate::wait::whole_secs;
use document::{Content, Document, Look, Shells};
use html::under_its_own_owner;

pub(crate) use document::BODY;
pub(crate) use html::html_of;
pub(crate) use template::{Template, Templates, escaped};
pub(crate) use text::{form_id_mark, nonce_mark};

/// The view of a `<Route>`: a component whose loader creates its properties.
///
/// The routes are read once, at start. A request for the page does not use the router again: its loader runs, then its
/// component, then the layouts around it. So the component has the data of its loader, including path parameters, and
/// no context of the router. A route with another kind of view has no loader, and is rendered through the router.
pub(crate) fn page<P, V>(
    component: impl Fn(P) -> V + Clone + Send + Sync + 'static,
) -> impl Fn() -> InertElement + Clone + Send + 'static
where
    P: Load,
    V: IntoView,
{
    found_with(None, component)
}

/// As [`page`], for those whom `guard` admits: `view=guarded(PEOPLE, People)`. The guard is asked before the loader runs.
/// Strangers are led to the sign-in page and back, and people without the role get a page that says so (403).
pub(crate) fn guarded<P, V>(
    guard: Guard,
    component: impl Fn(P) -> V + Clone + Send + Sync + 'static,
) -> impl Fn() -> InertElement + Clone + Send + 'static
where
    P: Load,
    V: IntoView,
{
    found_with(Some(guard), component)
}

/// The view of a route, which only says what is there.
fn found_with<P, V>(
    guard: Option<Guard>,
    component: impl Fn(P) -> V + Clone + Send + Sync + 'static,
) -> impl Fn() -> InertElement + Clone + Send + 'static
where
    P: Load,
    V: IntoView,
{
    erased(Arc::new(move || {
        if let Some(Discovery(found)) = use_context() {
            lock(&found).page = Some(Page { guard, ..Page::new(component.clone()) });
        } else {
            tracing::error!("a page with a loader is rendered by the router");
        }
        InertElement::new("")
    }))
}

/// The view of a `<ParentRoute>`: the parts around the pages below it, which arrive as HTML.
pub(crate) fn layout<V>(
    component: impl Fn(String) -> V + Clone + Send + Sync + 'static,
) -> impl Fn() -> InertElement + Clone + Send + 'static
where
    V: IntoView,
{
    erased(Arc::new(move || {
        let outlet = html_of(view! { <Outlet /> });
        if let Some(Discovery(found)) = use_context() {
            let component = component.clone();
            lock(&found).layouts.push(Arc::new(move |page| html_of(component(page))));
            return InertElement::new("");
        }
        InertElement::new(html_of(component(outlet)))
    }))
}

/// The view without its type. Otherwise the type of every page would be part of the type of the router, and of the names
/// of its functions. Such a name has megabytes, and the compiler and the linker handle each of them in every build.
fn erased(
    view: Arc<dyn Fn() -> InertElement + Send + Sync>,
) -> impl Fn() -> InertElement + Clone + Send + 'static {
    move || view()
}

/// The page at a path, which is looked up once at start.
#[derive(Clone, Default)]
struct Discovery(Arc<Mutex<Found>>);

#[derive(Clone, Default)]
struct Found {
    page: Option<Page>,
    /// From the innermost to the outermost.
    layouts: Vec<Arc<dyn Fn(String) -> String + Send + Sync>>,
}

fn lock(found: &Mutex<Found>) -> std::sync::MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

type Properties = Box<dyn Any + Send>;
type Loading<'a> = Pin<Box<dyn Future<Output = Result<Properties, Answer>> + Send + 'a>>;

/// A component and its [`Load`], with their types erased.
#[derive(Clone)]
struct Page {
    load: for<'a> fn(&'a mut PageRequest) -> Loading<'a>,
    html: Arc<dyn Fn(Properties) -> String + Send + Sync>,
    same_for_strangers: bool,
    guard: Option<Guard>,
}

impl Page {
    fn new<P: Load, V: IntoView>(component: impl Fn(P) -> V + Send + Sync + 'static) -> Self {
        fn load<P: Load>(request: &mut PageRequest) -> Loading<'_> {
            Box::pin(async { P::load(request).await.map(|page| Box::new(page) as Properties) })
        }
        let html = move |properties: Properties| match properties.downcast::<P>() {
            Ok(properties) => html_of(component(*properties)),
            Err(_) => String::new(),
        };
        Self { load: load::<P>, html: Arc::new(html), same_for_strangers: P::SAME_FOR_STRANGERS, guard: None }
    }
}

/// The application: its pages from its `<Routes>`, and how they are rendered.
pub struct Pages {
    routes: Vec<(String, Found)>,
    views: Views,
}

/// The views of the application.
#[derive(Clone, Copy)]
pub(crate) struct Views {
    /// The router with all pages.
    pub(crate) app: fn() -> String,
    /// The page of a problem in its layout. The second argument is the page of the refused form.
    pub(crate) problem: fn(Problem, Option<String>) -> String,
    /// The page that leads to another site.
    pub(crate) onward: fn(Onward) -> String,
    /// The document around a page, with [`BODY`] as the placeholder of the page. The argument is whether the page has
    /// an island.
    pub(crate) shell: fn(bool) -> String,
    /// The tags of `leptos_meta` on every page.
    pub(crate) meta: fn(),
}

impl Pages {
    /// Visits the routes of `app` once.
    pub(crate) fn new<V: IntoView + 'static>(app: fn() -> V, views: Views) -> Self {
        executor::start();
        let routes = generate_route_list(app).into_iter().map(|route| {
            let path = route.path().to_owned();
            let found = found_at(&path, views.app);
            (path, found)
        });
        Self { routes: routes.collect(), views }
    }

    /// The path of every page, in axum's format.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(path, _)| path.as_str())
    }

    /// The path of every page with the role that its guard asks for, if it has a guard.
    pub fn guards(&self) -> impl Iterator<Item = (&str, Option<&'static str>)> {
        let role = |found: &Found| found.page.as_ref()?.guard.map(Guard::needed_role);
        self.routes.iter().map(move |(path, found)| (path.as_str(), role(found)))
    }

    /// The same paths, as a table for lookups.
    pub fn table(&self) -> PagePaths {
        PagePaths::new(self.paths())
    }

    /// The handlers of the pages, by path.
    pub fn handlers(&'static self) -> impl Iterator<Item = (&'static str, Arc<PageHandler>)> {
        Language::prepare();
        let shells = Arc::new(Shells::default());
        self.routes.iter().map(move |(path, found)| {
            let (shells, views) = (Arc::clone(&shells), self.views);
            let handler = PageHandler {
                found: found.clone(),
                views,
                shells,
                kept: std::array::from_fn(|_| OnceLock::new()),
            };
            (path.as_str(), Arc::new(handler))
        })
    }

    /// The page of a problem, instead of the plain text of the answer. The headers of `response` stay.
    pub async fn problem_page(&self, parts: Parts, problem: Problem, mut response: Response) -> Response {
        let form = response.extensions_mut().remove().map(|FormPage(page)| page);
        let html = || (self.views.problem)(problem, form);
        self.page_in_place_of(response, parts, problem.kind.status(), html).await
    }

    /// The page that leads to another site, as the body of the answer to a form. The headers of `response` stay.
    pub async fn onward_page(&self, parts: Parts, onward: Onward, response: Response) -> Response {
        let status = response.status();
        self.page_in_place_of(response, parts, status, || (self.views.onward)(onward)).await
    }

    async fn page_in_place_of(
        &self,
        response: Response,
        parts: Parts,
        status: StatusCode,
        html: impl FnOnce() -> String,
    ) -> Response {
        let Some(request) = PageRequest::for_problem(parts) else {
            return response;
        };
        let (mut head, _) = response.into_parts();
        let request = Arc::new(request);
        let content = rendered(self.views, &request, html).await;
        let document = document(self.views, &Shells::default(), &request, &content);
        let (page, body) = response_with(&request, status, &document).into_parts();
        head.headers.remove(CONTENT_LENGTH);
        head.headers.extend(page.headers);
        Response::from_parts(head, body)
    }
}

/// Asks the router which page is at `path`, a path in axum's format.
fn found_at(path: &str, app: fn() -> String) -> Found {
    let discovery = Discovery::default();
    let found = Arc::clone(&discovery.0);
    under_its_own_owner(|| {
        // The value of a parameter does not matter, but it must not be the name of another page: `:id` is none, because
        // a colon begins a parameter in the path of a route.
        provide_context(RequestUrl::new(&path.replace("{*", "{").replace('{', ":").replace('}', "")));
        provide_context(Arc::new(PageRequest::for_nothing()));
        provide_context(ServerMetaContext::new().0);
        provide_context(discovery);
        app()
    });
    let found = lock(&found);
    found.clone()
}

/// Answers requests for one page.
pub struct PageHandler {
    found: Found,
    views: Views,
    shells: Arc<Shells>,
    /// The page for strangers, by theme and language.
    kept: [OnceLock<Document>; Look::COUNT],
}

impl PageHandler {
    /// The page that was rendered for an earlier stranger, if this request is also from a stranger. It does not need
    /// the session, so it can be answered outside of it.
    pub fn kept(&self, request: &Request) -> Option<Response> {
        let (method, uri) = (request.method(), request.uri());
        let (kept, language) = self.kept_for(method, uri, request.headers(), request.extensions())?;
        let document = kept.get()?;
        let bff = request.extensions().get::<Bff>()?;
        let nonce = request.extensions().get::<CspNonce>()?;
        let html = document.filled_in(nonce.as_str(), || form_id(request.extensions()).unwrap_or_default());
        let cookie = document.has_form().then(|| cookie_for_a_form(bff, request.headers())).flatten();
        let mut response = html_response(StatusCode::OK, language, html, cookie);
        // As inside the session.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    fn kept_for(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<(&OnceLock<Document>, Language)> {
        // SECURITY: nothing behind a guard is kept for others.
        self.found.page.as_ref().filter(|page| page.same_for_strangers && page.guard.is_none())?;
        let bare = bare(method, uri, headers)?;
        let language = bare.language(headers, extensions);
        let Bare { theme, .. } = bare;
        Some((&self.kept[Look { theme, language }.number()], language))
    }

    /// Runs the loader, and then renders the page or sends the loader's answer.
    pub async fn answer(&self, parts: Parts) -> Response {
        let kept = self.kept_for(&parts.method, &parts.uri, &parts.headers, &parts.extensions);
        let mut request = match PageRequest::new(parts).await {
            Ok(request) => request,
            Err(missing) => return missing.into_response(),
        };
        let properties = match self.load(&mut request).await {
            Ok(properties) => properties,
            Err(Answer::Redirect(target)) => {
                request.pass_on_message(&target);
                return redirect(&target);
            }
            Err(Answer::Onward(url)) => return request.onward(url).into_response(),
            Err(Answer::Problem(problem)) => return problem.into_response(),
        };
        let request = Arc::new(request);
        let content = rendered(self.views, &request, || self.html(properties)).await;
        let document = document(self.views, &self.shells, &request, &content);
        let (status, retry_after) = request.status();
        let mut response = response_with(&request, status, &document);
        if let Some(wait) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_secs(wait)));
        }
        if let Some((kept, _)) = kept.filter(|_| request.may_be_kept()) {
            let _ = kept.set(document);
        }
        response
    }

    async fn load(&self, request: &mut PageRequest) -> Result<Option<Properties>, Answer> {
        let Some(page) = &self.found.page else { return Ok(None) };
        if let Some(guard) = page.guard {
            request.pass(guard)?;
        }
        (page.load)(request).await.map(Some)
    }

    fn html(&self, properties: Option<Properties>) -> String {
        let Some((page, properties)) = self.found.page.as_ref().zip(properties) else {
            return (self.views.app)();
        };
        self.found.layouts.iter().fold((page.html)(properties), |html, layout| layout(html))
    }
}

fn redirect(target: &str) -> Response {
    match HeaderValue::try_from(target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => Problem::new(ProblemKind::Internal).into_response(),
    }
}

fn response_with(request: &PageRequest, status: StatusCode, document: &Document) -> Response {
    let nonce = request.nonce().map(CspNonce::as_str).unwrap_or_default();
    let html = document.filled_in(nonce, || request.form_id().unwrap_or_default());
    // The browser of a signed-in person keeps cookies.
    let needs_cookie = document.has_form() && request.viewer.is_none();
    html_response(status, request.language, html, needs_cookie.then(|| request.cookie_for_a_form()).flatten())
}

fn html_response(
    status: StatusCode,
    language: Language,
    html: String,
    cookie: Option<HeaderValue>,
) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_LANGUAGE, HeaderValue::from_static(language.tag())),
        (VARY, HeaderValue::from_static("accept-language, cookie")),
    ];
    let mut response = (status, headers, html).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn document(views: Views, shells: &Shells, request: &Arc<PageRequest>, content: &Content) -> Document {
    let look = Look { theme: request.theme, language: request.language };
    let shell = shells
        .get(look, content.has_islands(), |has_islands| with_owner(request, || (views.shell)(has_islands)));
    Document::new(shell, content, request.has_form())
}

/// Renders the content of a document, and its tags of `leptos_meta`.
async fn rendered(views: Views, request: &Arc<PageRequest>, html: impl FnOnce() -> String) -> Content {
    let (meta, head) = ServerMetaContext::new();
    let html = with_owner(request, || {
        provide_context(meta);
        (views.meta)();
        html()
    });
    // `leptos_meta` looks for the end of the head, so that is all it gets.
    let empty = stream::once(std::future::ready("</head>".to_owned()));
    let mut chunks = Box::pin(head.inject_meta_context(empty).await);
    let mut head = chunks.next().await.unwrap_or_default();
    head.truncate(head.len().saturating_sub("</head>".len()));
    Content { head, html }
}

/// Renders a part of the answer to a request.
fn with_owner(request: &Arc<PageRequest>, html: impl FnOnce() -> String) -> String {
    let in_its_context = || {
        // For the router, if the page is rendered through it.
        provide_context(RequestUrl::new(request.path_and_query()));
        provide_context(Arc::clone(request));
        html()
    };
    request.language.speak(|| under_its_own_owner(in_its_context))
}

/// The path of every server function. All of them are called by `POST`.
///
/// # Panics
///
/// At start, if a server function has another method, because a GET must not change anything.
pub fn server_fn_routes() -> Vec<&'static str> {
    server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            assert_eq!(method, Method::POST, "{path} must be called by POST");
            path
        })
        .collect()
}

/// The role that the guard of the server function at this path asks for, if it has a guard.
pub fn role_of_server_fn(path: &str) -> Option<&'static str> {
    guard_of(path).map(Guard::needed_role)
}

/// Runs the server function that `request` names, unless its guard refuses the request.
///
/// Leptos is told that every client wants JSON. Otherwise, for browsers, it would put the error into the address and
/// follow the `Referer`. A function with the protocol `HtmlForm` checks for itself what the client wants.
pub async fn handle_server_fn(mut request: Request) -> Response {
    let wants_json = Wants::from_headers(request.headers()) == Wants::Json;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request.extensions_mut().insert(WantsJson(wants_json));
    match admitted(request).await {
        Ok(request) => leptos_axum::handle_server_fns_with_context(|| {}, request).await.into_response(),
        Err(refused) => refused,
    }
}
