//! How Leptos becomes bytes. Everything that knows of its internals is in here.
//!
//! A page is rendered to one string on the server. Nothing streams, so status and cookies are decided before the first byte leaves; and
//! nothing hydrates but islands.

mod template;

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use hydration_context::SsrSharedContext;
use ironleaf_bff::edge::CspNonce;
use ironleaf_bff::{Problem, ProblemKind, Wants};
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_axum::generate_route_list;
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;

use crate::answer::Answer;
use crate::html_form::{FormPage, WantsJson};
use crate::load::Load;
use crate::request::PageRequest;
use crate::site::PagePaths;
use crate::theme::Theme;
use template::Template;

/// The view of a `<Route>`: the component of a page, with the properties that its loader has made.
pub(crate) fn page<P, V>(
    component: impl Fn(P) -> V + Clone + Send + 'static,
) -> impl Fn() -> InertElement + Clone + Send + 'static
where
    P: Load,
    V: IntoView,
{
    move || {
        if let Some(Discovery(found)) = use_context() {
            let _ = found.set(Loader::of::<P>());
            return InertElement::new("");
        }
        let properties = use_context().and_then(|Handover(properties)| take(&properties));
        if let Some(Ok(properties)) = properties.map(Box::<dyn Any + Send>::downcast::<P>) {
            as_text(component(*properties))
        } else {
            tracing::error!("a page is rendered without its loader");
            InertElement::new("")
        }
    }
}

/// Renders a view at once. The router keeps the views of its routes in boxes, and a view in a box owns a copy of all its attributes: text is
/// quicker, and its type is short.
pub(crate) fn as_text(view: impl IntoView) -> InertElement {
    InertElement::new(view.into_view().to_html())
}

/// The loader of the page that a path leads to, which is asked for once at start.
#[derive(Clone, Default)]
struct Discovery(Arc<OnceLock<Loader>>);

/// The properties of the page, on their way through the router.
#[derive(Clone)]
struct Handover(Arc<Mutex<Option<Properties>>>);

type Properties = Box<dyn Any + Send>;
type Loading<'a> = Pin<Box<dyn Future<Output = Result<Properties, Answer>> + Send + 'a>>;

fn take(properties: &Mutex<Option<Properties>>) -> Option<Properties> {
    properties.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A [`Load`] whose type is not known any more.
#[derive(Clone, Copy)]
struct Loader {
    load: for<'a> fn(&'a mut PageRequest) -> Loading<'a>,
    same_for_strangers: bool,
}

impl Loader {
    fn of<P: Load>() -> Self {
        fn load<P: Load>(request: &mut PageRequest) -> Loading<'_> {
            Box::pin(async { P::load(request).await.map(|page| Box::new(page) as Properties) })
        }
        Self { load: load::<P>, same_for_strangers: P::SAME_FOR_STRANGERS }
    }
}

/// The application: its pages as its `<Routes>` list them, and how they are rendered.
pub struct Pages {
    /// A page whose view is not made by [`page`] has no loader.
    routes: Vec<(String, Option<Loader>)>,
    views: Views,
}

/// What the application renders.
#[derive(Clone, Copy)]
pub(crate) struct Views {
    /// The content of `<body>`: the router with all pages.
    pub(crate) app: fn() -> String,
    /// The same for the page of a problem.
    pub(crate) problem: fn(Problem, Option<String>) -> String,
    /// The document around it.
    pub(crate) shell: fn(Body) -> String,
}

/// The content of `<body>`.
pub(crate) struct Body {
    pub(crate) html: String,
    /// Whether there is an island in it, so that the browser has to load WebAssembly.
    pub(crate) has_islands: bool,
}

impl Pages {
    /// Walks through the routes of `app` once.
    pub(crate) fn new<V: IntoView + 'static>(app: fn() -> V, views: Views) -> Self {
        let routes = generate_route_list(app).into_iter().map(|route| {
            let path = route.path().to_owned();
            let loader = loader_of(&path, views.app);
            (path, loader)
        });
        Self { routes: routes.collect(), views }
    }

    /// The path of every page, in the form of axum.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(path, _)| path.as_str())
    }

    /// The same, to look one up.
    pub fn table(&self) -> PagePaths {
        PagePaths::new(self.paths())
    }

    /// What answers requests for each of them.
    pub fn handlers(&'static self) -> impl Iterator<Item = (&'static str, Arc<PageHandler>)> {
        self.routes.iter().map(|(path, loader)| {
            let handler = PageHandler { loader: *loader, views: self.views, kept: Default::default() };
            (path.as_str(), Arc::new(handler))
        })
    }

    /// The page of a problem, in place of the plain text it is answered with. The headers of `response` stay.
    pub async fn problem_page(&self, parts: Parts, problem: Problem, response: Response) -> Response {
        let Some(request) = PageRequest::for_problem(parts) else {
            return response;
        };
        let (mut head, _) = response.into_parts();
        let form = head.extensions.remove().map(|FormPage(page)| page);
        let request = Arc::new(request);
        let html = rendered(self.views, &request, None, || (self.views.problem)(problem, form)).await;
        let (page, body) = document(&request, problem.kind.status(), &Template::of(&html)).into_parts();
        head.headers.remove(CONTENT_LENGTH);
        head.headers.extend(page.headers);
        Response::from_parts(head, body)
    }
}

