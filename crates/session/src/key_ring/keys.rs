//! The keys that are derived from one secret.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use xaes_256_gcm::{Xaes256Gcm, aead::KeyInit as _};
use zeroize::Zeroizing;

use crate::{Purpose, Secret};

const KEY_ID_INFO: &[u8] = b"ironleaf/v1/key-id";

/// Identifies a secret without revealing it: 8 bytes that HKDF derives from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::LENGTH_BYTES]);

impl KeyId {
    pub(crate) const LENGTH_BYTES: usize = 8;

    pub(crate) fn from_bytes(bytes: [u8; Self::LENGTH_BYTES]) -> Self {
        Self(bytes)
    }

    /// The eight bytes at the start of a sealed value.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

/// Hex, as in logs and metrics: a key id is not secret.
impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// The keys of one secret, one per [`Purpose`], with their AES key schedules ready.
pub(crate) struct Keys {
    pub(crate) id: KeyId,
    cookie: Xaes256Gcm,
    flash: Xaes256Gcm,
    head: Xaes256Gcm,
}

impl Keys {
    pub(super) fn derive(secret: &Secret) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, secret.as_bytes());
        let mut id = [0; KeyId::LENGTH_BYTES];
        expand(&hkdf, KEY_ID_INFO, &mut id);
        let cipher = |purpose: Purpose| {
            let mut key = Zeroizing::new([0; 32]);
            expand(&hkdf, purpose.info().as_bytes(), &mut key[..]);
            Xaes256Gcm::new((&*key).into())
        };
        Self {
            id: KeyId(id),
            cookie: cipher(Purpose::Cookie),
            flash: cipher(Purpose::Flash),
            head: cipher(Purpose::Head),
        }
    }

    pub(crate) fn cipher(&self, purpose: Purpose) -> &Xaes256Gcm {
        match purpose {
            Purpose::Cookie => &self.cookie,
            Purpose::Flash => &self.flash,
            Purpose::Head => &self.head,
        }
    }
}

fn expand(hkdf: &Hkdf<Sha256>, info: &[u8], output: &mut [u8]) {
    hkdf.expand(info, output).expect("HKDF-SHA256 gives up to 8,160 bytes");
}
