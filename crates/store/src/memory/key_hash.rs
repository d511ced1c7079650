//! How the maps hash keys.

use std::hash::{BuildHasherDefault, Hasher};

pub(super) type KeyHash = BuildHasherDefault<KeyHasher>;

/// Keys are already hashes, so this only folds one into eight bytes. It also spreads the keys of tests, which differ in
/// a few bits.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // 2^64 divided by the golden ratio.
        const STIR: u64 = 0x9e37_79b9_7f4a_7c15;
        for word in bytes.as_chunks().0 {
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(STIR);
        }
    }

    /// The length before a slice, which is the same for every key.
    fn write_usize(&mut self, _: usize) {}

    /// The map uses the low bits for its bucket, and a multiplication mixes those least.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
