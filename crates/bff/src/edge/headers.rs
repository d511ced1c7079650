use axum::extract::Request;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::request_id::RequestId;
use super::response_headers::CspNonce;
use crate::Bff;

/// Whose answer it is, if another server has given it. It is in the extensions of that answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOf {
    /// A front end: files that a browser shows or runs as they are.
    FrontEnd,
    /// An API, whose answers are no pages, unless it has a policy that says what they may load.
    Api,
}

/// For a front end that has no policy of its own: what it brings along, and nothing in the line of a page. It holds for
/// every file, because a worker has the policy of its script.
const OF_FRONT_END: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; \
                            form-action 'self'; frame-ancestors 'self'";
/// Holds beside every policy of another server.
const BESIDE_ITS_OWN: &str = "object-src 'none'; base-uri 'self'; frame-ancestors 'self'";
/// A response that is not a page has nothing to load, whatever type a browser assumes.
const OF_NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// Adds the headers that restrict browsers (ASVS 3.4) to every response, including errors and assets, and gives a page
/// the nonce for its scripts.
pub async fn response_headers<F>(bff: &Bff, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let known = request.extensions().get().map(RequestId::nonce);
    let nonce = CspNonce::new(known.unwrap_or_else(|| {
        let mut bytes = [0; 16];
        bff.fill_random(&mut bytes);
        bytes
    }));
    request.extensions_mut().insert(nonce.clone());
    let mut response = next(request).await;
    let settings = bff.response_headers();
    let is_html =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = match policy_of_other_server(&response) {
        Some(policy) => policy,
        None if is_html => HeaderValue::try_from(settings.content_security_policy(&nonce)).ok(),
        None => Some(HeaderValue::from_static(OF_NO_PAGE)),
    };
    let headers = response.headers_mut();
    for (name, value) in &settings.constant {
        headers.insert(name, value.clone());
    }
    if let Some(policy) = policy {
        // SECURITY: beside a policy that is there already, both hold (Content Security Policy Level 3, section 8.1).
        headers.append(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The policy for an answer that another server has given; `Some(None)` if it needs none.
#[expect(
    clippy::option_option,
    reason = "an answer of ours, one of theirs without a policy, and one with it"
)]
fn policy_of_other_server(response: &Response) -> Option<Option<HeaderValue>> {
    let of = response.extensions().get::<AnswerOf>()?;
    if response.status() == StatusCode::NOT_MODIFIED {
        // The headers of the kept answer stay (RFC 9111, section 3.2).
        return Some(None);
    }
    let has_own = match of {
        AnswerOf::FrontEnd => response.headers().contains_key(CONTENT_SECURITY_POLICY),
        AnswerOf::Api => restricts_scripts(response),
    };
    let policy = match of {
        _ if has_own => BESIDE_ITS_OWN,
        AnswerOf::FrontEnd => OF_FRONT_END,
        AnswerOf::Api => OF_NO_PAGE,
    };
    Some(Some(HeaderValue::from_static(policy)))
}

/// Whether a policy of the answer says which scripts may run.
///
/// SECURITY: many APIs send `frame-ancestors 'none'` with everything, which says nothing about scripts.
fn restricts_scripts(response: &Response) -> bool {
    let values = response.headers().get_all(CONTENT_SECURITY_POLICY).iter();
    let mut directives =
        values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split([',', ';']));
    directives.any(|directive| {
        let name = directive.split_ascii_whitespace().next().unwrap_or_default();
        ["default-src", "script-src"].iter().any(|known| name.eq_ignore_ascii_case(known))
    })
}
