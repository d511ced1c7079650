//! The HTTP interface: the routes, and what all answers have in common.

mod action_requests;
mod address_restorations;
mod auth_tokens;
mod extract;
mod listing;
mod meta;
mod pages;
mod passkeys;
mod second_factor;
mod sign_in_links;
mod users;

use std::any::Any;

use axum::{
    Router,
    handler::Handler,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderValue, Method, header};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{CoreApi, config::Config, error::ApiError};

/// One operation. The home page and the OpenAPI document show the same list.
struct Route {
    method: Method,
    path: &'static str,
    handler: MethodRouter<CoreApi>,
}

fn route<H: Handler<T, CoreApi>, T: 'static>(method: Method, path: &'static str, handler: H) -> Route {
    let filter = MethodFilter::try_from(method.clone()).expect("a method of HTTP itself");
    Route { method, path, handler: on(filter, handler) }
}

fn routes(config: &Config) -> Vec<Route> {
    let mut routes = vec![
        route(Method::POST, "/v1/auth/tokens", auth_tokens::create),
        route(Method::DELETE, "/v1/auth/refresh-token-cookies", auth_tokens::delete_cookie),
        route(Method::GET, "/v1/auth/jwks", meta::jwks),
        route(Method::POST, "/v1/auth/action-requests", action_requests::create),
        route(Method::GET, "/v1/auth/action-requests/{id}", action_requests::show),
        route(Method::POST, "/v1/auth/address-restorations", address_restorations::create),
        route(Method::POST, "/v1/auth/sign-in-links", sign_in_links::create),
        route(Method::POST, "/v1/auth/passkey-challenges", passkeys::begin_sign_in),
        route(Method::POST, "/v1/user/users", users::create),
        route(Method::GET, "/v1/user/users", users::list),
        route(Method::GET, "/v1/user/users/current", users::show_current),
        route(Method::GET, "/v1/user/users/current/activity", users::show_activity),
        route(Method::GET, "/v1/user/users/current/authenticator", second_factor::show),
        route(Method::POST, "/v1/user/users/current/authenticator", second_factor::begin),
        route(Method::DELETE, "/v1/user/users/current/authenticator", second_factor::disable),
        route(Method::POST, "/v1/user/users/current/authenticator/confirmation", second_factor::enable),
        route(Method::POST, "/v1/user/users/current/recovery-codes", second_factor::replace_recovery_codes),
        route(Method::GET, "/v1/user/users/current/passkeys", passkeys::list),
        route(Method::POST, "/v1/user/users/current/passkeys", passkeys::create),
        route(Method::PATCH, "/v1/user/users/current/passkeys/{id}", passkeys::rename),
        route(Method::DELETE, "/v1/user/users/current/passkeys/{id}", passkeys::destroy),
        route(Method::POST, "/v1/user/users/current/passkey-challenges", passkeys::begin),
        route(Method::GET, "/v1/user/users/{id}", users::show),
        route(Method::PATCH, "/v1/user/users/{id}", users::update),
        route(Method::DELETE, "/v1/user/users/{id}", users::destroy),
        route(Method::GET, "/v1/health", meta::health),
        route(Method::GET, "/v1/openapi.json", meta::openapi),
        route(Method::GET, "/", pages::home),
    ];
    if config.development {
        routes.push(route(Method::GET, "/v1/debug/stats", meta::stats));
        routes.push(route(Method::GET, "/outbox", pages::outbox));
        routes.push(route(Method::GET, "/outbox/{id}", pages::outbox_message));
    }
    routes
}

/// Every method and path that is served.
pub(crate) fn operations(config: &Config) -> Vec<(Method, &'static str)> {
    routes(config).into_iter().map(|route| (route.method, route.path)).collect()
}

pub(crate) fn router(api: &CoreApi) -> Router {
    let router = routes(api.config())
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(mark_private))
        .with_state(api.clone());
    // The outermost layer, so that other pages may read a refusal as well.
    match api.config().cors_origins.layer() {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// The contract has no 405.
async fn not_found() -> ApiError {
    ApiError::NotFound
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::Panicked.into_response()
}

/// Answers contain tokens and people, so nobody may store them or guess their type.
async fn mark_private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
