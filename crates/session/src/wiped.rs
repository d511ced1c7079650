//! Memory that is wiped on drop.

use std::{
    fmt, mem,
    ops::{Deref, DerefMut},
};

use zeroize::optimization_barrier;

/// Bytes or text that are wiped on drop, including the unused capacity of their allocation.
///
/// `zeroize::Zeroizing` does the same byte by byte, which takes as long as decrypting a session. Here the whole
/// allocation is filled at once, and zeroize's barrier keeps the compiler from removing that.
///
/// # Security
///
/// If the value grows, it moves and leaves the old allocation behind unwiped. So give it the capacity that it needs from the start.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wiped<T: Default + Into<Vec<u8>>>(T);

impl<T: Default + Into<Vec<u8>>> Wiped<T> {
    /// Wipes the value when it is dropped.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T: Default + Into<Vec<u8>>> Deref for Wiped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default + Into<Vec<u8>>> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default + Into<Vec<u8>>> Drop for Wiped<T> {
    fn drop(&mut self) {
        wipe(&mut mem::take(&mut self.0).into());
    }
}

impl<T: Default + Into<Vec<u8>>> fmt::Debug for Wiped<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wiped(..)")
    }
}

fn wipe(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    // SECURITY: without this barrier, the compiler may remove writes to memory that is freed next.
    optimization_barrier(bytes.as_slice());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_allocation_is_wiped_where_it_is() {
        let mut bytes = Vec::with_capacity(100);
        bytes.extend_from_slice(&[7; 90]);
        bytes.truncate(10);
        let before = (bytes.as_ptr(), bytes.capacity());
        wipe(&mut bytes);
        assert_eq!((bytes.as_ptr(), bytes.capacity()), before);
        assert_eq!(bytes, vec![0; before.1]);
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        assert_eq!(format!("{:?}", Wiped::new("secret".to_owned())), "Wiped(..)");
    }
}
