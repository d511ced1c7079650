//! Requests that are forwarded to an API, with the token of the session.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, Method, StatusCode};
use tokio::net::TcpListener;

use crate::browser::{Answer, Browser};
use crate::world::{TOKEN_MARK, World};

/// An API that keeps what it was sent.
#[derive(Clone, Default)]
struct Api(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    requests: Vec<(Method, String, HeaderMap, String)>,
    /// How many of the next requests are refused with 401.
    refuses: usize,
}

impl Api {
    async fn start(&self) -> String {
        let router = Router::new()
            .route("/v2/created", any(created))
            .route("/v2/nothing", get(async || StatusCode::NOT_FOUND))
            .route("/v2/events", get(events))
            .fallback(any(echo))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/v2/")
    }

    fn seen(&self) -> Vec<(Method, String, HeaderMap, String)> {
        self.0.lock().unwrap().requests.clone()
    }

    fn refuse(&self, times: usize) {
        self.0.lock().unwrap().refuses = times;
    }
}

async fn echo(State(Api(seen)): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut seen = seen.lock().unwrap();
    let path = parts.uri.path_and_query().unwrap().to_string();
    seen.requests.push((parts.method, path, parts.headers, String::from_utf8_lossy(&body).into_owned()));
    if let Some(left) = seen.refuses.checked_sub(1) {
        seen.refuses = left;
        return (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], "refused").into_response();
    }
    let headers = [("set-cookie", "of-the-api=1"), ("etag", "\"7\""), ("access-control-allow-origin", "*")];
    (headers, "echoed").into_response()
}

async fn created(request: Request) -> Response {
    let host = request.headers()[HOST].to_str().unwrap();
    let location = match request.uri().query() {
        Some("outside") => format!("http://{host}/admin"),
        Some("elsewhere") => "https://elsewhere.example/".to_owned(),
        Some("relative") => "8?x=1".to_owned(),
        _ => format!("http://{host}/v2/8"),
    };
    (StatusCode::CREATED, [("location", location)]).into_response()
}

