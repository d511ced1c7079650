//! The inputs and outputs of a store.

use std::{fmt, time::Duration};

/// The maximum length of a mark: a state, a counter and a hash, and nothing that needs encryption.
pub const MARK_MAX_BYTES: usize = 64;

/// The key of a record or of a lease: 32 bytes without meaning, usually a SHA-256.
///
/// Records and leases are separate: one key may name one of each.
///
/// # Security
///
/// The caller hashes names, so that nothing meaningful (a session id, an e-mail address) reaches a store in clear. Hash
/// a domain together with the name, so that two kinds of records never share a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// A key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Shows three bytes: enough to follow one record through a log, too few to look it up.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({}..)", hex::encode(&self.0[..3]))
    }
}

/// Identifies one write of one record. Versions have no order, and a version is never reused for a key: not after the
/// record has expired and was created again, and not after a restart. So a compare-and-write cannot mistake a new
/// record for the old one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Version([u8; 16]);

impl Version {
    /// For implementations of [`Store`](crate::Store): callers never create a version.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The version's bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A record as it is now.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Identifies the write that made it. Pass it to [`Expected::Version`].
    pub version: Version,
    /// The part that stays until it expires.
    pub mark: Vec<u8>,
    /// The part that may be missing: written without one, expired, or dropped at the size limit.
    pub body: Option<Vec<u8>>,
}

/// Shows only lengths, because a body is somebody's sealed token set.
impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("version", &self.version)
            .field("mark_bytes", &self.mark.len())
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// The data to write. It replaces the whole record: a draft without a body leaves none.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// At most [`MARK_MAX_BYTES`]. A mark is never dropped before it expires.
    pub mark: Vec<u8>,
    /// How long the record exists. Zero ends it at once.
    pub mark_ttl: Duration,
    /// The part that may be dropped earlier: at its own shorter lifetime, or at the size limit.
    pub body: Option<Body>,
    /// Which failures the write survives once it is acknowledged.
    pub durability: Durability,
}

/// Shows only lengths, as for [`Record`].
impl fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Draft")
            .field("mark_bytes", &self.mark.len())
            .field("mark_ttl", &self.mark_ttl)
            .field("body", &self.body)
            .field("durability", &self.durability)
            .finish()
    }
}

/// The part of a record that may be dropped before its mark.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// The content.
    pub bytes: Vec<u8>,
    /// The maximum lifetime. It is cut to that of the mark.
    pub ttl: Duration,
    /// When the body is dropped at the size limit.
    pub eviction: Eviction,
}

/// Shows only lengths, as for [`Record`].
impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Body")
            .field("bytes", &self.bytes.len())
            .field("ttl", &self.ttl)
            .field("eviction", &self.eviction)
            .finish()
    }
}

/// Which bodies are dropped first at the size limit; within one kind, the oldest are. Marks are never dropped: instead
/// the write fails with [`StoreError::Full`](crate::StoreError::Full).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Eviction {
    /// Before any `Last` body, because somebody else has a copy.
    First,
    /// When no `First` body is left, because its loss costs somebody something.
    Last,
}

/// Which failures an acknowledged write survives. SQLite can choose this. Memory loses writes with the process, and for
/// Redis its persistence decides.
///
/// A synced write also persists all relaxed writes before it. No failure leaves half a write, or a write without those
/// before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Durability {
    /// A power cut. It costs a sync of the disk, which takes milliseconds.
    Synced,
    /// A crash or the end of the process. A failure of the machine may lose the write. For data that is worth little
    /// then, such as a counter.
    Relaxed,
}

/// The condition for a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Any record, or none.
    Anything,
    /// No record, or an expired one.
    Absent,
    /// The record of this write and no later one. Its body may have been dropped.
    Version(Version),
}

/// The result of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a conflict means that nothing was written"]
pub enum Written {
    /// The record is written, with this version.
    Done(Version),
    /// The store did not have what was expected; nothing was written.
    Conflict,
}

/// The holder of a lease: 16 random bytes, one value per attempt rather than per process, so that a task that was
/// paused does not mistake its successor's lease for its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Holder([u8; 16]);

impl Holder {
    /// A holder with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The holder's bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The one rule of a draft that its types do not enforce. A longer mark is a defect of the program and cannot come from
/// its input.
pub(crate) fn check_mark(draft: &Draft) {
    assert!(draft.mark.len() <= MARK_MAX_BYTES, "a mark has at most {MARK_MAX_BYTES} bytes");
}
