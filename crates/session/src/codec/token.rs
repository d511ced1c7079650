//! Tokens: text that consists of base64url segments, separated by dots, is stored as the bytes it decodes to.
//!
//! A first number says how the token is stored. After 0 the text follows unchanged; after `n`, there are `n` segments
//! of bytes. A compact JWS has three segments (RFC 7515, section 7.1), a compact JWE five (RFC 7516, section 7.1), an
//! opaque token often one.

use std::mem;

use crate::{Wiped, base64url};

/// The first number of a token that is stored as text.
pub(super) const VERBATIM: u64 = 0;
pub(super) const MAX_SEGMENTS: usize = 5;

/// The decoded segments, if and only if they encode to exactly this text again.
pub(super) fn segments(token: &str) -> Option<Vec<Wiped<Vec<u8>>>> {
    if token.split('.').count() > MAX_SEGMENTS {
        return None;
    }
    let segments = token.split('.').map(base64url::decode).collect::<Result<Vec<_>, _>>().ok()?;
    // The decoder is strict, so this always holds. It is checked all the same and not left to the decoder's settings,
    // because a token that came back changed would end the session.
    (join(segments.iter().map(|segment| &segment[..])).as_str() == token).then_some(segments)
}

/// The token of these segments.
pub(super) fn join<'a>(segments: impl Iterator<Item = &'a [u8]> + Clone) -> Wiped<String> {
    let encoded_bytes = |segment: &[u8]| base64url::encoded_length(segment.len()) + 1;
    let mut token = Wiped::new(Vec::with_capacity(segments.clone().map(encoded_bytes).sum()));
    for (index, segment) in segments.enumerate() {
        if index > 0 {
            token.push(b'.');
        }
        base64url::encode(segment, &mut token);
    }
    Wiped::new(base64url::into_string(mem::take(&mut token)))
}
