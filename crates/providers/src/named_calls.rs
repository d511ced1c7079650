//! Marks every answer with its call, so that the log can name the call and the setting that its path comes from.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_auth::{BreakerState, Request, Response, Transport, TransportError};
use url::Url;

/// A call that a setting leads to.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The variable to look at if nobody answers there.
    pub(crate) setting: &'static str,
}

/// In the extensions of an answer.
#[derive(Clone)]
struct Name {
    /// Method and path, without the query.
    call: String,
    setting: Option<&'static str>,
}

struct NamedCalls {
    transport: Arc<dyn Transport>,
    endpoints: Vec<Endpoint>,
}

/// A transport whose answers can be described.
pub(crate) fn naming(transport: Arc<dyn Transport>, endpoints: Vec<Endpoint>) -> Arc<dyn Transport> {
    Arc::new(NamedCalls { transport, endpoints })
}

#[async_trait]
impl Transport for NamedCalls {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (method, path) = (request.method(), request.uri().path());
        let is_this = |endpoint: &&Endpoint| endpoint.method == *method && endpoint.url.path() == path;
        let setting = self.endpoints.iter().find(is_this).map(|endpoint| endpoint.setting);
        let name = Name { call: format!("{method} {path}"), setting };
        let mut response = self.transport.send(request).await?;
        response.extensions_mut().insert(name);
        Ok(response)
    }

    fn breaker(&self) -> BreakerState {
        self.transport.breaker()
    }
}

/// What was answered to which call, such as `GET /users/me answered 404`. `otherwise` stands for a call without a name.
pub(crate) fn answered(response: &Response, otherwise: &str) -> String {
    let call = response.extensions().get::<Name>().map_or(otherwise, |name| &name.call);
    format!("{call} answered {}", response.status().as_u16())
}

/// Whether the answer is one to a call whose path ends so.
#[cfg(feature = "better-auth")]
pub(crate) fn is_of(response: &Response, end: &str) -> bool {
    response.extensions().get::<Name>().is_some_and(|name| name.call.ends_with(end))
}

/// Which setting leads to this call, as the end of a line: `: check COOKIE_API_ME_PATH`.
pub(crate) fn check_setting(response: &Response) -> String {
    let setting = response.extensions().get::<Name>().and_then(|name| name.setting);
    setting.map_or_else(String::new, |setting| format!(": check {setting}"))
}

/// Whether nobody answers such a call there.
pub(crate) fn is_not_there(response: &Response) -> bool {
    matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
}

/// Whether the API has another address for good (RFC 9110, sections 15.4.2 and 15.4.9), such as https or one with a slash
/// at its end. Redirects are not followed: the next address would get the credentials.
#[cfg(any(feature = "cookie-api", feature = "jwt-sessions"))]
pub(crate) fn is_moved(response: &Response) -> bool {
    matches!(response.status(), StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

/// [`answered`], with the setting to look at if nobody answers such a call there.
#[cfg(any(feature = "cookie-api", feature = "jwt-sessions"))]
pub(crate) fn describe(response: &Response, otherwise: &str) -> String {
    let check =
        if is_not_there(response) || is_moved(response) { check_setting(response) } else { String::new() };
    answered(response, otherwise) + &check
}
