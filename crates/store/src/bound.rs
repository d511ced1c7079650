//! The size bound, the same for every store that bounds itself.

use crate::{Eviction, Limit, MARK_MAX_BYTES, StoreError};

/// Bytes that stay, and bytes that may go.
#[derive(Clone, Copy, Default)]
pub(crate) struct UsedBytes {
    pub(crate) fixed: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// What becomes of a new entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It fits, or fits when older bodies go.
    Whole,
    /// Its body would be the next to go and still be in the way of another.
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

    /// A record without a body that is as large as one can be: a store without room for it is not of use.
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

    /// Whether an entry fits beside these, once everything that may go for it is gone. Asked before the first change, so
    /// that a refused write changes nothing.
    ///
    /// A `Last` body that does not fit is refused with its mark: its writer believes that it is kept. A `First` one is left
    /// out: it may go at any time, and its writer knows.
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

/// As everybody counts.
pub(crate) fn count(of_this_machine: usize) -> u64 {
    u64::try_from(of_this_machine).unwrap_or(u64::MAX)
}
