//! The core API on an in-memory database, behind a transport that calls its router directly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Method, StatusCode};
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    Asked, AuthorizedCalls, CallError, Caller, Clock, EmailAddress, Grant, Observed, Provider, Random,
    RefreshOutcome, RefreshTiming, Request, Response, SignIn, SignInError, SignedIn, Transport,
    TransportError, system_random,
};
use ironleaf_core_api::{Config, CoreApi};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::Url;

pub(crate) const EMAIL: &str = "user@test.com";
pub(crate) const PASSWORD: &str = "password1";
/// The origin of the application. It has a domain, and so passkeys.
const ORIGIN: &str = "http://localhost:3000";
const BASE: &str = "http://core.test/v1";
const LIFE: Duration = Duration::from_mins(20);

struct Router {
    api: CoreApi,
    loses_answers: AtomicBool,
    finds_nothing: AtomicBool,
}

#[async_trait]
impl Transport for Router {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if self.finds_nothing.load(Ordering::SeqCst) {
            let body = json!({ "statusCode": 404, "message": "Not Found", "error": "Not Found" });
            return Ok(http::Response::builder().status(404).body(Bytes::from(body.to_string())).unwrap());
        }
        let answer = ask(&self.api, request).await;
        if self.loses_answers.load(Ordering::SeqCst) {
            return Err(TransportError::Interrupted("the answer was lost".to_owned()));
        }
        Ok(answer)
    }
}

async fn ask(api: &CoreApi, request: Request) -> Response {
    let (parts, body) = api.router().oneshot(request.map(Body::from)).await.unwrap().into_parts();
    Response::from_parts(parts, to_bytes(body, usize::MAX).await.unwrap())
}

async fn opened(clock: Clock, random: Random) -> CoreApi {
    CoreApi::open(Config { clock, random, public_origin: ORIGIN.to_owned(), ..Config::in_memory() })
        .await
        .unwrap()
}

fn provider(transport: Arc<dyn Transport>, clock: Clock, random: Random) -> CoreApiProvider {
    let settings = CoreApiSettings { has_passkeys: true, ..CoreApiSettings::at(BASE.parse().unwrap()) };
    CoreApiProvider::new(settings, transport, clock, random)
}

pub(crate) struct Bench {
    pub(crate) api: CoreApi,
    pub(crate) provider: Arc<CoreApiProvider>,
    router: Arc<Router>,
    now: Arc<Mutex<SystemTime>>,
}

impl Bench {
    pub(crate) async fn open() -> Self {
        let now = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || *now.lock().unwrap())
        };
        let api = opened(Arc::clone(&clock), system_random()).await;
        let router = Arc::new(Router {
            api: api.clone(),
            loses_answers: AtomicBool::new(false),
            finds_nothing: AtomicBool::new(false),
        });
        let provider = Arc::new(provider(Arc::<Router>::clone(&router), clock, system_random()));
        Self { api, provider, router, now }
    }

    pub(crate) fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }

    pub(crate) fn lose_answers(&self, lose: bool) {
        self.router.loses_answers.store(lose, Ordering::SeqCst);
    }

    /// Whether the API answers as one that does not have the call.
    pub(crate) fn answer_not_found(&self, find_nothing: bool) {
        self.router.finds_nothing.store(find_nothing, Ordering::SeqCst);
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, SignInError> {
        let attempt = SignIn::Password { email: EmailAddress::of_record(email), password: password.into() };
        self.provider.sign_in(&Caller::default(), attempt, None).await
    }

    pub(crate) async fn renewed(&self, grant: &Grant) -> Grant {
        match self.provider.refresh(&Caller::default(), grant).await {
            RefreshOutcome::Rotated(grant) => grant,
            other => panic!("not refreshed: {other:?}"),
        }
    }

    pub(crate) fn calls(&self, grant: &Grant) -> Calls {
        Calls {
            provider: Arc::clone(&self.provider),
            router: Arc::clone(&self.router),
            grant: Mutex::new(grant.clone()),
        }
    }

    /// A query parameter of the link in the newest e-mail to this address.
    pub(crate) async fn newest_link(&self, to: &str, parameter: &str) -> String {
        self.api.settled().await;
        link_parameter(&self.api, to, parameter).await
    }
}

async fn link_parameter(api: &CoreApi, to: &str, parameter: &str) -> String {
    let messages = api.outbox().await.unwrap();
    let newest = messages.iter().find(|stored| stored.message.to == to).unwrap();
    let link = Url::parse(&newest.message.link).unwrap();
    let mut pairs = link.query_pairs().into_owned();
    pairs.find(|(name, _)| name == parameter).unwrap().1
}

