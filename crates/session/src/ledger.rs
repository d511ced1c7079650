//! What the server remembers about sealed sessions: their newest rotations, and which sessions have ended.
//!
//! A sealed cookie does not show what has happened since it was sealed. A ledger does. With one, a response from an
//! older rotation does not overwrite a newer cookie. An ended session stays ended in every copy of its cookie, whatever
//! response is still in flight.

mod memory;

use std::{error::Error, pin::Pin, sync::Arc, time::SystemTime};

use http::Extensions;
pub use memory::MemoryLedger;

use crate::{Owner, Record, SessionId};

/// What a [`Ledger`] answers with.
pub type LedgerFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// Remembers rotations and tombstones. Replicas that serve the same sessions share one.
pub trait Ledger: Send + Sync + 'static {
    /// What is known about a session that arrived.
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known>;

    /// Decides whether a response may leave with a rotation of the session, and records that it does, in one step. Of
    /// two rotations the higher one is kept. It may be forgotten after [`Advance::keep_until`], or earlier if space is
    /// short.
    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage>;

    /// Ends sessions. The tombstone must not be forgotten before `keep_until`, however short space is.
    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()>;
}

impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        (**self).standing(session)
    }

    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage> {
        (**self).advance(session, advance)
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        (**self).end(tombstone, keep_until)
    }
}

/// The values by which a [`Ledger`] knows a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The session's id.
    pub id: SessionId,
    /// Whose session it is.
    pub owner: Owner,
    /// The provider's id of the session, if it has one.
    pub provider_sid: Option<String>,
    /// When it began.
    pub created_at: SystemTime,
    /// The rotation in question: that of the cookie that arrived, or of the one that is about to be sent.
    pub rotation: u64,
}

impl<P> From<&Record<P>> for Identity {
    fn from(record: &Record<P>) -> Self {
        Self {
            id: record.id,
            owner: record.owner,
            provider_sid: record.provider_sid.clone(),
            created_at: record.created_at,
            rotation: record.rotation,
        }
    }
}

/// A rotation with which a response is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The rotation.
    pub rotation: u64,
    /// Where the rotation comes from.
    pub origin: RotationOrigin,
    /// When the request of this response arrived.
    pub arrived_at: SystemTime,
    /// Until when a cookie of the session can be accepted.
    pub keep_until: SystemTime,
}

/// Where a response's rotation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationOrigin {
    /// The response made it by its own change. Only one such response may leave with a given rotation; otherwise the
    /// other one's change would be lost.
    Own,
    /// It arrived with the request, was adopted from elsewhere, or is the first one. Any number of responses may leave with it.
    Shared,
}

/// Whether a response may leave with its rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may, and that is recorded.
    Free,
    /// It may not: a newer rotation has left, or another response with its own change under this rotation.
    Overtaken,
    /// It may not: there is a tombstone for the session.
    Ended,
}

/// What a [`Ledger`] knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not been ended.
    Live {
        /// The highest known rotation; 0 if none is known.
        rotation: u64,
    },
    /// There is a tombstone for it, or a cookie of this rotation can never be used again.
    Ended,
}

/// What a [`Ledger`] says about a session that arrived.
#[derive(Debug)]
pub struct Known {
    /// The session's standing.
    pub standing: Standing,
    /// Further results of the same round trip. They go into the request's extensions.
    pub extensions: Extensions,
}

impl From<Standing> for Known {
    fn from(standing: Standing) -> Self {
        Self { standing, extensions: Extensions::new() }
    }
}

/// Which sessions have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tombstone {
    /// This one.
    Session {
        /// Its id.
        id: SessionId,
        /// The session's owner: a ledger may limit what it remembers for one owner.
        owner: Owner,
        /// When it began.
        created_at: SystemTime,
        /// Whether another session replaced it in the same browser.
        is_replaced: bool,
    },
    /// Every session of the owner that began before a time.
    Owner {
        /// The owner.
        owner: Owner,
        /// Sessions that began at this time or later stay.
        not_before: SystemTime,
    },
    /// Every session with the provider's session id that began before a time. With several providers, the application
    /// makes their ids distinct.
    ProviderSid {
        /// The provider's session id.
        sid: String,
        /// Sessions that began at this time or later stay.
        not_before: SystemTime,
    },
}

/// Why a [`Ledger`] did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It has no space for another tombstone, and drops none that is still needed. The text names the exhausted limit.
    #[error("the ledger is full: {0}")]
    Full(String),
    /// Its storage cannot be reached.
    #[error("the ledger cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}
