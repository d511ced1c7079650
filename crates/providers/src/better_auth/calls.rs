//! Calls on behalf of people, and what a refusal of one means.

use http::{Method, StatusCode};
use ironleaf_auth::{AccountError, AuthorizedCalls, Response};
use serde_json::Value;
use url::Url;

use super::wire;

/// A call on behalf of the person.
pub(super) async fn authorized(
    calls: &dyn AuthorizedCalls,
    method: Method,
    url: &Url,
    body: &Value,
) -> Result<Response, AccountError> {
    let request = wire::request(method, url, body);
    let request = request.map_err(|error| AccountError::Unavailable(error.to_string()))?;
    Ok(calls.send(request).await?)
}

/// The meaning of a failed answer, if it is in the form of the auth server.
pub(super) fn refusal(response: &Response) -> AccountError {
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        return AccountError::TooManyRequests { retry_after: wire::retry_after(response) };
    }
    let code = wire::code(response);
    let code = code.as_deref().unwrap_or_default();
    if let Some(fields) = wire::refused_fields(code) {
        return AccountError::Invalid(fields);
    }
    match (response.status(), code) {
        (StatusCode::UNAUTHORIZED, "UNAUTHORIZED") => AccountError::SignedOut,
        // The sign-in is too long ago for this. The session goes on.
        (StatusCode::FORBIDDEN, "SESSION_NOT_FRESH") | (StatusCode::BAD_REQUEST, "SESSION_EXPIRED") => {
            AccountError::NotRecent
        }
        (_, "USER_ALREADY_EXISTS" | "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL") => AccountError::EmailTaken,
        _ => AccountError::Unavailable(wire::describe(response)),
    }
}
