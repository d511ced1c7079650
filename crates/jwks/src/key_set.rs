//! The public keys of a provider.

use std::{fmt, time::SystemTime};

use serde_json::Value;

use crate::{KeySourceError, Rules, TokenError, Verified, claims, key::Key, token::Token};

/// How long the text of a key set may be. Those of large providers have some ten thousand bytes.
pub(crate) const LONGEST_BYTES: usize = 512 * 1024;

/// How many keys of a set are kept. Further ones are ignored.
const MOST_KEYS: usize = 100;

/// How many keys are tried for one token. More than one fits only if the token has no `kid`, or the `kid` is not unique.
const MOST_TRIED: usize = 8;

/// The public keys of a provider that tokens can be checked with (RFC 7517 section 5).
///
/// [`KeyCache`](crate::KeyCache) fetches and renews one. Use it directly where the keys are known in advance.
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads the JSON text of a key set. Keys that are of no use here are ignored: those for encryption, symmetric and
    /// private ones, those of unknown kinds or algorithms, invalid ones, and RSA keys with less than 2048 bits.
    ///
    /// # Errors
    ///
    /// If the text is not a key set, or nothing in it is of use.
    pub fn parse(text: &[u8]) -> Result<Self, KeySourceError> {
        if text.len() > LONGEST_BYTES {
            return Err(KeySourceError::new(format!("the key set has more than {LONGEST_BYTES} bytes")));
        }
        let set: Value = serde_json::from_slice(text)
            .map_err(|error| KeySourceError::new(format!("the key set is not JSON: {error}")))?;
        let Some(listed) = set.get("keys").and_then(Value::as_array) else {
            return Err(KeySourceError::new("the key set has no list of `keys`"));
        };
        let keys: Vec<Key> = listed.iter().filter_map(Key::read).take(MOST_KEYS).collect();
        if keys.is_empty() {
            return Err(KeySourceError::new(format!("none of the {} keys can be used", listed.len())));
        }
        Ok(Self { keys })
    }

    /// Verifies a token with these keys.
    ///
    /// # Errors
    ///
    /// If the token breaks one of the rules, or no key of this set has signed it.
    pub fn verify(&self, token: &str, rules: &Rules, now: SystemTime) -> Result<Verified, TokenError> {
        let token = Token::parse(token, rules)?;
        self.check_signature(&token)?;
        claims::check(&token, rules, now)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no keys. A set that was read has at least one.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn check_signature(&self, token: &Token<'_>) -> Result<(), TokenError> {
        let mut candidates =
            self.keys.iter().filter(|key| key.may_have_signed(token)).take(MOST_TRIED).peekable();
        if candidates.peek().is_none() {
            return Err(TokenError::UnknownKey);
        }
        if candidates.any(|key| key.signed(token)) { Ok(()) } else { Err(TokenError::Signature) }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeySet").field("keys", &self.keys.len()).finish()
    }
}
