//! What a proxy needs of the session whose requests it forwards.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ironleaf_auth::{Asked, CallError, Grant, RefreshTiming, Request, Response};
use ironleaf_records::{Principal, SessionName};
use ironleaf_session::{Identity, Record};

use crate::edge::GOOD_FOR;
use crate::request_context::caller;
use crate::seals::Seal;
use crate::{Bff, CoreApi};

/// For this long after a renewal, a refusal of an API is not taken for one of the access token.
const JUST_RENEWED: Duration = Duration::from_mins(1);

/// The session that a forwarded request was sent with. It shows no token.
#[derive(Clone)]
pub struct Attached {
    record: Arc<Record<Principal>>,
    asked: Asked,
}

/// Whose session a stream belongs to. It has no token and is small, so that many can be kept.
#[derive(Clone)]
pub struct StreamSession {
    identity: Identity,
    is_guest: bool,
    /// Every seal in this process moves it.
    seal: Arc<Seal>,
    /// How long after its last seal the session ends.
    longest_rest: Duration,
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

    /// Whether the session is over, unless another replica has sealed it since.
    fn is_idle(&self, now: SystemTime) -> bool {
        now.duration_since(self.seal.at()).is_ok_and(|rest| rest >= self.longest_rest)
    }
}

/// Tells which sessions have ended since, here or on another replica.
#[derive(Clone)]
pub struct EndedSessions(Bff);

impl EndedSessions {
    /// Whether each of these sessions is over, in their order. A store that does not answer ends nothing.
    ///
    /// A stream outlives the access token it began with, and does not outlive its session: ask every few seconds, with one
    /// call for many sessions. Requests that other replicas have answered keep a session from its idle timeout, so the
    /// store is asked once more for each session whose idle timeout is over as far as this process knows.
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
        let is_over = |(session, is_over)| is_over || is_too_old(session);
        let mut over: Vec<_> = identities.iter().zip(known).map(is_over).collect();
        for (session, is_over) in sessions.iter().zip(&mut over) {
            if !*is_over && session.is_idle(now) {
                *is_over = self.is_unused(session, now).await;
            }
        }
        over
    }

    /// Whether no other replica has seen the session since its last seal here. The list of the person's sessions says so,
    /// to within ten minutes. A guest has no list, and no more than what this process knows.
    async fn is_unused(&self, session: &StreamSession, now: SystemTime) -> bool {
        if session.is_guest {
            return true;
        }
        let StreamSession { identity, seal, .. } = session;
        let Self(bff) = self;
        match bff.records().session(&identity.owner, SessionName::of(identity.id)).await {
            Ok(Some(known)) => {
                // Until a note is that old, no further one is written.
                seal.move_to(known.last_seen.min(now) + GOOD_FOR);
                session.is_idle(now)
            }
            Ok(None) => true,
            Err(error) => {
                tracing::warn!(error = error.detail(), "the store does not say which streams are unused");
                false
            }
        }
    }
}

impl CoreApi {
    /// The session of a stream that begins with this request. `None` if it has just ended.
    pub fn stream_session(&self) -> Option<StreamSession> {
        let record = self.session.current()?;
        let is_guest = record.payload.identity().is_guest;
        let seal = self.bff.seals().watch(record.id, record.sealed_at);
        let longest_rest = self.bff.session_settings().longest_rest(&record.payload);
        Some(StreamSession { identity: Identity::from(&*record), is_guest, seal, longest_rest })
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

    /// Renews the access token that an answer has refused with 401, unless that has happened in the meantime. Returns
    /// whether there is another token to try. There is none if this one comes of a renewal within the last minute, or if
    /// the provider renews none that has not expired. An API that answers 401 for reasons of its own, such as a wrong
    /// PIN, would otherwise cost a renewal with each answer.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), without the answer.
    pub async fn replace_credentials(&self, refused: &Attached) -> Result<bool, CallError> {
        let current = self.session.current().ok_or(CallError::SignedOut)?;
        if current.rotation == refused.record.rotation {
            if self.is_hardly_over(refused.record.payload.grant()) {
                return Ok(false);
            }
            self.replace_refused(&refused.record).await?;
        }
        Ok(true)
    }

    /// Whether a refusal says nothing about the access token, as far as its times tell.
    fn is_hardly_over(&self, grant: &Grant) -> bool {
        let now = self.bff.now();
        let began = grant.access_expires_at.zip(grant.access_lifetime);
        let issued_at = began.and_then(|(end, lifetime)| end.checked_sub(lifetime));
        let is_new = issued_at.is_some_and(|issued_at| now < issued_at + JUST_RENEWED);
        let must_expire = self.bff.provider().refresh_timing(grant) == RefreshTiming::AfterExpiry;
        (is_new && grant.generation > 0) || (must_expire && grant.access_lives(now))
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

/// Providers see requests with whole bodies. What they need of a request is its head. The one they see has no body, so
/// what they say about its length is not true of the request.
fn with_head<B>(request: &mut http::Request<B>, change: impl FnOnce(&mut Request)) {
    let mut head = Request::new(Bytes::new());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = std::mem::take(request.headers_mut());
    let length = head.headers().get(CONTENT_LENGTH).cloned();
    change(&mut head);
    let (mut head, _) = head.into_parts();
    match length {
        Some(length) => head.headers.insert(CONTENT_LENGTH, length),
        None => head.headers.remove(CONTENT_LENGTH),
    };
    *request.headers_mut() = head.headers;
    request.extensions_mut().extend(head.extensions);
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn no_provider_says_how_long_a_forwarded_body_is() {
        for said in [None, Some("3")] {
            let mut request = http::Request::post("http://api.test/").body("abc").unwrap();
            request
                .headers_mut()
                .extend(said.map(|length| (CONTENT_LENGTH, HeaderValue::from_static(length))));
            with_head(&mut request, |head| {
                head.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                head.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer a"));
            });
            let length = request.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap());
            assert_eq!((length, *request.body()), (said, "abc"));
            assert!(request.headers().contains_key(AUTHORIZATION));
        }
    }
}
