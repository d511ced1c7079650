//! Base64url without padding (RFC 4648, section 5). Both directions use vector instructions if the machine has them:
//! without them, this would be a third of a request's cost.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::{DecodeError, Engine as _, engine::general_purpose};

use crate::Wiped;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> =
    LazyLock::new(|| base64::engine::Simd::url_safe(general_purpose::NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: general_purpose::GeneralPurpose = general_purpose::URL_SAFE_NO_PAD;

/// SECURITY: the decoder is strict: no padding, no whitespace, and no second spelling of the last character.
pub(crate) fn decode(text: &str) -> Result<Wiped<Vec<u8>>, DecodeError> {
    ENGINE.decode(text).map(Wiped::new)
}

/// Appends the text of these bytes in one step. The engine's own way to append to a string uses a small buffer, which
/// is slower and is never wiped.
pub(crate) fn encode(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start + encoded_length(bytes.len()), 0);
    ENGINE.encode_slice(bytes, &mut text[start..]).expect("there is as much room as the text takes");
}

/// The encoded text as a string.
pub(crate) fn into_string(text: Vec<u8>) -> String {
    // The error would print the text, which may be a token.
    String::from_utf8(text).map_err(|error| error.utf8_error()).expect("base64url is ASCII")
}

/// The length of the encoded text of this many bytes.
pub(crate) const fn encoded_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough for two vectors and a remainder that is decoded byte by byte.
    const CHARS: usize = 2 * 32 + 11;

    /// The engine that the published test vectors are for.
    const PLAIN: general_purpose::GeneralPurpose = general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn every_character_at_every_place_is_decoded_or_refused_as_without_vectors() {
        for place in 0..CHARS {
            for character in '\0'..='\u{ff}' {
                let mut text = "Q".repeat(CHARS);
                text.replace_range(place..=place, character.encode_utf8(&mut [0; 4]));
                assert_eq!(decode(&text).map(|bytes| bytes.to_vec()), PLAIN.decode(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn bytes_of_every_length_are_encoded_as_without_vectors() {
        let bytes: Vec<u8> = (0..=255).cycle().step_by(7).take(600).collect();
        for length in 0..=bytes.len() {
            let mut text = b"v1.".to_vec();
            encode(&bytes[..length], &mut text);
            assert_eq!(into_string(text), format!("v1.{}", PLAIN.encode(&bytes[..length])));
        }
    }
}