async fn events() -> Response {
    let (mut sender, body) = http_body_util::Channel::<bytes::Bytes>::new(1);
    tokio::spawn(async move {
        let _ = sender.send_data("data: 1\n\n".into()).await;
        std::future::pending::<()>().await;
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// The API, and the application in front of it with this route to it. `{}` is the address of the API.
async fn world(routes: &str) -> (World, Api) {
    let api = Api::default();
    let routes = routes.replace("{}", &api.start().await);
    (World::with(&[("PROXY_ROUTES", &routes)]).await, api)
}

async fn send(browser: &mut Browser, method: Method, path: &str, body: &str) -> Answer {
    browser.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    browser.headers.insert("content-length", body.len().to_string());
    let answer = browser.send(method, path, Body::from(body.to_owned())).await;
    browser.headers.remove("content-length");
    answer
}

async fn ask(browser: &mut Browser, path: &str) -> Answer {
    browser.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    browser.get(path).await
}

/// Tokens are JWTs, so the mark in them is encoded.
fn shows_token(text: &str) -> bool {
    ironleaf_core_api::leak_patterns(TOKEN_MARK).iter().any(|pattern| text.contains(pattern.as_str()))
}

#[tokio::test]
async fn a_request_takes_the_token_along_and_nothing_of_the_browser() {
    let (world, api) = world("/api/orders/={}").await;
    let mut browser = world.signed_in().await;
    for (name, value) in [
        ("authorization", "Bearer of-the-browser"),
        ("origin", "http://127.0.0.1:3000"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-host", "evil.example"),
        ("x-http-method-override", "DELETE"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("content-type", "application/json"),
        ("if-none-match", "\"6\""),
    ] {
        browser.headers.insert(name, value.to_owned());
    }
    let answer = send(&mut browser, Method::PUT, "/api/orders/%37?a=b%2Fc", r#"{"count":1}"#).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "echoed"));
    let [(method, path, headers, body)] = &api.seen()[..] else { panic!("not once") };
    assert_eq!((method, path.as_str(), body.as_str()), (&Method::PUT, "/v2/7?a=b%2Fc", r#"{"count":1}"#));
    let token = headers[AUTHORIZATION].to_str().unwrap();
    assert!(token.starts_with("Bearer ") && shows_token(token), "{token}");
    assert!(
        !headers.contains_key(COOKIE) && !headers.contains_key("origin") && !headers.contains_key("x-hop")
    );
    assert!(!headers.contains_key("x-http-method-override") && !headers.contains_key("sec-fetch-site"));
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-host"], "127.0.0.1:3000");
    assert_eq!(
        (&headers["content-type"], &headers["if-none-match"]),
        (&"application/json".parse().unwrap(), &"\"6\"".parse().unwrap())
    );
    assert!(!headers[HOST].to_str().unwrap().ends_with(":3000"));
}

#[tokio::test]
async fn an_answer_brings_no_cookie_and_no_permission() {
    let (world, _) = world("/api/orders/={}").await;
    let mut browser = world.signed_in().await;
    let answer = ask(&mut browser, "/api/orders/7").await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"7\""));
    assert!(answer.set_cookies("of-the-api").is_empty());
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.headers.values().any(|value| shows_token(value.to_str().unwrap())));
    let missing = ask(&mut browser, "/api/orders/nothing").await;
    assert_eq!((missing.status, missing.body.as_str()), (404, ""), "an answer of the API stays as it is");
}

#[tokio::test]
async fn a_place_is_named_as_the_browser_reaches_it() {
    let (world, _) = world("/api/orders/={}").await;
    let mut browser = world.signed_in().await;
    for (asked, location) in [
        ("created", "/api/orders/8"),
        ("created?relative", "/api/orders/8?x=1"),
        ("created?outside", ""),
        ("created?elsewhere", "https://elsewhere.example/"),
    ] {
        let answer = ask(&mut browser, &format!("/api/orders/{asked}")).await;
        assert_eq!((answer.status, answer.location()), (201, location), "{asked}");
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_where_to() {
    let (world, api) = world("/api/orders/={}").await;
    let mut browser = world.browser();
    browser.headers.insert("referer", "http://127.0.0.1:3000/orders".to_owned());
    let answer = ask(&mut browser, "/api/orders/7").await;
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/json"));
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (told["code"].as_str(), told["sign_in"].as_str()),
        (Some("signed_out"), Some("/login?return_to=%2Forders"))
    );
    browser.headers.insert("sec-fetch-mode", "navigate".to_owned());
    browser.headers.insert(ACCEPT.as_str(), "text/html".to_owned());
    let led = browser.get("/api/orders/7").await;
    assert_eq!((led.status, led.location()), (303, "/login?return_to=%2Fapi%2Forders%2F7"));
    assert!(api.seen().is_empty());
    let form = "email=user@test.com&password=password1&return_to=/api/orders/7";
    let back = browser.post("/api/sign-in", form).await;
    assert_eq!((back.status, back.location()), (303, "/api/orders/7"), "whoever opened it gets it");
}

#[tokio::test]
async fn a_role_is_asked_for() {
    let (world, api) = world("/api/orders/={} who=role:ADMIN").await;
    let mut browser = world.signed_in().await;
    let answer = ask(&mut browser, "/api/orders/7").await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(api.seen().is_empty());
    let mut admin = world.browser();
    assert_eq!(admin.sign_in("admin@test.com", "password1").await.status, 303);
    assert_eq!(ask(&mut admin, "/api/orders/7").await.status, 200);
}

#[tokio::test]
async fn no_other_spelling_leads_past_a_role() {
    let (world, api) = world("/api/admin/={} who=role:ADMIN; /api/={}").await;
    let mut browser = world.signed_in().await;
    for path in ["/api/admin;x/users", "/api/Admin/users", "/api/%61dmin;/users", "/api/;x/admin/users"] {
        assert_eq!(ask(&mut browser, path).await.status, 400, "{path}");
    }
    assert_eq!(ask(&mut browser, "/api/admin/users").await.status, 403);
    assert!(api.seen().is_empty(), "{:?}", api.seen());
    assert_eq!(ask(&mut browser, "/api/orders;v=1").await.status, 200);
}

#[tokio::test]
async fn everybody_may_call_where_the_route_says_so() {
    let (world, api) = world("/api/news/={} who=anyone token=no").await;
    assert_eq!(ask(&mut world.browser(), "/api/news/7").await.status, 200);
    assert_eq!(ask(&mut world.signed_in().await, "/api/news/7").await.status, 200);
    for (_, _, headers, _) in api.seen() {
        assert!(!headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE));
    }
}

#[tokio::test]
async fn a_token_that_is_due_is_renewed_before_the_request_leaves() {
    let api = Api::default();
    let routes = [("PROXY_ROUTES", &*format!("/api/orders/={}", api.start().await))];
    let world = World::with(&routes).await;
    let mut browser = world.signed_in().await;
    let other = world.replica(&routes).await;
    world.advance(Duration::from_mins(21));
    let answers = futures_util::future::join_all((0..200).map(|number| {
        let mut tab = browser.clone();
        if number % 2 == 1 {
            tab.turn_to(other.clone());
        }
        async move { ask(&mut tab, "/api/orders/7").await.status }
    }))
    .await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(world.stats().refreshes_accepted, 1);
    assert_eq!(api.seen().len(), 200);
    let answer = ask(&mut browser, "/api/orders/7").await;
    assert_eq!(answer.set_cookies("ironleaf-session").len(), 1, "the browser gets the renewed session");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_repeated_once() {
    let (world, api) = world("/api/orders/={}").await;
    let mut browser = world.signed_in().await;
    api.refuse(1);
    // Tokens of the same second are the same.
    world.advance(Duration::from_secs(1));
    let answer = send(&mut browser, Method::POST, "/api/orders/", "a small body").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "echoed"));
    let seen = api.seen();
    assert_eq!(seen.iter().map(|(_, _, _, body)| body.as_str()).collect::<Vec<_>>(), ["a small body"; 2]);
    assert_ne!(seen[0].2[AUTHORIZATION], seen[1].2[AUTHORIZATION]);
    world.advance(Duration::from_mins(2));
    api.refuse(1);
    let large = "x".repeat(65 * 1024);
    assert_eq!(send(&mut browser, Method::POST, "/api/orders/", &large).await.status, 503);
    assert_eq!(send(&mut browser, Method::POST, "/api/orders/", &large).await.status, 200);
    assert_eq!(ask(&mut browser, "/account").await.status, 200);
}

/// What a browser says when a page of another site leads somewhere.
fn opened(site: &'static str, place: &'static str) -> [(&'static str, &'static str); 3] {
    [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", place)]
}

#[tokio::test]
async fn a_401_that_no_token_helps_against_is_told_and_costs_one_renewal() {
    let (world, api) = world("/api/orders/={}").await;
    let mut browser = world.signed_in().await;
    world.advance(Duration::from_mins(2));
    api.refuse(usize::MAX);
    for number in 0..5 {
        let answer = send(&mut browser, Method::PUT, "/api/orders/7", "a wrong PIN").await;
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, told["code"].as_str()), (502, Some("token_refused")), "{number}");
        for name in ["retry-after", "www-authenticate"] {
            assert_eq!(answer.header(name), "", "another try helps as little");
        }
    }
    assert_eq!((api.seen().len(), world.stats().refreshes_accepted), (6, 1));
    api.refuse(0);
    assert_eq!(ask(&mut browser, "/account").await.status, 200, "the session stays");
    assert_eq!(ask(&mut browser, "/api/orders/7").await.status, 200);
    // A token that is older may be over.
    world.advance(Duration::from_mins(2));
    api.refuse(1);
    assert_eq!(ask(&mut browser, "/api/orders/7").await.status, 200);
    assert_eq!(world.stats().refreshes_accepted, 2);
}

#[tokio::test]
async fn what_everybody_may_call_is_answered_also_when_a_session_turns_out_to_be_over() {
    let (world, api) = world("/api/news/={} who=anyone").await;
    for (passes, refuses) in [(Duration::from_mins(21), 0), (Duration::from_mins(2), 1)] {
        let mut browser = world.signed_in().await;
        world.advance(passes);
        world.revoke_every_token("user@test.com", "password1").await;
        api.refuse(refuses);
        let before = api.seen().len();
        assert_eq!(ask(&mut browser, "/api/news/7").await.status, 200, "{passes:?}");
        let seen = api.seen();
        assert_eq!(seen.len() - before, 1 + refuses);
        let (_, _, headers, _) = &seen[seen.len() - 1];
        assert!(!headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE));
        let page = browser.get("/account").await;
        assert!(page.location().starts_with("/login"), "the next page tells it: {}", page.location());
    }
}

#[tokio::test]
async fn another_site_gets_nothing() {
    let (world, api) = world("/api/orders/={}; /public/={} who=anyone token=no").await;
    for (headers, method, status) in [
        (&[("sec-fetch-site", "cross-site")][..], Method::POST, 403),
        (&[("sec-fetch-site", "same-site")], Method::GET, 403),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")], Method::OPTIONS, 403),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], Method::GET, 403),
        (&opened("cross-site", "document"), Method::GET, 200),
        (&opened("same-site", "document"), Method::GET, 200),
        (&opened("cross-site", "iframe"), Method::GET, 403),
        (&opened("same-site", "iframe"), Method::GET, 403),
        (&opened("cross-site", "object"), Method::GET, 403),
        (&opened("cross-site", "document"), Method::OPTIONS, 403),
        (&[("origin", "https://evil.example")], Method::POST, 403),
        (&[("origin", "http://127.0.0.1:3000")], Method::POST, 200),
        (&[], Method::POST, 403),
        (&[("x-requested-with", "fetch")], Method::POST, 200),
        (&[("x-requested-with", "fetch"), ("origin", "https://evil.example")], Method::POST, 403),
    ] {
        let mut browser = world.signed_in().await;
        browser.headers.remove("sec-fetch-site");
        for (name, value) in headers {
            browser.headers.insert(name, (*value).to_owned());
        }
        let before = api.seen().len();
        let answer = browser.send(method.clone(), "/api/orders/7", Body::empty()).await;
        assert_eq!(answer.status, status, "{method} {headers:?}");
        assert_eq!(api.seen().len() - before, usize::from(status == 200), "{method} {headers:?}");
    }
    let mut stranger = world.browser();
    stranger.headers.insert("sec-fetch-site", "cross-site".to_owned());
    assert_eq!(stranger.get("/public/7").await.status, 200);
}

#[tokio::test]
async fn odd_requests_are_refused_before_the_api_sees_them() {
    let (world, api) = world("/api/orders/={} methods=GET,POST body=1KiB").await;
    let mut browser = world.signed_in().await;
    for path in [
        "/api/orders/../admin",
        "/api/orders/%2e%2e/admin",
        "/api/orders/..;/admin",
        "/api/orders/%2fadmin",
        "/api/orders/a%5cb",
        "/api/orders//admin",
        "/api/orders/%00",
    ] {
        assert_eq!(ask(&mut browser, path).await.status, 400, "{path}");
    }
    assert_eq!(ask(&mut browser, "/api/ordersx").await.status, 404);
    let refused = send(&mut browser, Method::DELETE, "/api/orders/7", "").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, POST, HEAD"));
    assert_eq!(send(&mut browser, Method::POST, "/api/orders/7", &"x".repeat(1025)).await.status, 413);
    // Without a length, the limit is found on the way.
    let chunked = Body::from_stream(futures_util::stream::iter(
        (0..5).map(|_| Ok::<_, std::io::Error>("x".repeat(300))),
    ));
    assert_eq!(browser.send(Method::POST, "/api/orders/7", chunked).await.status, 413);
    assert!(api.seen().is_empty(), "{:?}", api.seen());
}

#[tokio::test]
async fn an_api_that_is_away_is_503_and_keeps_the_session() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let world = World::with(&[("PROXY_ROUTES", &format!("/api/=http://{free}/"))]).await;
    let mut browser = world.signed_in().await;
    let answer = ask(&mut browser, "/api/7").await;
    assert_eq!(answer.status, 503);
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(ask(&mut browser, "/account").await.status, 200);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_wherever_that_ends() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    let (world, _) = world("/api/orders/={}").await;
    let browser = world.signed_in().await;
    let cookie = format!("ironleaf-session={}", browser.session().unwrap());
    let request =
        http::Request::get("/api/orders/events").header(HOST, "127.0.0.1:3000").header(COOKIE, cookie);
    let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    let mut events = response.into_body();
    assert_eq!(events.frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
    // The access token expires, and the stream goes on.
    world.advance(Duration::from_mins(21));
    let waited = tokio::time::timeout(Duration::from_secs(4), events.frame()).await;
    assert!(waited.is_err(), "{waited:?}");
    let mut other = browser.clone();
    other.turn_to(world.replica(&[]).await);
    other.post("/api/sign-out", "").await;
    let ended = tokio::time::timeout(Duration::from_secs(5), events.frame()).await;
    assert!(ended.unwrap().is_none(), "it ends");
}
