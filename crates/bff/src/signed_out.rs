use http::request::Parts;
use ironleaf_auth::Rejection;
use ironleaf_session::Arrival;

use crate::Session;

/// Why somebody who was signed in is not any more. It is behind the message that the sign-in page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedOutReason {
    /// Nobody came for as long as the idle timeout, or the absolute timeout has passed.
    TimedOut,
    /// The core API said that the grant is over.
    Rejected(Rejection),
}

impl SignedOutReason {
    /// The reason for which this very request is anonymous although it came with a session.
    pub fn from_parts(parts: &Parts) -> Option<Self> {
        parts.extensions.get().copied().or_else(|| {
            let session = parts.extensions.get::<Session>()?;
            (session.arrival() == Arrival::Expired).then_some(Self::TimedOut)
        })
    }
}
