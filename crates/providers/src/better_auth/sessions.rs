//! A person's sessions at the auth server: which there are, and their end.

use std::fmt;

use http::Method;
use ironleaf_auth::{AccountError, AuthorizedCalls, Grant, SecretText};
use serde_json::{Map, Value, json};

use super::calls::{authorized, refusal};
use super::{BetterAuthProvider, grant, wire};
use crate::answer::{json as read_json, short_text};

/// A session of a person at the auth server.
///
/// The auth server identifies it by its token in clear, so this is explicitly not `Serialize`.
#[derive(Clone)]
pub struct AuthSession {
    /// The auth server's identifier, which gives nobody access.
    pub id: String,
    /// Whether it is the session that asks.
    pub is_current: bool,
    /// When it began, as an RFC 3339 time of the auth server.
    pub created_at: Option<String>,
    /// When it ends, as an RFC 3339 time of the auth server.
    pub expires_at: Option<String>,
    /// The address it began at.
    pub ip_address: Option<String>,
    /// The program that it began with. For sessions of this application, that is not the browser.
    pub user_agent: Option<String>,
    token: SecretText,
}

impl fmt::Debug for AuthSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthSession").field("is_current", &self.is_current).finish_non_exhaustive()
    }
}

impl BetterAuthProvider {
    /// The person's sessions at the auth server, those of other applications among them. `current` is the grant that
    /// asks.
    ///
    /// # Errors
    ///
    /// [`AccountError::NotRecent`] if the sign-in is longer ago than the auth server wants (a day,
    /// `SESSION_NOT_FRESH`): the session goes on, and the person has to sign in again to see this.
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    pub async fn sessions(
        &self,
        calls: &dyn AuthorizedCalls,
        current: &Grant,
    ) -> Result<Vec<AuthSession>, AccountError> {
        let url = self.endpoint(&["list-sessions"]);
        let response = authorized(calls, Method::GET, &url, &Value::Null).await?;
        let listed: Option<Vec<Map<String, Value>>> =
            response.status().is_success().then(|| read_json(&response)).flatten();
        let listed = listed.ok_or_else(|| refusal(&response))?;
        Ok(listed.iter().filter_map(|session| read(session, current)).collect())
    }

    /// Ends one of the person's sessions.
    ///
    /// # Errors
    ///
    /// [`AccountError::SignedOut`], [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    pub async fn end_session(
        &self,
        calls: &dyn AuthorizedCalls,
        session: &AuthSession,
    ) -> Result<(), AccountError> {
        let body = json!({ "token": session.token.expose() });
        self.end(calls, "revoke-session", &body).await
    }

    /// Ends all sessions of the person but the one that asks.
    ///
    /// # Errors
    ///
    /// As [`end_session`](Self::end_session).
    pub async fn end_other_sessions(&self, calls: &dyn AuthorizedCalls) -> Result<(), AccountError> {
        self.end(calls, "revoke-other-sessions", &json!({})).await
    }

    /// Ends all sessions of the person, the one that asks among them.
    ///
    /// # Errors
    ///
    /// As [`end_session`](Self::end_session).
    pub async fn end_all_sessions(&self, calls: &dyn AuthorizedCalls) -> Result<(), AccountError> {
        self.end(calls, "revoke-sessions", &json!({})).await
    }

    async fn end(&self, calls: &dyn AuthorizedCalls, path: &str, body: &Value) -> Result<(), AccountError> {
        let response = authorized(calls, Method::POST, &self.endpoint(&[path]), body).await?;
        let is_done =
            wire::object(&response).is_some_and(|answer| answer.get("status") == Some(&true.into()));
        if is_done { Ok(()) } else { Err(refusal(&response)) }
    }
}

fn read(session: &Map<String, Value>, current: &Grant) -> Option<AuthSession> {
    let text = |name: &str| session.get(name).and_then(short_text);
    let token = session.get("token")?.as_str().filter(|token| !token.is_empty())?;
    Some(AuthSession {
        id: text("id")?,
        is_current: is_of(current, token),
        created_at: text("createdAt"),
        expires_at: text("expiresAt"),
        ip_address: text("ipAddress"),
        user_agent: text("userAgent"),
        token: token.into(),
    })
}

/// The value of the session cookie is `<token>.<signature>`.
fn is_of(grant: &Grant, token: &str) -> bool {
    let value = grant.field(grant::SESSION).and_then(|pair| pair.expose().split_once('='));
    value.and_then(|(_, value)| value.strip_prefix(token)).is_some_and(|rest| rest.starts_with('.'))
}
