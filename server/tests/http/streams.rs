//! Streams of events from an API: whose they are, and what ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use ironleaf_proxy::Stopping;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::browser::Browser;
use crate::socket_api::SOON;
use crate::world::World;

const MINUTE: Duration = Duration::from_mins(1);
const ROUTE: &str = "/api/orders/={}";

/// Longer than it takes to ask whether a session is over.
const A_QUESTION: Duration = Duration::from_secs(4);

/// An API that counts its requests. `events` is answered with a stream that never ends, `refused` with 401 once.
#[derive(Clone, Default)]
pub(crate) struct Api(Arc<AtomicUsize>);

impl Api {
    /// Starts it, and returns these routes with its address in place of `{}`.
    pub(crate) async fn behind(&self, routes: &str) -> String {
        let api = Router::new()
            .route("/events", any(events))
            .route("/refused", any(refused))
            .fallback(any(answer))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, api).await.unwrap() });
        routes.replace("{}", &format!("http://{address}/"))
    }

    /// How many requests it has seen.
    pub(crate) fn seen(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

async fn answer(State(Api(seen)): State<Api>) -> &'static str {
    seen.fetch_add(1, Ordering::Relaxed);
    "answered"
}

/// Refuses the token of the first request.
async fn refused(State(Api(seen)): State<Api>) -> StatusCode {
    if seen.fetch_add(1, Ordering::Relaxed) == 0 { StatusCode::UNAUTHORIZED } else { StatusCode::OK }
}

async fn events(State(Api(seen)): State<Api>) -> Response {
    seen.fetch_add(1, Ordering::Relaxed);
    let (mut sender, body) = http_body_util::Channel::<bytes::Bytes>::new(1);
    tokio::spawn(async move {
        let _ = sender.send_data("data: 1\n\n".into()).await;
        std::future::pending::<()>().await;
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// Opens a stream, and reads its first event.
pub(crate) async fn opened(browser: &mut Browser, method: Method, path: &str) -> Body {
    let response = browser.open(method, path, Body::empty()).await;
    assert_eq!(response.status(), 200);
    let mut events = response.into_body();
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "data: 1\n\n");
    events
}

/// Checks that the stream ends soon.
pub(crate) async fn assert_ends(events: &mut Body) {
    let ended = tokio::time::timeout(SOON, events.frame()).await;
    assert!(ended.expect("it does not end").is_none());
}

async fn assert_goes_on(events: &mut Body) {
    let waited = tokio::time::timeout(A_QUESTION, events.frame()).await;
    assert!(waited.is_err(), "{waited:?}");
}

async fn world(routes: &str, settings: &[(&str, &str)]) -> (World, Api) {
    let api = Api::default();
    let routes = api.behind(routes).await;
    let settings: Vec<_> = settings.iter().copied().chain([("PROXY_ROUTES", &*routes)]).collect();
    (World::with(&settings).await, api)
}

/// A browser with a session that ends after an hour without a request.
async fn unremembered(world: &World) -> Browser {
    let mut browser = world.browser();
    let form = "email=user@test.com&password=password1&remember_me=no";
    assert_eq!(browser.post("/api/sign-in", form).await.status, 303);
    browser
}

#[tokio::test]
async fn a_stream_without_a_token_ends_with_its_session_as_well() {
    let (world, _) = world("/api/orders/={} token=no", &[]).await;
    let mut browser = world.signed_in().await;
    let mut events = opened(&mut browser, Method::GET, "/api/orders/events").await;
    assert_goes_on(&mut events).await;
    browser.post("/api/sign-out", "").await;
    assert_ends(&mut events).await;
}

#[tokio::test]
async fn a_stream_does_not_outlive_the_idle_timeout_of_its_session() {
    let (world, _) = world(ROUTE, &[]).await;
    let mut browser = unremembered(&world).await;
    let mut events = opened(&mut browser, Method::GET, "/api/orders/events").await;
    world.settled().await;
    world.advance(59 * MINUTE);
    assert_goes_on(&mut events).await;
    // A page that asks by itself does not show that its person is there.
    assert_eq!(browser.get("/api/session").await.status, 200);
    world.settled().await;
    // What is noted of a session in the store is as exact as ten minutes.
    world.advance(12 * MINUTE);
    assert_ends(&mut events).await;
    assert_eq!(browser.get("/account").await.status, 303, "the session is over");
}

#[tokio::test]
async fn a_request_of_the_session_keeps_its_streams_on_whatever_replica_it_comes_to() {
    let (world, _) = world(ROUTE, &[]).await;
    let mut browser = unremembered(&world).await;
    let mut events = opened(&mut browser, Method::GET, "/api/orders/events").await;
    world.settled().await;
    world.advance(50 * MINUTE);
    assert_eq!(browser.get("/account").await.status, 200);
    world.settled().await;
    world.advance(50 * MINUTE);
    assert_goes_on(&mut events).await;
    browser.turn_to(world.replica(&[]).await);
    assert_eq!(browser.get("/account").await.status, 200);
    world.settled().await;
    world.advance(50 * MINUTE);
    assert_goes_on(&mut events).await;
    world.advance(21 * MINUTE);
    assert_ends(&mut events).await;
}

#[tokio::test]
async fn a_request_that_changes_something_is_not_refused_for_its_stream_after_the_api_has_acted() {
    let (world, api) = world(ROUTE, &[("PROXY_MAX_STREAMS_PER_PERSON", "1")]).await;
    let mut browser = world.signed_in().await;
    let first = opened(&mut browser, Method::POST, "/api/orders/events").await;
    let second = opened(&mut browser, Method::POST, "/api/orders/events").await;
    assert_eq!(browser.get("/api/orders/events").await.status, 429, "both count");
    drop(first);
    assert_eq!(browser.get("/api/orders/events").await.status, 429, "one counts");
    drop(second);
    let _again = opened(&mut browser, Method::GET, "/api/orders/events").await;
    assert_eq!(api.seen(), 5);
}

#[tokio::test]
async fn a_process_that_stops_ends_its_streams_of_events() {
    let (world, _) = world(ROUTE, &[]).await;
    let mut browser = world.signed_in().await;
    let stopping = CancellationToken::new();
    browser.turn_to(world.router.clone().layer(Extension(Stopping(stopping.clone()))));
    let mut events = opened(&mut browser, Method::GET, "/api/orders/events").await;
    stopping.cancel();
    assert_ends(&mut events).await;
}
