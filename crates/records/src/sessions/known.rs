use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::SystemTime;

use ironleaf_session::SessionId;
use ironleaf_store::Key;

use crate::keys::session_name;

/// Identifies one of a person's sessions in a form. It is no secret to that person, cannot be guessed, and gives nobody
/// access.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SessionName(Key);

impl SessionName {
    /// The name of the session with this identifier.
    pub fn of(session: SessionId) -> Self {
        Self(session_name(session.as_bytes()))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl FromStr for SessionName {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(Key::from_bytes(bytes)))
    }
}

/// A session of a person, as it was last seen.
///
/// Its identifier is a secret, so this is explicitly not `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownSession {
    /// The session's identifier, to end it by.
    pub id: SessionId,
    /// When it began.
    pub created_at: SystemTime,
    /// When it was seen last, to within the time that a note is good for.
    pub last_seen: SystemTime,
    /// The address at which it was seen last, if that is known.
    pub address: Option<IpAddr>,
    /// The start of the `User-Agent` with which it was seen last. SECURITY: it is whatever somebody sent, so never show it.
    pub user_agent: String,
    /// What the provider's own list tells it from others by, if there is one.
    pub provider_mark: Option<String>,
    /// Which tombstone ends it together with others, if the provider has an identifier for the session.
    pub(crate) provider_sid: Option<Key>,
}

/// Shows nothing of the person.
impl fmt::Debug for KnownSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownSession").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KnownSession {
    /// What identifies it in a form.
    pub fn name(&self) -> SessionName {
        SessionName::of(self.id)
    }
}
