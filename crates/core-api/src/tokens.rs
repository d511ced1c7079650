//! Access tokens, refresh tokens and the mark with which a leaked token can be found. No type here that contains a
//! token can be printed or serialized.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::timestamp::Timestamp;

/// The JWT type of access tokens, as in the contract.
pub(crate) const ACCESS: &str = "JWT";

/// The JWT type of verification links. An access token in its place is refused, and so is the reverse.
pub(crate) const EMAIL_VERIFICATION: &str = "email-verification+jwt";

#[derive(Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) sub: Uuid,
    pub(crate) email: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    /// The family that it was issued with. A password change keeps this one.
    pub(crate) fam: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct EmailVerificationClaims {
    pub(crate) sub: Uuid,
    pub(crate) email: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<String>,
}

/// Whether a token with this `exp` has expired (RFC 7519, section 4.1.4: on or after that time).
pub(crate) fn is_over(exp: i64, now: Timestamp) -> bool {
    now.whole_secs() >= exp
}

/// An opaque refresh token. Only its hash is stored.
#[derive(Clone)]
pub(crate) struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// Any text that a client sent.
    pub(crate) fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// A UUID made of 122 of these bits, after the mark if there is one.
    pub(crate) fn from_bytes(bytes: [u8; 16], mark: Option<&str>) -> Self {
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        Self(Zeroizing::new(match mark {
            Some(mark) => format!("{mark}-{id}"),
            None => id.to_string(),
        }))
    }

    /// The text, for the client that it belongs to.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A plain hash is enough, because the token has too many bits to be guessed.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The random value with which a client may request the same answer again.
pub(crate) struct IdempotencyKey(Zeroizing<String>);

impl IdempotencyKey {
    /// At most 255 visible ASCII characters.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let well_formed = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        well_formed.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The result of a sign-in or a refresh.
pub(crate) struct TokenPair {
    pub(crate) access: Zeroizing<String>,
    pub(crate) access_ttl_secs: i64,
    pub(crate) access_expires_at: Timestamp,
    pub(crate) refresh: RefreshToken,
}

/// The strings to search for when tokens carry `mark`. A text that contains a token contains one of them.
///
/// A refresh token shows the mark in clear. An access token is base64url, in which the same letters look different at
/// each of three offsets, so there are three more patterns. They also find encoded refresh tokens.
///
/// ```
/// let patterns = ironleaf_core_api::leak_patterns("LEAKMARK42");
/// assert_eq!(patterns.len(), 4);
/// assert_eq!(patterns[0], "LEAKMARK42");
/// ```
pub fn leak_patterns(mark: &str) -> Vec<String> {
    let encoded = (0..3_usize).map(|offset| {
        let shifted = [&vec![0; offset][..], mark.as_bytes()].concat();
        let text = URL_SAFE_NO_PAD.encode(&shifted);
        // Only characters that consist entirely of the mark's bits are independent of the text around it.
        let start = (offset * 8).div_ceil(6);
        let end = shifted.len() * 8 / 6;
        text[start..end].to_owned()
    });
    std::iter::once(mark.to_owned()).chain(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_at_every_offset_and_between_any_neighbours() {
        let mark = "LEAKMARK42";
        let patterns = leak_patterns(mark);
        for before in ["", "a", "ab", "abc", "\u{ff}", "{\"x\":\"", "~~"] {
            for after in ["", "z", "\"}", "\u{ff}\u{ff}"] {
                let text = URL_SAFE_NO_PAD.encode(format!("{before}{mark}{after}"));
                assert!(patterns.iter().any(|pattern| text.contains(pattern)), "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn a_refresh_token_is_a_uuid_and_shows_its_mark() {
        assert_eq!(RefreshToken::from_bytes([0; 16], None).expose(), "00000000-0000-4000-8000-000000000000");
        let marked = RefreshToken::from_bytes([0; 16], Some("LEAKMARK42"));
        assert_eq!(marked.expose(), "LEAKMARK42-00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn an_idempotency_key_is_short_and_visible() {
        assert!(IdempotencyKey::parse("k").is_some());
        assert!(IdempotencyKey::parse("").is_none());
        assert!(IdempotencyKey::parse("a b").is_none());
        assert!(IdempotencyKey::parse(&"k".repeat(256)).is_none());
    }
}
