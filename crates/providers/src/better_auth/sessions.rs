//! A person's sessions at the auth server: which there are, and their end.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use ironleaf_auth::{AccountError, AuthorizedCalls, Grant, OwnSession, OwnSessions, SecretText};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

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
    /// When it was prolonged last, as an RFC 3339 time of the auth server.
    pub updated_at: Option<String>,
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
        updated_at: text("updatedAt"),
        expires_at: text("expiresAt"),
        ip_address: text("ipAddress"),
        user_agent: text("userAgent"),
        token: token.into(),
    })
}

#[async_trait]
impl OwnSessions for BetterAuthProvider {
    fn mark(&self, grant: &Grant) -> Option<String> {
        let (_, value) = grant.field(grant::SESSION)?.expose().split_once('=')?;
        Some(mark_of(value.split_once('.')?.0))
    }

    async fn list(
        &self,
        calls: &dyn AuthorizedCalls,
        current: &Grant,
    ) -> Result<Vec<OwnSession>, AccountError> {
        let sessions = self.sessions(calls, current).await?;
        Ok(sessions.into_iter().map(AuthSession::into_own).collect())
    }

    async fn end(
        &self,
        calls: &dyn AuthorizedCalls,
        current: &Grant,
        mark: &str,
    ) -> Result<bool, AccountError> {
        let sessions = self.sessions(calls, current).await?;
        match sessions.iter().find(|session| mark_of(session.token.expose()) == mark) {
            Some(session) => self.end_session(calls, session).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn end_others(&self, calls: &dyn AuthorizedCalls) -> Result<(), AccountError> {
        self.end_other_sessions(calls).await
    }
}

impl AuthSession {
    fn into_own(self) -> OwnSession {
        let time = |text: Option<String>| text.and_then(|text| rfc3339(&text));
        OwnSession {
            mark: mark_of(self.token.expose()),
            created_at: time(self.created_at),
            last_seen: time(self.updated_at),
            address: self.ip_address,
            user_agent: self.user_agent,
        }
    }
}

/// SECURITY: the token is all it takes to be the person at the auth server, so nothing but a hash of it leaves this file.
fn mark_of(token: &str) -> String {
    let hash = Sha256::new_with_prefix(b"ironleaf/v1/better-auth-session\0").chain_update(token).finalize();
    URL_SAFE_NO_PAD.encode(&hash[..16])
}

/// A time as JavaScript writes it: `2026-11-28T10:00:00.000Z` (RFC 3339, in UTC).
fn rfc3339(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<[u64; 3]> {
        let parts: Vec<_> = text.split(by).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        parts.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
    let is_valid = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let is_valid = is_valid && hour < 24 && minute < 60 && second < 61;
    let secs =
        is_valid.then(|| days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)?;
    Some(UNIX_EPOCH + Duration::from_secs(secs))
}

/// Years that begin in March end with the day that not every year has.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The value of the session cookie is `<token>.<signature>`.
fn is_of(grant: &Grant, token: &str) -> bool {
    let value = grant.field(grant::SESSION).and_then(|pair| pair.expose().split_once('='));
    value.and_then(|(_, value)| value.strip_prefix(token)).is_some_and(|rest| rest.starts_with('.'))
}
