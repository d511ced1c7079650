//! A secret from which keys are derived, and its text form.

use std::fmt;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::Random;

/// The minimum length of a secret: as much as the keys that are derived from it.
const MIN_SECRET_BYTES: usize = 32;
const HEX_SECRET_CHARS: usize = 2 * MIN_SECRET_BYTES;

/// Base64url with or without padding: `openssl` and most key generators write the padding.
const LENIENT_BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// At least 32 random bytes, from which a [`KeyRing`](crate::KeyRing) derives its keys.
///
/// The bytes are wiped when the secret is dropped, never printed, and compared in constant time.
#[derive(Clone)]
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
}

/// Why a text is not a [`Secret`]. The error never contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Neither 64 hex digits nor base64url.
    #[error(
        "a session secret is 64 hex digits or base64url of at least 32 random bytes; \
         make one with `openssl rand -hex 32`"
    )]
    NotText,
    /// Fewer than 32 bytes.
    #[error(
        "a session secret needs at least 32 random bytes, this one has {bytes}; \
         make one with `openssl rand -hex 32`"
    )]
    TooShort {
        /// How many bytes the text decodes to.
        bytes: usize,
    },
    /// The same few bytes again and again, or bytes that count up or down: zeros or an example, for instance.
    #[error(
        "a session secret must be random, but this one follows a pattern; make one with `openssl rand -hex 32`"
    )]
    Patterned,
}

impl Secret {
    /// Reads a secret of at least 32 bytes: as hex if the text has 64 hex digits, otherwise as base64url.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the text is neither, is too short, or cannot be random.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        let is_hex = text.len() == HEX_SECRET_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = if is_hex {
            hex::decode(text).map_err(|_| SecretError::NotText)?
        } else {
            LENIENT_BASE64URL.decode(text).map_err(|_| SecretError::NotText)?
        };
        // SECURITY: whoever guesses the secret can forge anybody's session.
        if is_patterned(&bytes) {
            return Err(SecretError::Patterned);
        }
        Self::from_bytes(bytes)
    }

    /// Uses the bytes of a secret unchanged, and does not check for a pattern.
    ///
    /// # Errors
    ///
    /// [`SecretError::TooShort`] for fewer than 32 bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SecretError> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(SecretError::TooShort { bytes: bytes.len() });
        }
        Ok(Self { bytes })
    }

    /// Makes a new secret and its text form (base64url), which belongs in a file with mode 0600.
    pub fn generate(random: &Random) -> (Self, String) {
        let mut bytes = Zeroizing::new(vec![0; MIN_SECRET_BYTES]);
        random(&mut bytes);
        let text = URL_SAFE_NO_PAD.encode(&bytes[..]);
        (Self { bytes }, text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether the bytes have fewer different values than chance gives. 32 random bytes have about 30 different values.
/// Fewer than 12 occur once in 10^22 times.
fn is_patterned(bytes: &[u8]) -> bool {
    const LEAST_DIFFERENT: usize = 12;
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    let counts = |step: u8| bytes.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(step));
    let repeats = |period: usize| bytes.iter().zip(&bytes[period..]).all(|(byte, next)| byte == next);
    bytes.len() >= MIN_SECRET_BYTES
        && (different.len() < LEAST_DIFFERENT
            || counts(bytes[1].wrapping_sub(bytes[0]))
            || (1..=bytes.len() / 2).any(repeats))
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// The squares from 0 to 31, without their high bytes.
    const HEX: &str = "00010409101924314051647990a9c4e10021446990b9e4114071a4d9104984c1";
    const BASE64URL: &str = "AAEECRAZJDFAUWR5kKnE4QAhRGmQueQRQHGk2RBJhME";

    #[test]
    fn hex_and_base64url_of_the_same_bytes_are_the_same_secret() {
        let hex = Secret::parse(HEX).unwrap();
        assert_eq!(hex, Secret::parse(BASE64URL).unwrap());
        assert_eq!(hex, Secret::parse(&format!(" {BASE64URL}=\n")).unwrap());
        assert_eq!(hex, Secret::parse(&HEX.to_uppercase()).unwrap());
        let squares =
            |numbers: std::ops::Range<u8>| numbers.map(|number| number.wrapping_mul(number)).collect();
        assert_eq!(hex, Secret::from_bytes(squares(0..32)).unwrap());
        assert_ne!(hex, Secret::from_bytes(squares(1..33)).unwrap());
        assert_ne!(hex, Secret::from_bytes(squares(0..33)).unwrap());
    }

    #[test]
    fn a_bad_secret_is_refused_with_a_sentence_that_says_how_to_make_one() {
        for text in ["", "short", "!".repeat(44).as_str(), &HEX[..62], &BASE64URL[..42]] {
            let error = Secret::parse(text).unwrap_err();
            assert!(error.to_string().contains("openssl rand -hex 32"), "{error}");
            assert!(text.is_empty() || !error.to_string().contains(text), "the text is repeated");
        }
        assert_eq!(Secret::parse("AAEC"), Err(SecretError::TooShort { bytes: 3 }));
    }

    #[test]
    fn a_generated_secret_is_read_back_from_its_text() {
        let random: Random = Arc::new(|buffer| buffer.copy_from_slice(&hex::decode(HEX).unwrap()));
        let (secret, text) = Secret::generate(&random);
        assert_eq!(Secret::parse(&text), Ok(secret));
    }

    #[test]
    fn what_nobody_can_have_drawn_is_refused() {
        let counting: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().map(|number: u8| number.wrapping_mul(7)).collect();
        for bytes in
            [vec![0; 32], vec![0xff; 64], counting, down, b"secret".repeat(6), b"0123456789".repeat(4)]
        {
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            assert_eq!(Secret::parse(&text), Err(SecretError::Patterned), "{text}");
            assert!(Secret::from_bytes(bytes).is_ok());
        }
        for text in
            ["0".repeat(64), "0123456789abcdef".repeat(4), "deadbeefcafebabe0123456789abcdef".repeat(2)]
        {
            assert_eq!(Secret::parse(&text), Err(SecretError::Patterned), "{text}");
        }
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        assert_eq!(format!("{:?}", Secret::parse(HEX).unwrap()), "Secret(..)");
    }
}
