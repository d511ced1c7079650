use sha2::{Digest as _, Sha256};

/// Long enough that no two addresses in one browser collide.
pub(crate) const HASH_BYTES: usize = 16;

/// Names an e-mail address or an account in a cookie without storing it. Each kind of cookie has its own `domain`.
pub(crate) fn address_hash(domain: &str, address: &str) -> [u8; HASH_BYTES] {
    let hash: [u8; 32] = Sha256::new().chain_update(domain).chain_update(address).finalize().into();
    let (start, _) = hash.split_first_chunk().expect("a hash is longer");
    *start
}
