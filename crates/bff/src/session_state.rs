use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_records::Principal;
use ironleaf_session::{Record, SessionId};
use sha2::{Digest as _, Sha256};

use crate::extract::trusted_record;
use crate::request_context::live_session;
use crate::time_left::last_end;
use crate::{Bff, MissingLayer, session_cannot_be_checked};

/// What a script may know of the session of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// There is none.
    SignedOut,
    /// It is that of a person or a guest.
    Live(LiveSession),
    /// It is unknown whether the session was ended, see [`session_cannot_be_checked`].
    Unknown,
}

/// A session that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Whose it is, as the last refresh or answer of the provider has said.
    pub user: Arc<User>,
    /// When it ends at the latest, whatever the person does.
    pub ends_at: SystemTime,
    /// When it ends if no other request comes. A request that counts as a use moves it, though not each of them does: see
    /// [`SessionSettings::idle_timeout`](ironleaf_session::SessionSettings::idle_timeout).
    pub idle_ends_at: SystemTime,
    /// Goes into the tag, and nowhere else.
    id: SessionId,
}

impl SessionState {
    /// Reads the session of this request without using it: its idle timeout goes on. A page asks by itself, and would keep
    /// the session of a person alive who has left.
    ///
    /// This asks neither the provider nor the API, and begins no refresh. A session whose end is to be told to the person
    /// is [`SignedOut`](Self::SignedOut), and stays to be told by the next page.
    ///
    /// # Errors
    ///
    /// [`MissingLayer`] if the request did not pass the layers of this crate.
    pub fn from_parts(parts: &Parts) -> Result<Self, MissingLayer> {
        let (bff, session) = live_session(parts).ok_or(MissingLayer("SessionLayer"))?;
        session.let_rest();
        if session_cannot_be_checked(parts) {
            return Ok(Self::Unknown);
        }
        let record = trusted_record(&bff, &session);
        Ok(record.map_or(Self::SignedOut, |record| Self::Live(LiveSession::of(&bff, &record))))
    }
}

impl LiveSession {
    fn of(bff: &Bff, record: &Record<Principal>) -> Self {
        let ends_at = last_end(bff, record);
        let rest = record.sealed_at + bff.session_settings().longest_rest(&record.payload);
        // A grant that nobody renews ends with its refresh token.
        let grant_end = record.payload.grant().refresh_expires_at;
        let idle_ends_at = grant_end.map_or(rest, |end| rest.min(end)).min(ends_at);
        Self { user: Arc::clone(record.payload.identity()), ends_at, idle_ends_at, id: record.id }
    }

    /// A short text that differs between two answers about this session exactly if they differ, for an `ETag` (RFC 9110,
    /// section 8.8.3). All replicas give the same.
    ///
    /// # Security
    ///
    /// It is a hash with the session's id, which nobody knows. So nobody can find out from it what the answer is, not even
    /// by trying likely ones, and no two sessions have the same.
    pub fn tag(&self, answer: &[u8]) -> String {
        let hash: [u8; 32] = Sha256::new()
            .chain_update("ironleaf/v1/session-state")
            .chain_update(self.id.as_bytes())
            .chain_update(answer)
            .finalize()
            .into();
        URL_SAFE_NO_PAD.encode(&hash[..TAG_BYTES])
    }
}

/// Long enough that no two answers have the same.
const TAG_BYTES: usize = 16;
