//! The common parts of the small providers: calls, and reading answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, BaseUrl, Caller, EmailAddress, Field, Grant, Identity, Observed,
    RefreshOutcome, Request, Response, SecretText, SignIn, SignInError, Transport as _, TransportError,
};
use serde::Deserialize;

use crate::network::Network;
use crate::timeline::Clock;
use crate::world::LIVES;

pub(super) const BASE: &str = "http://core.test/v1";
pub(super) const ACCESS: Field = 1;
pub(super) const REFRESH: Field = 2;

pub(super) struct Client {
    pub(super) transport: Arc<Network>,
    pub(super) clock: Clock,
    pub(super) base_urls: [BaseUrl; 1],
}

/// The API's data about a person.
#[derive(Deserialize)]
struct Item<T> {
    item: T,
}

/// The tokens of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Issued {
    pub(super) access_token: String,
    ttl_seconds: u64,
    pub(super) refresh_token: String,
}

impl Client {
    pub(super) async fn send(
        &self,
        caller: &Caller,
        mut request: Request,
    ) -> Result<Response, TransportError> {
        caller.introduce(&mut request);
        self.transport.send(request).await
    }

    /// The answer to the right password. It does not identify the person yet.
    /// The cart of a guest with this refresh token goes along.
    pub(super) async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        guest: Option<&SecretText>,
    ) -> Result<Response, SignInError> {
        let SignIn::Password { email, password } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let cart = guest.map(|token| format!(r#","cartOf":"{}""#, token.expose())).unwrap_or_default();
        let (email, password) = (email.as_str(), password.expose());
        let body = format!(r#"{{"email":"{email}","password":"{password}"{cart}}}"#);
        let sent = self.send(caller, post("/auth/tokens", body)).await;
        sent.map_err(|error| SignInError::Unavailable(error.to_string()))
    }

    /// The grant together with the person's identity.
    pub(super) async fn introduced(&self, caller: &Caller, grant: Grant) -> Result<Grant, SignInError> {
        let mut request = get("/user/users/current");
        caller.introduce(&mut request);
        bear(&grant, &mut request);
        let sent = self.transport.send(request).await;
        let response = sent.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        let identity = identity(&response).ok_or_else(|| unusable(&response))?;
        Ok(grant.for_identity(identity))
    }

    /// Stores the access token of an answer in the grant.
    pub(super) fn take(&self, grant: &mut Grant, response: &Response) -> Option<Issued> {
        let issued: Issued = item(response)?;
        let (now, life) = ((self.clock)(), Duration::from_secs(issued.ttl_seconds));
        grant.access_expires_at = now.checked_add(life);
        grant.access_lifetime = Some(life);
        grant.refresh_expires_at = now.checked_add(LIVES.refresh_token);
        grant.set(ACCESS, issued.access_token.as_str());
        Some(issued)
    }
}

/// Pages ask only for the signed-in person.
#[async_trait]
impl Accounts for Client {
    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<Identity, AccountError> {
        let response = calls.send(get("/user/users/current")).await?;
        identity(&response)
            .ok_or_else(|| AccountError::Unavailable(format!("answered {}", response.status())))
    }

    async fn register(&self, _: &Caller, _: &EmailAddress, _: &SecretText) -> Result<Identity, AccountError> {
        Err(unsupported())
    }

    async fn update(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        _: Option<&EmailAddress>,
        _: Option<&SecretText>,
    ) -> Result<Identity, AccountError> {
        Err(unsupported())
    }

    async fn delete(&self, _: &dyn AuthorizedCalls, _: &str) -> Result<(), AccountError> {
        Err(unsupported())
    }

    async fn request_password_reset(&self, _: &Caller, _: &EmailAddress) -> Result<(), AccountError> {
        Err(unsupported())
    }

    async fn verify_email(&self, _: &Caller, _: &SecretText) -> Result<(), AccountError> {
        Err(unsupported())
    }
}

fn unsupported() -> AccountError {
    AccountError::Unavailable("this API has no such page".to_owned())
}

pub(super) fn get(path: &str) -> Request {
    request(Method::GET, path, String::new())
}

pub(super) fn post(path: &str, body: String) -> Request {
    request(Method::POST, path, body)
}

fn request(method: Method, path: &str, body: String) -> Request {
    let request = http::Request::builder().method(method).uri(format!("{BASE}{path}"));
    let request = request.header(CONTENT_TYPE, "application/json");
    request.body(Bytes::from(body)).expect("the request is well-formed")
}

/// Adds the access token.
pub(super) fn bear(grant: &Grant, request: &mut Request) {
    let Some(token) = grant.field(ACCESS) else { return };
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    request.headers_mut().insert(AUTHORIZATION, value.expect("a token is plain text"));
}

fn item<T: for<'a> Deserialize<'a>>(response: &Response) -> Option<T> {
    let read = || serde_json::from_slice::<Item<T>>(response.body()).ok();
    read().filter(|_| response.status().is_success()).map(|read| read.item)
}

pub(super) fn identity(response: &Response) -> Option<Identity> {
    item(response)
}

/// New data about the person in an answer.
pub(super) fn news(grant: &Grant, response: &Response) -> Observed {
    let Some((known, user)) = grant.identity.as_ref().zip(identity(response)) else {
        return Observed::Nothing;
    };
    if user.id != known.id || user == **known {
        return Observed::Nothing;
    }
    let user = Arc::new(user);
    Observed::AtOnce(Arc::new(move |grant| grant.identity = Some(Arc::clone(&user))))
}

/// The results of a refresh that say nothing about the grant. A 503 is an answer that spends nothing only if it says
/// when to come again: the rate limit in front of the API does, a proxy that lost the API does not.
pub(super) fn or_ended(sent: Result<Response, TransportError>) -> ControlFlow<RefreshOutcome, Response> {
    let response = match sent {
        Ok(response) => response,
        Err(error) => return ControlFlow::Break(error.into()),
    };
    let headers = response.headers();
    let said = headers.get(RETRY_AFTER).or_else(|| headers.get("x-retry-after"));
    let secs = said.and_then(|value| value.to_str().ok()?.parse().ok());
    let is_limit = response.status() == StatusCode::TOO_MANY_REQUESTS
        || response.status() == StatusCode::SERVICE_UNAVAILABLE && secs.is_some();
    if !is_limit {
        return ControlFlow::Continue(response);
    }
    let detail = format!("answered {}", response.status());
    ControlFlow::Break(RefreshOutcome::Unspent { retry_after: secs.map(Duration::from_secs), detail })
}

/// How the API refuses a refresh.
pub(super) fn is_refusal(response: &Response) -> bool {
    matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

pub(super) fn in_doubt(response: &Response) -> RefreshOutcome {
    RefreshOutcome::InDoubt { answered: true, detail: format!("answered {}", response.status()) }
}

pub(super) fn unusable(response: &Response) -> SignInError {
    SignInError::Unavailable(format!("answered {}", response.status()))
}

pub(super) fn signed_out(sent: Result<Response, TransportError>) -> Result<(), TransportError> {
    let response = sent?;
    if response.status().is_success() {
        return Ok(());
    }
    Err(TransportError::Interrupted(format!("answered {}", response.status())))
}
