//! Every route with its layers. `router` needs no socket, so tests can call it in process.

use std::sync::Arc;

use app::{Site, back_from_sign_out, handle_server_fn, server_fn_routes};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::FutureExt;
use http::Method;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use ironleaf_bff::{Bff, Problem, ProblemKind, ReturnTo};
use ironleaf_proxy::{Path, Proxy};
use ironleaf_session::{Payload, SessionLayer};
use percent_encoding::percent_decode_str;

use crate::assets::BuiltSite;
use crate::back_channel_logout;
use crate::client_ip::ClientIp;
use crate::context::Context;
use crate::health::Health;
use crate::{layers, session_state};

/// W3C, A Well-Known URL for Changing Passwords: password managers send people here to change a password.
const CHANGE_PASSWORD: &str = "/.well-known/change-password";
const SIGNED_OUT: &str = "/auth/signed-out";
/// What is neither a page nor a form, and not a file.
const OTHER_PATHS: [&str; 6] = [
    CHANGE_PASSWORD,
    SIGNED_OUT,
    session_state::PATH,
    back_channel_logout::PATH,
    "/health/live",
    "/health/ready",
];

/// The whole application. The layers around it are in `layers`. Requests for assets and health, and those of the
/// provider's server, do not pass the session; those for health do not pass the host check either.
pub fn router<P: Payload>(
    bff: &Bff,
    site: Arc<Site>,
    client_ip: ClientIp,
    session: SessionLayer<P>,
    built: &BuiltSite,
    health: Health,
    proxy: Arc<Proxy>,
) -> Router {
    let pages = app::pages().handlers().collect();
    let forms = server_fn_routes();
    let context =
        Arc::new(Context { bff: bff.clone(), site, client_ip, pages, forms, proxy: Arc::clone(&proxy) });
    // Each call of `Router::layer` puts everything inside into a box, which is copied for each request. So there are
    // few calls.
    let beyond = layers::beyond_routes(Arc::clone(&context), &session, move |request: Request| {
        let proxy = Arc::clone(&proxy);
        // What waits for an API is large, and each layer would move it.
        async move { other_than_pages(&proxy, request).await }.boxed()
    });
    let application = page_routes(&context).merge(server_fns()).merge(session_state::routes()).layer((
        from_fn_with_state(Arc::clone(&context), layers::in_front_of_session),
        session,
        from_fn(layers::behind_session::<P>),
    ));
    application
        .merge(built.routes())
        .merge(back_channel_logout::routes(bff))
        .fallback(beyond)
        .layer(from_fn_with_state(Arc::clone(&context), layers::around_all::<P>))
        .merge(health.routes().layer(from_fn_with_state(context, layers::around_health::<P>)))
}

fn page_routes(context: &Context) -> Router {
    let pages = context.pages.iter().fold(Router::new(), |router, (path, page)| {
        let page = Arc::clone(page);
        let answer = move |parts: Parts| {
            let page = Arc::clone(&page);
            async move { page.answer(parts).await }
        };
        router.route(path, get(answer))
    });
    pages
        .route(CHANGE_PASSWORD, get(change_password))
        .route(SIGNED_OUT, get(async |parts: Parts| back_from_sign_out(parts).await))
}

/// Their forms were read outside of the session, see `layers`.
fn server_fns() -> Router {
    server_fn_routes()
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, post(handle_server_fn)))
}

async fn other_than_pages(proxy: &Proxy, request: Request) -> Response {
    if let Some(place) = page_without_slash(&request).or_else(|| page_with_its_query(&request)) {
        // The part after `?` may be a token, which no cache may keep.
        return ([(CACHE_CONTROL, "no-store")], Redirect::temporary(&place)).into_response();
    }
    if is_ours_in_another_spelling(request.uri().path()) {
        return Problem::new(ProblemKind::BadRequest).into_response();
    }
    let answered = proxy.answer(request).await;
    answered.unwrap_or_else(|_| Problem::new(ProblemKind::NotFound).into_response())
}

/// Whether the path is one of ours with something escaped that need not be: a route of the proxy would take it.
fn is_ours_in_another_spelling(path: &str) -> bool {
    if !path.contains('%') {
        return false;
    }
    let Ok(normal) = Path::normalised(path) else { return false };
    let normal = normal.as_str();
    let is_ours = || {
        app::pages().paths().chain(OTHER_PATHS).any(|ours| is_at(ours, normal))
            || server_fn_routes().contains(&normal)
    };
    normal != path && is_ours()
}

/// Whether a path in axum's format, such as `/orders/{id}`, is that of the request.
fn is_at(pattern: &str, path: &str) -> bool {
    let (mut segments, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (segments.next(), parts.next()) {
            (None, None) => return true,
            (Some(segment), Some(part))
                if segment == part || (segment.starts_with('{') && !part.is_empty()) => {}
            _ => return false,
        }
    }
}

/// The page for a path with a slash at the end, or in capitals.
fn page_without_slash(request: &Request) -> Option<String> {
    let (path, query) = (request.uri().path(), request.uri().query());
    let trimmed = path.trim_end_matches('/');
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    // SECURITY: redirects only to one of our pages. `//evil.example/` would be the address of another site.
    let page = app::pages().paths().find(|page| page.eq_ignore_ascii_case(trimmed) && is_read)?;
    Some(query.map_or_else(|| page.to_owned(), |query| format!("{page}?{query}")))
}

/// The page for a path that contains the query: mail programs escape the `?` of a link, or lose it.
fn page_with_its_query(request: &Request) -> Option<String> {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (page, query) = app::pages().paths().filter(|_| is_read).find_map(|page| {
        let (start, rest) = path.split_at_checked(page.len())?;
        let rest = start.eq_ignore_ascii_case(page).then_some(rest)?;
        let Some(below) = rest.strip_prefix('/') else { return Some((page, escaped_query(rest)?)) };
        if ["email=", "token="].into_iter().any(|field| below.starts_with(field)) {
            return Some((page, below.to_owned()));
        }
        let rest = below;
        Some((page, escaped_query(rest)?))
    })?;
    let rest = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    // SECURITY: the result is always a path of this origin.
    ReturnTo::parse(&format!("{page}?{query}{rest}")).map(|place| place.to_string())
}

/// More layers of escaping do not happen by mistake, and each costs another pass.
const MAX_ESCAPES: usize = 3;

/// The text after an escaped question mark, even if it was escaped several times, or after an `&` in its place.
fn escaped_query(rest: &str) -> Option<String> {
    // Instead of the question mark there may be another mark, a full-width one, or one in quoted-printable (RFC 2045,
    // section 6.7).
    let marks = ["&", ";", "=3F", "=3f", "%EF%BC%9F", "%ef%bc%9f"];
    if let Some(query) = marks.into_iter().find_map(|mark| rest.strip_prefix(mark)) {
        return query.contains('=').then(|| query.to_owned());
    }
    let mut rest = rest.strip_prefix('%')?;
    let mut times = 1;
    while let Some(inner) = rest.strip_prefix("25").filter(|_| times < MAX_ESCAPES) {
        (rest, times) = (inner, times + 1);
    }
    let mut query = rest.strip_prefix("3F").or_else(|| rest.strip_prefix("3f"))?.to_owned();
    // The rest may have been escaped with it.
    while times > 0 && !query.contains('=') {
        query = percent_decode_str(&query).decode_utf8().ok()?.into_owned();
        times -= 1;
    }
    query.contains('=').then_some(query)
}

async fn change_password() -> Redirect {
    Redirect::to("/account")
}
