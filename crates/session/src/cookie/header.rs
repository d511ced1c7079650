//! Reading the `Cookie` header: other people's cookies, junk and repetitions are passed over, never an error.

use http::{HeaderMap, HeaderValue, header::COOKIE};

/// Every name and value of every `Cookie` header, as bytes and in order.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.get_all(COOKIE).into_iter().flat_map(pairs_of)
}

/// The names and values of one `Cookie` header. What has no `=` is no cookie of ours.
pub(crate) fn pairs_of(header: &HeaderValue) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.as_bytes().split(|byte| *byte == b';').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some((pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii()))
    })
}
