use sha2::{Digest as _, Sha256};

/// Enough of a hash that no two addresses meet in one browser.
pub(crate) const HASH_BYTES: usize = 16;

/// How a cookie names an e-mail address or an account without holding it. Each kind of cookie has a `domain` of its own.
pub(crate) fn address_hash(domain: &str, address: &str) -> [u8; HASH_BYTES] {
    let hash: [u8; 32] = Sha256::new().chain_update(domain).chain_update(address).finalize().into();
    let (start, _) = hash.split_first_chunk().expect("a hash is longer");
    *start
}
