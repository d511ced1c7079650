//! A separate core API for every test, a clock that the test moves, and requests in one line.

pub(crate) mod authenticator;
pub(crate) mod description;
pub(crate) mod passkey;
mod software_passkey;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use ironleaf_core_api::{Clock, Config, CoreApi, Message};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "password1";
pub(crate) const USER: &str = "user@test.com";
pub(crate) const ADMIN: &str = "admin@test.com";

/// 2026-11-21T10:48:52.360Z: a start that is not a whole second.
const START_MILLIS: u64 = 1_795_258_132_360;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START_MILLIS)))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).expect("a test is short");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Seconds since 1970.
    pub(crate) fn secs(&self) -> u64 {
        self.0.load(Ordering::SeqCst) / 1000
    }

    pub(crate) fn clock(&self) -> Clock {
        let millis = Arc::clone(&self.0);
        Arc::new(move || -> SystemTime { UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)) })
    }
}

#[derive(Clone)]
pub(crate) struct TestApi {
    pub(crate) api: CoreApi,
    pub(crate) clock: TestClock,
    router: Router,
}

/// A completely read answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// The result of a sign-in or a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl TestApi {
    pub(crate) async fn new() -> Self {
        Self::with(Config::in_memory()).await
    }

    /// Opens it with this configuration and a clock that stands still.
    pub(crate) async fn with(config: Config) -> Self {
        let clock = TestClock::new();
        let api = CoreApi::open(Config { clock: clock.clock(), ..config }).await.unwrap();
        Self { router: api.router(), api, clock }
    }

    /// Sends a request and checks the answer against the OpenAPI document.
    async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        description::check(&method, &path, parts.status, parts.headers.get(header::CONTENT_TYPE));
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path);
        Call { api: self, request, body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.request(Method::POST, path)
    }

    pub(crate) async fn tokens(&self, body: &Value) -> Answer {
        self.post("/v1/auth/tokens").json(body).send().await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Tokens {
        let answer = self.tokens(&json!({ "email": email, "password": password })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.into_tokens()
    }

    pub(crate) async fn refresh(&self, email: &str, refresh: &str) -> Answer {
        self.tokens(&json!({ "email": email, "refreshToken": refresh })).await
    }

    pub(crate) async fn current(&self, access: &str) -> Answer {
        self.get("/v1/user/users/current").bearer(access).send().await
    }

    /// The person behind an access token.
    pub(crate) async fn user(&self, access: &str) -> Value {
        let answer = self.current(access).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["item"].clone()
    }

    pub(crate) async fn user_id(&self, access: &str) -> String {
        self.user(access).await["id"].as_str().unwrap().to_owned()
    }

    /// Registers a person and signs them in.
    pub(crate) async fn register(&self, email: &str) -> Tokens {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.post("/v1/user/users").json(&body).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        self.sign_in(email, PASSWORD).await
    }

    pub(crate) async fn post_keyed(self, path: &str, key: &str, body: Value) -> Answer {
        self.post(path).header("idempotency-key", key).json(&body).send().await
    }

    /// Changes a person and returns them.
    pub(crate) async fn patch_user(&self, id: &str, access: &str, body: &Value) -> Value {
        let path = format!("/v1/user/users/{id}");
        let answer = self.request(Method::PATCH, &path).bearer(access).json(body).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["item"].clone()
    }

    /// Presents the token of a verification link and waits for its effect.
    pub(crate) async fn verify(&self, token: &str) {
        let answer = self.post("/v1/auth/action-requests").json(&json!({ "token": token })).send().await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        self.api.settled().await;
    }

    /// Changes the address of whoever has this access token, and verifies it, as its reader would.
    pub(crate) async fn change_address(&self, access: &str, email: &str) {
        let id = self.user_id(access).await;
        self.patch_user(&id, access, &json!({ "email": email })).await;
        self.verify(&self.mailed_token(email).await).await;
    }

    /// The token of the newest way back that an address got.
    pub(crate) async fn way_back(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let link = mails.into_iter().map(|mail| mail.link).find(|link| link.contains("/restore-address?"));
        link.expect("a way back").split_once("token=").unwrap().1.to_owned()
    }

    pub(crate) async fn restore_address(&self, token: &str) -> Answer {
        self.post("/v1/auth/address-restorations").json(&json!({ "token": token })).send().await
    }

    /// All e-mails to an address, newest first, once every e-mail in progress has arrived.
    pub(crate) async fn mails_to(&self, email: &str) -> Vec<Message> {
        self.api.settled().await;
        let stored = self.api.outbox().await.unwrap();
        stored.into_iter().map(|stored| stored.message).filter(|message| message.to == email).collect()
    }

    /// The token in the newest link sent to an address that has one.
    pub(crate) async fn mailed_token(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        let queries = mails.iter().filter_map(|mail| mail.link.split_once('?')).map(|(_, query)| query);
        let token = queries.flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("token="));
        token.expect("a link with a token").to_owned()
    }
}

pub(crate) struct Call<'a> {
    api: &'a TestApi,
    request: http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let body = body.to_string();
        self.header("content-type", "application/json").body(body)
    }

    pub(crate) fn body(self, body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) async fn send(self) -> Answer {
        self.api.send(self.request.body(self.body).unwrap()).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("JSON, not {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn into_tokens(self) -> Tokens {
        let item = &self.json()["item"];
        let field = |name: &str| item[name].as_str().unwrap_or_else(|| panic!("{name} in {item}")).to_owned();
        Tokens { access: field("accessToken"), refresh: field("refreshToken") }
    }

    /// Asserts an error in the shape of the contract.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, message: &str, error: &str) {
        let expected = json!({ "statusCode": status, "message": message, "error": error });
        assert_eq!((self.status.as_u16(), self.json()), (status, expected));
    }

    /// Asserts a validation error and returns its `(path, message, code)`.
    #[track_caller]
    pub(crate) fn issues(&self) -> Vec<(String, String, String)> {
        let body = self.json();
        assert_eq!((self.status, &body["statusCode"]), (StatusCode::BAD_REQUEST, &json!(400)), "{body}");
        assert_eq!(body["message"], "Validation failed");
        let issues = body["errors"].as_array().expect("errors");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let path =
            |value: &Value| value.as_array().expect("a path").iter().map(text).collect::<Vec<_>>().join(".");
        issues
            .iter()
            .map(|issue| (path(&issue["path"]), text(&issue["message"]), text(&issue["code"])))
            .collect()
    }
}

/// The parts of a JWT that anybody can read.
pub(crate) fn jwt_parts(token: &str) -> (Value, Value) {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// A body of this many bytes that is JSON apart from its size.
pub(crate) fn json_of(length: usize) -> String {
    let frame = json!({ "email": USER, "password": "" }).to_string().len();
    json!({ "email": USER, "password": "x".repeat(length - frame) }).to_string()
}
