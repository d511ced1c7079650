use std::time::SystemTime;

use ironleaf_records::KnownSession;

use crate::Device;

/// A session of the signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSession {
    /// What [`end_session`](crate::end_session) ends it by. It cannot be guessed, and gives nobody access.
    pub id: String,
    /// The browser that it was seen with last.
    pub device: Device,
    /// When it began.
    pub begun: SystemTime,
    /// When it was seen last, to within ten minutes.
    pub last_seen: SystemTime,
    /// The address at which it was seen last, if that is known.
    pub address: Option<String>,
    /// Whether it is the session of this request.
    pub is_this: bool,
}

impl PersonSession {
    pub(super) fn of(known: &KnownSession) -> Self {
        Self {
            id: known.name().to_string(),
            device: Device::of(&known.user_agent),
            begun: known.created_at,
            last_seen: known.last_seen,
            address: known.address.map(|address| address.to_string()),
            is_this: false,
        }
    }
}
