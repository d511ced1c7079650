use std::fmt;

use crate::Random;

const ID_BYTES: usize = 16;

/// Identifies one session, from sign-in to sign-out: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; ID_BYTES]);

impl SessionId {
    /// A new id.
    pub fn generate(random: &Random) -> Self {
        let mut bytes = [0; ID_BYTES];
        random(&mut bytes);
        Self(bytes)
    }

    /// The id of these bytes.
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store that hashes them before it keeps them.
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

/// Prints the first three bytes: enough to follow a session through a log, and useless for anything else.
impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionId({}..)", hex::encode(&self.0[..3]))
    }
}
