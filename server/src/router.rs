//! Every route with its layers. `router` needs no socket, so tests call it in process.

use std::any::Any;
use std::sync::Arc;

use app::routes::{NOT_FOUND, PAGES, PageRoute};
use app::{Site, handle_server_fn, server_fn_routes};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ironleaf_bff::{Bff, Problem, ProblemKind, edge, refresh_before_rendering, require_room_to_refresh};
use ironleaf_session::{Payload, SessionLayer};
use tower_http::catch_panic::CatchPanicLayer;

use crate::assets::BuiltSite;
use crate::client_ip::ClientIp;
use crate::context::{self, Context};
use crate::health::Health;
use crate::{metrics, problems};

/// The whole application.
///
/// From outside to inside: metrics, request id and log line, the context, headers, error pages, host, cross-site check,
/// session, error pages again, panics, refresh. Assets and health pass by the session, and health by the host check.
pub fn router<P: Payload>(
    bff: &Bff,
    site: Arc<Site>,
    client_ip: ClientIp,
    session: SessionLayer<P>,
    built: &BuiltSite,
    health: Health,
) -> Router {
    let context = Context { bff: bff.clone(), site, client_ip: Arc::new(client_ip) };
    let application = pages(bff)
        .merge(server_fns(bff))
        .fallback(|request| answer(NOT_FOUND, request))
        // Inside the session: a cookie that was renewed before the panic still leaves with the error page.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(problems::render))
        .layer(session)
        .layer(from_fn_with_state(bff.clone(), edge::refuse_cross_site));
    application
        .merge(built.routes())
        .layer(from_fn_with_state(bff.clone(), edge::refuse_foreign_host))
        .merge(health.routes())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(problems::render))
        .layer(from_fn_with_state(bff.clone(), edge::response_headers))
        .layer(from_fn_with_state(context, context::provide))
        .layer(from_fn_with_state(bff.clone(), edge::trace_request))
        .layer(from_fn(metrics::count_request))
}

fn pages(bff: &Bff) -> Router {
    PAGES.into_iter().fold(Router::new(), |router, page| {
        let mut route = get(move |request| answer(page, request));
        if page.calls_core_api {
            route = route
                .layer(from_fn_with_state(bff.clone(), refresh_before_rendering))
                .layer(from_fn(require_room_to_refresh));
        }
        router.route(page.path, route)
    })
}

fn server_fns(bff: &Bff) -> Router {
    server_fn_routes()
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, post(handle_server_fn)))
        .route_layer(from_fn_with_state(bff.clone(), edge::require_form))
}

async fn answer(page: PageRoute, request: Request) -> Response {
    (page.answer)(request.into_parts().0).await
}

/// The panic hook has written the place to the log, see [`telemetry`](crate::telemetry); the browser learns nothing of it.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::new(ProblemKind::Internal).into_response()
}
