//! The size limit, the same for every store that has one.

use crate::{Eviction, Limit, MARK_MAX_BYTES, StoreError};

/// Bytes that stay, and bytes that may be dropped.
#[derive(Clone, Copy, Default)]
pub(crate) struct UsedBytes {
    pub(crate) fixed: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// What happens to a new entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It fits, or fits after older bodies are dropped.
    Whole,
    /// Its body would be the next to be dropped, and would still be in the way of another one.
    WithoutBody,
}

impl UsedBytes {
    pub(crate) fn total(&self) -> usize {
        self.fixed + self.first + self.last
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.fixed += other.fixed;
        self.first += other.first;
        self.last += other.last;
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.fixed -= other.fixed;
        self.first -= other.first;
        self.last -= other.last;
    }

    /// The largest possible record without a body. A store without room for it is unusable.
    pub(crate) fn largest_mark(record_bytes: usize) -> Self {
        Self { fixed: record_bytes + MARK_MAX_BYTES, ..Self::default() }
    }

    /// A body of this kind alone.
    pub(crate) fn body(eviction: Eviction, bytes: usize) -> Self {
        match eviction {
            Eviction::First => Self { first: bytes, ..Self::default() },
            Eviction::Last => Self { last: bytes, ..Self::default() },
        }
    }

    /// Whether an entry fits beside these, once everything that may be dropped for it is gone. This runs before the
    /// first change, so a refused write changes nothing.
    ///
    /// A `Last` body that does not fit is refused together with its mark, because its writer relies on it. A `First`
    /// body is left out: its writer knows that it may be dropped at any time.
    pub(crate) fn admit(&self, entry: &Self, capacity_bytes: usize) -> Result<Admission, StoreError> {
        let stays = self.fixed + entry.fixed;
        if stays + entry.last > capacity_bytes {
            return Err(StoreError::Full(Limit::Size));
        }
        if entry.first > 0 && stays + self.last + entry.first > capacity_bytes {
            return Ok(Admission::WithoutBody);
        }
        Ok(Admission::Whole)
    }
}

/// Widens a count to the type that all stores use.
pub(crate) fn count(of_this_machine: usize) -> u64 {
    u64::try_from(of_this_machine).unwrap_or(u64::MAX)
}
