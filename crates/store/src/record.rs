//! What goes into a store and what comes out.

use std::{fmt, time::Duration};

/// The longest mark: a state, a counter and a hash, and nothing that needs encryption.
pub const MARK_MAX_BYTES: usize = 64;

/// The name of a record or of a lease: 32 bytes that say nothing, usually a SHA-256.
///
/// Records and leases are apart: one key may name one of each.
///
/// # Security
///
/// The caller hashes; nothing that means something (a session id, an e-mail) reaches a store in clear. Hash a domain
/// together with the name, so that two kinds of records never meet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Three bytes: enough to follow one record through a log, too few to look it up.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({}..)", hex::encode(&self.0[..3]))
    }
}

/// Names one write of one record. It has no order, and it never comes again for that key: not after the record expired
/// and was made anew, not after a restart. So a compare and write cannot take a new record for the old one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Version([u8; 16]);

impl Version {
    /// For implementations of [`Store`](crate::Store): the caller never makes a version.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A record as it is now.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Names the write that made it; goes into [`Expected::Version`].
    pub version: Version,
    /// The part that stays for all of its time.
    pub mark: Vec<u8>,
    /// The part that may be gone: written without one, past its own time, or dropped at the size bound.
    pub body: Option<Vec<u8>>,
}

/// Lengths only: a body is somebody's sealed token set.
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

/// What to write. It replaces the whole record: a draft without a body leaves none.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// At most [`MARK_MAX_BYTES`]. Never evicted while its time runs.
    pub mark: Vec<u8>,
    /// How long the record exists. Zero ends it at once.
    pub mark_ttl: Duration,
    /// The part that may go earlier: at its own shorter time, or at the size bound.
    pub body: Option<Body>,
    /// What it survives once it is acknowledged.
    pub durability: Durability,
}

/// Lengths only, as for [`Record`].
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

/// The part of a record that may go before its mark.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// What to keep.
    pub bytes: Vec<u8>,
    /// How long at most; a time longer than the mark's is cut to it.
    pub ttl: Duration,
    /// When it goes at the size bound.
    pub eviction: Eviction,
}

/// Lengths only, as for [`Record`].
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

/// Which bodies go first at the size bound; within one kind the oldest do. Marks never go: then it is
/// [`StoreError::Full`](crate::StoreError::Full).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Eviction {
    /// Before any `Last`: somebody has it elsewhere, too.
    First,
    /// When no `First` is left: losing it costs somebody something.
    Last,
}

/// What an acknowledged write survives, at a store that can choose: SQLite. Memory loses it with the process, and at Redis its
/// persistence decides.
///
/// A synced write takes all relaxed ones before it along. No loss leaves half a write, or one without those before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Durability {
    /// A power cut. It costs a sync of the disk, which is milliseconds.
    Synced,
    /// A crash or the end of the process; it may be lost with the machine. For what is worth little after that, such as a count.
    Relaxed,
}

/// What has to be there for a write to happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Whatever is there, or nothing.
    Anything,
    /// No record, or one whose time is over.
    Absent,
    /// The record of this write and no later one. That its body went meanwhile does not matter.
    Version(Version),
}

/// How a write ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a conflict means that nothing was written"]
pub enum Written {
    /// It is written, under this version.
    Done(Version),
    /// Something else was there than expected; nothing was written.
    Conflict,
}

/// Who holds a lease: 16 random bytes, one per attempt rather than one per process, so that a task which was paused does
/// not take its successor's lease for its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Holder([u8; 16]);

impl Holder {
    /// A holder of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The one rule of a draft that its types do not hold. A longer mark is a mistake of the program, never of its input.
pub(crate) fn check_mark(draft: &Draft) {
    assert!(draft.mark.len() <= MARK_MAX_BYTES, "a mark has at most {MARK_MAX_BYTES} bytes");
}
