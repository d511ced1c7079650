//! The entries of an index.

use std::{fmt, time::Duration};

use crate::Key;

/// How many entries an index keeps. A person with more sessions than this sees the newest.
pub const INDEX_MAX_ENTRIES: usize = 1000;

/// The maximum length of an entry's value: a few short texts, sealed.
pub const ENTRY_MAX_BYTES: usize = 2048;

/// An entry as it is now.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the index.
    pub name: Key,
    /// Its content.
    pub value: Vec<u8>,
}

/// Shows only the length, because a value is somebody's sealed metadata.
impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("name", &self.name)
            .field("value_bytes", &self.value.len())
            .finish()
    }
}

/// The entry to put into an index.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryDraft {
    /// The content, at most [`ENTRY_MAX_BYTES`].
    pub value: Vec<u8>,
    /// How long the entry exists at most. Zero removes it.
    pub ttl: Duration,
    /// If the entry was written within this time, it stays as it is. Zero always writes.
    pub unless_within: Duration,
}

/// Shows only the length, as for [`Entry`].
impl fmt::Debug for EntryDraft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EntryDraft")
            .field("value_bytes", &self.value.len())
            .field("ttl", &self.ttl)
            .field("unless_within", &self.unless_within)
            .finish()
    }
}

/// The one rule of a draft that its types do not enforce. A longer value is a defect of the program.
pub(crate) fn check_value(draft: &EntryDraft) {
    assert!(draft.value.len() <= ENTRY_MAX_BYTES, "an entry has at most {ENTRY_MAX_BYTES} bytes");
}
