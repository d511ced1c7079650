//! Reads the `Cookie` header. Foreign cookies, junk and repetitions are skipped and never cause an error.

use std::mem;

use http::{HeaderMap, HeaderValue, header::COOKIE};
use memchr::{memchr, memchr_iter};

/// Every name and value of every `Cookie` header, as bytes and in order.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.get_all(COOKIE).into_iter().flat_map(pairs_of)
}

/// The names and values of one `Cookie` header. A part without `=` is skipped.
pub(crate) fn pairs_of(header: &HeaderValue) -> impl Iterator<Item = (&[u8], &[u8])> {
    // A session is one long pair. Searching for its end byte by byte would cost as much as decrypting it.
    let bytes = header.as_bytes();
    let ends = memchr_iter(b';', bytes).chain([bytes.len()]);
    let pairs = ends.scan(0, move |start, end| Some(&bytes[mem::replace(start, end + 1)..end]));
    pairs.filter_map(|pair| {
        let equals = memchr(b'=', pair)?;
        Some((pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii()))
    })
}
