//! Every route with its layers. `router` needs no socket, so tests call it in process.

use std::sync::Arc;

use app::routes::{NOT_FOUND, PAGES, PageRoute};
use app::{Site, handle_server_fn, server_fn_routes};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ironleaf_bff::{Bff, Problem, edge, refresh_before_rendering, require_room_to_refresh};
use ironleaf_session::{Payload, SessionLayer};

use crate::assets::BuiltSite;
use crate::client_ip::ClientIp;
use crate::context::Context;
use crate::health::Health;
use crate::layers;

/// The whole application. What stands around it is in `layers`: assets and health pass by the session, and health by
/// the host check.
pub fn router<P: Payload>(
    bff: &Bff,
    site: Arc<Site>,
    client_ip: ClientIp,
    session: SessionLayer<P>,
    built: &BuiltSite,
    health: Health,
) -> Router {
    let context = Arc::new(Context { bff: bff.clone(), site, client_ip });
    // Each call of `Router::layer` puts all that is inside into a box, which is copied for each request: so few calls.
    let application = pages(bff).merge(server_fns(bff)).fallback(not_found).layer((
        from_fn_with_state(Arc::clone(&context), layers::in_front_of_session),
        session,
        from_fn(layers::behind_session::<P>),
    ));
    application
        .merge(built.routes())
        .layer(from_fn_with_state(Arc::clone(&context), layers::around_all::<P>))
        .merge(health.routes().layer(from_fn_with_state(context, layers::around_health::<P>)))
}

fn pages(bff: &Bff) -> Router {
    PAGES.into_iter().fold(Router::new(), |router, page| {
        let bff = bff.clone();
        router.route(page.path, get(move |request| answer(page, bff, request)))
    })
}

fn server_fns(bff: &Bff) -> Router {
    server_fn_routes()
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, post(handle_server_fn)))
        .route_layer(from_fn_with_state(bff.clone(), edge::require_form))
}

async fn answer(page: PageRoute, bff: Bff, mut request: Request) -> Response {
    if page.calls_core_api
        && let Err(problem) = ready_for_calls(&bff, &mut request).await
    {
        return problem.into_response();
    }
    (page.answer)(request.into_parts().0).await
}

async fn ready_for_calls(bff: &Bff, request: &mut Request) -> Result<(), Problem> {
    require_room_to_refresh(request)?;
    refresh_before_rendering(bff, request).await
}

async fn not_found(request: Request) -> Response {
    (NOT_FOUND.answer)(request.into_parts().0).await
}
