use std::fmt;

use sha2::{Digest as _, Sha256};

const OWNER_DOMAIN: &[u8] = b"ironleaf/v1/owner\0";
const ID_BYTES: usize = 16;

/// The owner of a session: a hash of the provider and of the subject's name there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner([u8; ID_BYTES]);

impl Owner {
    /// The owner that `provider` knows as `subject`.
    ///
    /// # Security
    ///
    /// Subjects can be guessed (e-mail addresses, small numbers). So a store that must not reveal who signed in must
    /// not keep this hash.
    pub fn new(provider: &str, subject: &str) -> Self {
        let length = u64::try_from(provider.len()).unwrap_or(u64::MAX);
        let hash = Sha256::new()
            .chain_update(OWNER_DOMAIN)
            .chain_update(length.to_be_bytes())
            .chain_update(provider)
            .chain_update(subject)
            .finalize();
        let mut bytes = [0; ID_BYTES];
        bytes.copy_from_slice(&hash[..ID_BYTES]);
        Self(bytes)
    }

    /// The owner of these bytes.
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The first 16 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Owner({}..)", hex::encode(&self.0[..3]))
    }
}
