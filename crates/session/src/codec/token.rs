//! Tokens: text of base64url segments with dots between them is stored as the bytes it decodes to.
//!
//! A first number says how: 0 is followed by the text as it is, `n` by `n` segments of bytes. A compact JWS
//! has three segments (RFC 7515, section 7.1), a compact JWE five (RFC 7516, section 7.1), an opaque token
//! often one.

use std::mem;

use super::{Decoder, Encoder};
use crate::{PayloadError, Wiped, base64url};

const VERBATIM: u64 = 0;
const MAX_SEGMENTS: usize = 5;

pub(super) fn encode(out: &mut Encoder, token: &str) {
    if let Some(segments) = segments(token) {
        out.length(segments.len());
        for segment in &segments {
            out.bytes(segment);
        }
    } else {
        out.varint(VERBATIM);
        out.str(token);
    }
}

/// The decoded segments, if and only if they encode to exactly this text again.
fn segments(token: &str) -> Option<Vec<Wiped<Vec<u8>>>> {
    if token.split('.').count() > MAX_SEGMENTS {
        return None;
    }
    let segments = token.split('.').map(base64url::decode).collect::<Result<Vec<_>, _>>().ok()?;
    // The decoder is strict and this always holds; a token that came back changed would end the session,
    // so it is not left to the decoder's settings.
    (join(segments.iter().map(|segment| &segment[..])).as_str() == token).then_some(segments)
}

pub(super) fn decode(input: &mut Decoder<'_>) -> Result<Wiped<String>, PayloadError> {
    let count = input.varint()?;
    if count == VERBATIM {
        return Ok(Wiped::new(input.str()?.to_owned()));
    }
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_SEGMENTS);
    let count = count.ok_or(PayloadError::Invalid("a token has too many segments"))?;
    let mut segments = [&[][..]; MAX_SEGMENTS];
    for segment in &mut segments[..count] {
        *segment = input.bytes()?;
    }
    Ok(join(segments[..count].iter().copied()))
}

fn join<'a>(segments: impl Iterator<Item = &'a [u8]> + Clone) -> Wiped<String> {
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
