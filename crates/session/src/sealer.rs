//! Sealing and unsealing: `v1.<base64url(key id | nonce | ciphertext | tag)>` with XAES-256-GCM.

use std::fmt;

use xaes_256_gcm::{Nonce, Tag, aead::AeadInOut as _};

use crate::{
    Purpose, Random, Wiped, base64url,
    key_ring::{KeyId, KeyRing},
};

const VERSION: &str = "v1.";
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// What precedes the ciphertext.
const HEAD_BYTES: usize = KeyId::LENGTH_BYTES + NONCE_BYTES;

/// Seals with the newest key of its ring that may seal, and unseals with all of them.
#[derive(Clone)]
pub struct Sealer {
    keys: KeyRing,
    random: Random,
}

/// An opened value.
pub struct Unsealed {
    /// The plaintext, wiped when it is dropped.
    pub plaintext: Wiped<Vec<u8>>,
    /// Whether the value may stay unchanged. If not, its key is old and it should be sealed again.
    pub newest_key: bool,
    /// The key that opened it.
    pub key_id: KeyId,
}

/// Why a value cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// It does not have the form of a sealed value.
    #[error("the value does not have the form of a sealed value")]
    Malformed,
    /// It has another version of the format. A newer replica may have written it, so keep it.
    #[error("the value is sealed in a version this server does not know")]
    UnknownVersion,
    /// Its key is not in the ring. Another replica may know it, so keep it.
    #[error("the value is sealed under a key this server does not know")]
    UnknownKey,
    /// The key is known, but the tag is wrong: the value was altered, or moved from another purpose or context.
    #[error("the value was altered, or was sealed for another purpose or context")]
    Tampered,
}

impl Sealer {
    /// A sealer with these keys; `random` supplies the nonces.
    pub fn new(keys: KeyRing, random: Random) -> Self {
        Self { keys, random }
    }

    /// The ring that it seals with.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Seals a plaintext for a purpose and a context: a cookie's name, or the key of a stored record.
    ///
    /// # Panics
    ///
    /// If the plaintext has 64 GiB or more, the limit of the cipher.
    pub fn seal(&self, purpose: Purpose, context: &str, plaintext: &[u8]) -> String {
        let keys = self.keys.sealing_keys();
        let mut nonce = Nonce::default();
        (self.random)(&mut nonce);

        // The plaintext is encrypted in the buffer that it is copied to, so no second copy of it remains.
        let mut sealed = Vec::with_capacity(HEAD_BYTES + plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(keys.id.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let tag = keys
            .cipher(purpose)
            .encrypt_inout_detached(
                &nonce,
                &purpose.associated_data(context),
                (&mut sealed[HEAD_BYTES..]).into(),
            )
            .expect("the plaintext is shorter than 64 GiB");
        sealed.extend_from_slice(&tag);

        let mut value = Vec::with_capacity(sealed_length(plaintext.len()));
        value.extend_from_slice(VERSION.as_bytes());
        base64url::encode(&sealed, &mut value);
        base64url::into_string(value)
    }

    /// Opens a value that was sealed for the same purpose and context.
    ///
    /// # Errors
    ///
    /// [`UnsealError`]. Its variant decides whether a cookie is kept or removed.
    pub fn unseal(&self, purpose: Purpose, context: &str, value: &str) -> Result<Unsealed, UnsealError> {
        let encoded = value.strip_prefix(VERSION).ok_or_else(|| unknown_version(value))?;
        let mut sealed = base64url::decode(encoded).map_err(|_| UnsealError::Malformed)?;
        let text_end = sealed.len().checked_sub(TAG_BYTES).ok_or(UnsealError::Malformed)?;
        let (key_id, rest) = sealed.split_first_chunk().ok_or(UnsealError::Malformed)?;
        let (nonce, _) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(UnsealError::Malformed)?;
        let (_, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(UnsealError::Malformed)?;
        if text_end < HEAD_BYTES {
            return Err(UnsealError::Malformed);
        }
        let (key_id, nonce, tag) = (KeyId::from_bytes(*key_id), Nonce::from(*nonce), Tag::from(*tag));

        let (keys, newest_key) = self.keys.find(key_id).ok_or(UnsealError::UnknownKey)?;
        keys.cipher(purpose)
            .decrypt_inout_detached(
                &nonce,
                &purpose.associated_data(context),
                (&mut sealed[HEAD_BYTES..text_end]).into(),
                &tag,
            )
            .map_err(|_| UnsealError::Tampered)?;
        sealed.truncate(text_end);
        sealed.drain(..HEAD_BYTES);
        Ok(Unsealed { plaintext: sealed, newest_key, key_id })
    }
}

/// The length of a sealed value with this many bytes of plaintext.
pub(crate) const fn sealed_length(plaintext_bytes: usize) -> usize {
    VERSION.len() + base64url::encoded_length(HEAD_BYTES + plaintext_bytes + TAG_BYTES)
}

/// Distinguishes a later version of this format (`v2.…`) from text that was never sealed.
fn unknown_version(value: &str) -> UnsealError {
    let version = value.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    match version {
        Some((digits, _)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            UnsealError::UnknownVersion
        }
        _ => UnsealError::Malformed,
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sealer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Unsealed")
            .field("plaintext_bytes", &self.plaintext.len())
            .field("newest_key", &self.newest_key)
            .field("key_id", &self.key_id)
            .finish()
    }
}
