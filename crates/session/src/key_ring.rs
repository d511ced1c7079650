//! The keys that are derived from the secrets, in the order of the secrets.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use hkdf::Hkdf;
use sha2::Sha256;
use xaes_256_gcm::{Xaes256Gcm, aead::KeyInit as _};
use zeroize::Zeroizing;

use crate::{Purpose, Secret, SecretError};

const KEY_ID_INFO: &[u8] = b"ironleaf/v1/key-id";

/// Names a secret without revealing it: 8 bytes that HKDF derives from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::LENGTH_BYTES]);

impl KeyId {
    pub(crate) const LENGTH_BYTES: usize = 8;

    pub(crate) fn from_bytes(bytes: [u8; Self::LENGTH_BYTES]) -> Self {
        Self(bytes)
    }

    /// The eight bytes, as they stand at the start of a sealed value.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

/// Hex, as it appears in logs and metrics: a key id is no secret.
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
    fn derive(secret: &Secret) -> Self {
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
    hkdf.expand(info, output)
        .expect("HKDF-SHA256 gives up to 8,160 bytes");
}

/// One or more secrets: the newest seals, all of them unseal.
///
/// Clones share the same ring.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<RwLock<Arc<[Arc<Keys>]>>>,
}

/// Why a list of secrets is not a [`KeyRing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The list is empty.
    #[error("at least one session secret is needed; make one with `openssl rand -hex 32`")]
    Empty,
    /// One of the list is no secret.
    #[error("session secret number {position}: {error}")]
    Secret {
        /// Its place in the list, counted from 1.
        position: usize,
        /// What is wrong with it.
        error: SecretError,
    },
    /// The same secret stands twice in the list.
    #[error("session secret number {position} repeats an earlier one")]
    Repeated {
        /// The place of the repetition, counted from 1.
        position: usize,
    },
}

impl KeyRing {
    /// A ring of these secrets, the newest first.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] where there is none, or one twice.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, KeyRingError> {
        let keys = derive_all(secrets)?;
        Ok(Self {
            keys: Arc::new(RwLock::new(keys.into())),
        })
    }

    /// A ring from a comma-separated list in the form of [`Secret::parse`], the newest first.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`] with the place in the list; the text itself is never repeated.
    pub fn parse(list: &str) -> Result<Self, KeyRingError> {
        Self::new(parse_list(list)?)
    }

    pub(crate) fn sealing_keys(&self) -> Arc<Keys> {
        Arc::clone(&self.snapshot()[0])
    }

    /// The keys of that id, and whether a value under them may stay as it is.
    pub(crate) fn find(&self, id: KeyId) -> Option<(Arc<Keys>, bool)> {
        let keys = self.snapshot();
        let position = keys.iter().position(|keys| keys.id == id)?;
        Some((Arc::clone(&keys[position]), position == 0))
    }

    fn snapshot(&self) -> Arc<[Arc<Keys>]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn parse_list(list: &str) -> Result<Vec<Secret>, KeyRingError> {
    if list.trim().is_empty() {
        return Err(KeyRingError::Empty);
    }
    let secrets = list.split(',').zip(1..);
    let parse =
        |(text, position)| Secret::parse(text).map_err(|error| KeyRingError::Secret { position, error });
    secrets.map(parse).collect()
}

fn derive_all(secrets: impl IntoIterator<Item = Secret>) -> Result<Vec<Arc<Keys>>, KeyRingError> {
    let mut ring: Vec<Arc<Keys>> = Vec::new();
    for secret in secrets {
        let keys = Keys::derive(&secret);
        if ring.iter().any(|earlier| earlier.id == keys.id) {
            return Err(KeyRingError::Repeated {
                position: ring.len() + 1,
            });
        }
        ring.push(Arc::new(keys));
    }
    if ring.is_empty() {
        Err(KeyRingError::Empty)
    } else {
        Ok(ring)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.snapshot().iter().map(|keys| keys.id))
            .finish()
    }
}