/// Asks the router which page is at `path`, a path in the form of axum.
fn loader_of(path: &str, app: fn() -> String) -> Option<Loader> {
    let discovery = Discovery::default();
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    owner.with(|| {
        // Whatever stands in the place of a parameter: `{id}` is a text as good as any, but for its braces.
        provide_context(RequestUrl::new(&path.replace(['{', '}', '*'], "")));
        provide_context(Arc::new(PageRequest::for_nothing()));
        provide_context(ServerMetaContext::new().0);
        provide_context(discovery.clone());
        app()
    });
    owner.unset_with_forced_cleanup();
    discovery.0.get().copied()
}

/// What answers requests for one page.
pub struct PageHandler {
    loader: Option<Loader>,
    views: Views,
    /// The page as strangers see it, by theme.
    kept: [OnceLock<Template>; 3],
}

impl PageHandler {
    /// Runs the loader, and renders the page or answers what the loader says.
    pub async fn answer(&self, parts: Parts) -> Response {
        let mut request = match PageRequest::new(parts).await {
            Ok(request) => request,
            Err(missing) => return missing.into_response(),
        };
        let may_be_kept = self.loader.is_some_and(|loader| loader.same_for_strangers) && request.is_bare();
        let kept = may_be_kept.then(|| self.kept_for(request.theme()));
        if let Some(template) = kept.and_then(OnceLock::get) {
            return document(&request, StatusCode::OK, template);
        }
        let properties = match self.load(&mut request).await {
            Ok(properties) => properties,
            Err(Answer::Redirect(target)) => {
                request.pass_on_message(&target);
                return redirect(&target);
            }
            Err(Answer::Problem(problem)) => return problem.into_response(),
        };
        let request = Arc::new(request);
        let html = rendered(self.views, &request, properties, self.views.app).await;
        let template = Template::of(&html);
        let response = document(&request, StatusCode::OK, &template);
        if let Some(kept) = kept {
            let _ = kept.set(template.with_form(request.has_form()));
        }
        response
    }

    async fn load(&self, request: &mut PageRequest) -> Result<Option<Properties>, Answer> {
        match self.loader {
            Some(loader) => (loader.load)(request).await.map(Some),
            None => Ok(None),
        }
    }

    const fn kept_for(&self, theme: Option<Theme>) -> &OnceLock<Template> {
        let [light, dark, device] = &self.kept;
        match theme {
            Some(Theme::Light) => light,
            Some(Theme::Dark) => dark,
            None => device,
        }
    }
}

fn redirect(target: &str) -> Response {
    match HeaderValue::try_from(target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => Problem::new(ProblemKind::Internal).into_response(),
    }
}

fn document(request: &PageRequest, status: StatusCode, template: &Template) -> Response {
    let nonce = request.nonce().map(CspNonce::as_str).unwrap_or_default();
    let html = template.filled_in(nonce, || request.form_id().unwrap_or_default());
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    let mut response = (status, content_type, html).into_response();
    if (request.has_form() || template.has_form())
        && let Some(cookie) = request.cookie_for_a_form()
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Renders a document under an owner of its own.
///
/// The shared context is told that nothing hydrates but islands, and its buffers are never read: nothing can be serialized into the page for
/// the browser to pick up, neither by intention nor by accident.
async fn rendered(
    views: Views,
    request: &Arc<PageRequest>,
    properties: Option<Properties>,
    body: impl FnOnce() -> String,
) -> String {
    let (meta, head) = ServerMetaContext::new();
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| {
        provide_context(meta);
        provide_context(RequestUrl::new(request.path_and_query()));
        provide_context(Arc::clone(request));
        provide_context(Handover(Arc::new(Mutex::new(properties))));
        let html = body();
        let has_islands = html.contains("<leptos-island");
        (views.shell)(Body { html, has_islands })
    });
    owner.unset_with_forced_cleanup();
    let chunks = head.inject_meta_context(stream::once(std::future::ready(html))).await;
    Box::pin(chunks).next().await.unwrap_or_default()
}

/// The path of every server function. All of them are called by `POST`.
///
/// # Panics
///
/// At start, when a server function has another method: a GET must not change anything.
pub fn server_fn_routes() -> Vec<&'static str> {
    server_fn::axum::server_fn_paths()
        .map(|(path, method)| {
            assert_eq!(method, Method::POST, "{path} must be called by POST");
            path
        })
        .collect()
}

/// Runs the server function that `request` names.
///
/// Leptos is told that the client wants JSON, whoever it is: its own way with browsers puts the error into the address and follows the
/// `Referer`. A function whose protocol is `HtmlForm` finds out for itself what the client wants.
pub async fn handle_server_fn(mut request: Request) -> Response {
    let wants_json = Wants::from_headers(request.headers()) == Wants::Json;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request.extensions_mut().insert(WantsJson(wants_json));
    leptos_axum::handle_server_fns_with_context(|| {}, request).await.into_response()
}
