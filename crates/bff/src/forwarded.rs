//! What a proxy needs of the session whose requests it forwards.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use ironleaf_auth::{Asked, CallError, Request, Response};
use ironleaf_records::Principal;
use ironleaf_session::{Identity, Ledger as _, Record, Standing};

use crate::CoreApi;
use crate::request_context::caller;

/// The session that a forwarded request was sent with. It shows no token.
#[derive(Clone)]
pub struct Attached {
    record: Arc<Record<Principal>>,
    asked: Asked,
}

impl Attached {
    /// Identifies the person or the guest, for limits: 16 bytes, the same for every session of theirs.
    pub fn owner(&self) -> [u8; 16] {
        *self.record.owner.as_bytes()
    }
}

impl CoreApi {
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

    /// Whether the session of a request that is still being answered has ended since, here or on another replica. A store
    /// that does not answer ends nothing.
    ///
    /// A long answer outlives the access token it began with, and does not outlive its session: ask every few seconds.
    pub async fn has_ended(&self, attached: &Attached) -> bool {
        let record = &attached.record;
        let age = self.bff.now().duration_since(record.created_at).unwrap_or_default();
        if age >= self.bff.session_settings().absolute_timeout {
            return true;
        }
        // Its cookie may have been renewed by other requests since: what counts is the session, and no single rotation.
        let newest = Identity { rotation: u64::MAX, ..Identity::from(&*attached.record) };
        let known = self.bff.records().standing(&newest).await;
        known.is_ok_and(|known| known.standing == Standing::Ended)
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
