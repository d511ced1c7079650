//! What a proxy needs of the session whose requests it forwards.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ironleaf_auth::{Asked, CallError, Request, Response};
use ironleaf_records::Principal;
use ironleaf_session::{Identity, Record};

use crate::request_context::caller;
use crate::{Bff, CoreApi};

/// The session that a forwarded request was sent with. It shows no token.
#[derive(Clone)]
pub struct Attached {
    record: Arc<Record<Principal>>,
    asked: Asked,
}

/// Whose session a stream belongs to. It has no token and is small, so that many can be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamSession {
    identity: Identity,
    is_guest: bool,
}

impl StreamSession {
    /// Identifies the session: 16 bytes, the same for every stream of it.
    pub fn id(&self) -> [u8; 16] {
        *self.identity.id.as_bytes()
    }

    /// Identifies the person or the guest, for limits: 16 bytes, the same for every session of theirs.
    pub fn owner(&self) -> [u8; 16] {
        *self.identity.owner.as_bytes()
    }

    /// Whether nobody has proved who they are. Anybody may become a guest, and another one.
    pub fn is_guest(&self) -> bool {
        self.is_guest
    }
}

/// Tells which sessions have ended since, here or on another replica.
#[derive(Clone)]
pub struct EndedSessions(Bff);

impl EndedSessions {
    /// Whether each of these sessions is over, in their order. A store that does not answer ends nothing.
    ///
    /// A stream outlives the access token it began with, and does not outlive its session: ask every few seconds, with one
    /// call for many sessions.
    pub async fn among(&self, sessions: &[StreamSession]) -> Vec<bool> {
        let Self(bff) = self;
        let identities: Vec<_> = sessions.iter().map(|session| session.identity.clone()).collect();
        let known = bff.records().ended_among(&identities).await;
        let known = known.unwrap_or_else(|error| {
            tracing::warn!(error = error.detail(), "the store does not say which streams are over");
            vec![false; sessions.len()]
        });
        let (now, limit) = (bff.now(), bff.session_settings().absolute_timeout);
        let is_too_old =
            |session: &Identity| now.duration_since(session.created_at).is_ok_and(|age| age >= limit);
        identities.iter().zip(known).map(|(session, is_over)| is_over || is_too_old(session)).collect()
    }
}

impl CoreApi {
    /// The session of a stream that begins with this request. `None` if it has just ended.
    pub fn stream_session(&self) -> Option<StreamSession> {
        let record = self.session.current()?;
        let is_guest = record.payload.identity().is_guest;
        Some(StreamSession { identity: Identity::from(&*record), is_guest })
    }

    /// Tells which sessions have ended since.
    pub fn ended_sessions(&self) -> EndedSessions {
        EndedSessions(self.bff.clone())
    }

    /// Whether the request has come with a session, of a person or of a guest.
    pub fn has_session(&self) -> bool {
        self.session.current().is_some()
    }

    /// Adds the person's credentials to a request that a proxy forwards, in place of the browser's. An access token that
    /// is due is renewed before.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), without the answer.
    ///
    /// # Security
    ///
    /// The request then has the access token among its headers. Send it to the API that the token is for, and show it to
    /// nobody else.
    pub async fn attach<B>(&self, request: &mut http::Request<B>) -> Result<Attached, CallError> {
        self.ensure_fresh().await?;
        let record = self.session.current().ok_or(CallError::SignedOut)?;
        let asked = Asked { method: request.method().clone(), uri: request.uri().clone() };
        with_head(request, |head| {
            self.bff.provider().authorize(&self.caller, record.payload.grant(), head);
        });
        Ok(Attached { record, asked })
    }

    /// Renews the access token that an answer has refused with 401, unless that has happened in the meantime.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), without the answer.
    pub async fn replace_credentials(&self, refused: &Attached) -> Result<(), CallError> {
        let current = self.session.current().ok_or(CallError::SignedOut)?;
        if current.rotation == refused.record.rotation {
            self.replace_refused(&refused.record).await
        } else {
            Ok(())
        }
    }

    /// Lets the provider learn from the head of an answer, before the head of ours leaves: some APIs renew a cookie with
    /// it.
    pub async fn heard(&self, attached: &Attached, status: StatusCode, headers: &HeaderMap) {
        let mut head = Response::new(Bytes::new());
        *head.status_mut() = status;
        *head.headers_mut() = headers.clone();
        self.learn(&attached.record, &attached.asked, &head).await;
    }
}

/// Prepares a request that a proxy forwards for nobody: the browser's credentials are removed, and the client's address is
/// added.
pub fn introduce<B>(parts: &Parts, request: &mut http::Request<B>) {
    with_head(request, |head| caller(parts).introduce(head));
}

/// Providers see requests with whole bodies. What they need of a request is its head.
fn with_head<B>(request: &mut http::Request<B>, change: impl FnOnce(&mut Request)) {
    let mut head = Request::new(Bytes::new());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = std::mem::take(request.headers_mut());
    change(&mut head);
    let (head, _) = head.into_parts();
    *request.headers_mut() = head.headers;
    request.extensions_mut().extend(head.extensions);
}