/// Authorized calls as the lifecycle makes them, but without the refresh.
pub(crate) struct Calls {
    provider: Arc<CoreApiProvider>,
    router: Arc<Router>,
    grant: Mutex<Grant>,
}

impl Calls {
    /// The grant after all observed changes.
    pub(crate) fn grant(&self) -> Grant {
        self.grant.lock().unwrap().clone()
    }
}

#[async_trait]
impl AuthorizedCalls for Calls {
    async fn send(&self, mut request: Request) -> Result<Response, CallError> {
        self.provider.authorize(&Caller::default(), &self.grant(), &mut request);
        let asked = Asked::of(&request);
        let sent = self.router.send(request).await;
        let response = sent.map_err(|error| CallError::Unavailable(error.to_string()))?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(CallError::SignedOut);
        }
        let observed = self.provider.observe(&self.grant(), &asked, &response);
        if let Observed::AtOnce(change) | Observed::Lazily(change) = observed {
            change(&mut self.grant.lock().unwrap());
        }
        Ok(response)
    }
}

/// The same core API, for the conformance suite.
struct Real {
    api: CoreApi,
    clock: Clock,
    random: Random,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    let api = opened(Arc::clone(&clock), Arc::clone(&random)).await;
    Arc::new(Real { api, clock, random, issued: Mutex::new(vec![PASSWORD.to_owned()]) })
}

impl Real {
    /// Makes a call as another browser of the same person would.
    async fn elsewhere(&self, method: Method, path: &str, bearer: &str, body: &Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{BASE}{path}"))
            .header("content-type", "application/json")
            .header("authorization", bearer)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        let answer = ask(&self.api, request).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_slice::<Value>(answer.body()).unwrap()["item"].take()
    }

    async fn bearer_elsewhere(&self, invalidate: bool) -> String {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "invalidateTokens": invalidate });
        let tokens = self.elsewhere(Method::POST, "/auth/tokens", "", &body).await;
        format!("Bearer {}", tokens["accessToken"].as_str().unwrap())
    }
}

#[async_trait]
impl BackEnd for Real {
    fn style(&self) -> Style {
        Style {
            name: "the real core API",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::New,
            refresh_field: 2,
            reuse: Reuse::Recognised,
            sign_out_ends_access: false,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(provider(transport, Arc::clone(&self.clock), Arc::clone(&self.random)))
    }

    async fn answer(&self, request: Request) -> Response {
        let answer = ask(&self.api, request).await;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let tokens =
            ["accessToken", "refreshToken"].map(|name| body["item"][name].as_str().map(str::to_owned));
        self.issued.lock().unwrap().extend(tokens.into_iter().flatten());
        answer
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        SignIn::Password { email: EmailAddress::of_record(EMAIL), password: PASSWORD.into() }
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        SignIn::Password { email: EmailAddress::of_record(EMAIL), password: "not the password".into() }
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{BASE}/user/users/current");
        vec![http::Request::builder().uri(url).body(Bytes::new()).unwrap()]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        let body = json!({ "statusCode": 401, "message": "Invalid credentials", "error": "Unauthorized" });
        let response = http::Response::builder().status(401).body(Bytes::from(body.to_string()));
        vec![response.unwrap()]
    }

    fn open_sessions(&self) -> usize {
        let stats = self.api.stats();
        usize::try_from(stats.sign_ins - stats.families_revoked).unwrap()
    }

    async fn end_sessions(&self) {
        self.bearer_elsewhere(true).await;
    }

    async fn change_credentials(&self) -> Option<Request> {
        let bearer = self.bearer_elsewhere(false).await;
        let me = self.elsewhere(Method::GET, "/user/users/current", &bearer, &Value::Null).await;
        let path = format!("/user/users/{}", me["id"].as_str().unwrap());
        let new = "new@test.com";
        self.elsewhere(Method::PATCH, &path, &bearer, &json!({ "email": new })).await;
        self.api.settled().await;
        let token = link_parameter(&self.api, new, "token").await;
        self.elsewhere(Method::POST, "/auth/action-requests", "", &json!({ "token": token })).await;
        self.api.settled().await;
        self.calls().pop()
    }

    fn secrets(&self) -> Vec<String> {
        self.issued.lock().unwrap().clone()
    }
}
