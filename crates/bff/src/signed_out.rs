use http::request::Parts;
use ironleaf_auth::Rejection;

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
    /// The reason for which this very request is anonymous although it came with a session, as
    /// [`refresh_before_rendering`](crate::refresh_before_rendering) found it.
    pub fn from_parts(parts: &Parts) -> Option<Self> {
        parts.extensions.get().copied()
    }
}
