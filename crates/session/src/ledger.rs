//! What the server remembers of sessions it has sealed: how new they are, and which have ended.
//!
//! A sealed cookie says nothing about what happened since. A ledger does: with one, a response that was built from
//! an older rotation does not overwrite a newer cookie, and a session that was ended stays ended, in every copy of
//! its cookie and whatever response is still in flight.

mod memory;

use std::{error::Error, pin::Pin, sync::Arc, time::SystemTime};

use http::Extensions;
pub use memory::MemoryLedger;

use crate::{Owner, Record, SessionId};

/// What a [`Ledger`] answers with.
pub type LedgerFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// Remembers rotations and tombstones. Replicas that serve the same sessions share one.
pub trait Ledger: Send + Sync + 'static {
    /// What is known of a session that came in.
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known>;

    /// Says whether a response may leave with a rotation of the session, and notes that it does, in one step. Of two
    /// rotations the higher is kept; it may be forgotten after [`Advance::keep_until`], or earlier where room is short.
    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage>;

    /// Ends sessions. The tombstone must not be forgotten before `keep_until`, however short room is.
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

/// By what a session is known to a [`Ledger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The session's id.
    pub id: SessionId,
    /// Whose session it is.
    pub owner: Owner,
    /// The id that the provider gave the session.
    pub provider_sid: Option<String>,
    /// When it began.
    pub created_at: SystemTime,
    /// The rotation that is asked about: of the cookie that came in, or of the one that is about to be sent.
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
    /// Which.
    pub rotation: u64,
    /// How the response came by it.
    pub origin: RotationOrigin,
    /// When the request came in that the response answers.
    pub arrived_at: SystemTime,
    /// As long as a cookie of the session can be accepted.
    pub keep_until: SystemTime,
}

/// How a response came by its rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationOrigin {
    /// It has made it, by a change of its own. Of one rotation only one such response may leave, or the change of the
    /// other would be lost.
    Own,
    /// It came in with the request, was adopted from elsewhere, or is the first one. Any number of responses may leave
    /// with it.
    Shared,
}

/// Whether a response may leave with its rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may, and it is noted.
    Free,
    /// It may not: a newer rotation has left, or another response with a change of its own under this one.
    Overtaken,
    /// It may not: there is a tombstone for the session.
    Ended,
}

/// What a [`Ledger`] knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not been ended.
    Live {
        /// The highest rotation that is known; 0 where none is.
        rotation: u64,
    },
    /// There is a tombstone for it, or nothing more can come of a cookie of this rotation.
    Ended,
}

/// What a [`Ledger`] has to say of a session that came in.
#[derive(Debug)]
pub struct Known {
    /// What it knows.
    pub standing: Standing,
    /// What else the same round trip has brought; it goes into the request's extensions.
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
        /// Whose it is: a ledger may bound what it remembers of one owner.
        owner: Owner,
        /// When it began.
        created_at: SystemTime,
        /// Whether another session took its place in the same browser.
        is_replaced: bool,
    },
    /// Every session of the owner that began before a time.
    Owner {
        /// Whose sessions.
        owner: Owner,
        /// Sessions that began at this time or later live on.
        not_before: SystemTime,
    },
    /// Every session with the provider's session id that began before a time. Where several providers are in use,
    /// the application makes their ids distinct.
    ProviderSid {
        /// The provider's session id.
        sid: String,
        /// Sessions that began at this time or later live on.
        not_before: SystemTime,
    },
}

/// Why a [`Ledger`] did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It has no room for another tombstone, and forgets none that is still needed. The text says what it is at the end of.
    #[error("the ledger is full: {0}")]
    Full(String),
    /// What it keeps them in cannot be reached.
    #[error("the ledger cannot be reached: {0}")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}
