//! The head: what is known of a session's tokens beside its cookie, one record for each session that has refreshed or ended.
//!
//! A cookie can be older than the session: a late tab, a response that was lost, a laptop that woke up. The head has the
//! newest rotation, so that such a cookie is led to it instead of presenting a token that is spent.

mod memory;

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use thiserror::Error;

pub use self::memory::MemoryHeads;
use crate::{EndReason, Grant, SessionKey};

/// The newest that is known of one session's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest rotation.
    pub rotation: u64,
    /// What is happening to its refresh token.
    pub state: HeadState,
    /// The provider has asked to wait with it.
    pub not_before: Option<NotBefore>,
    /// The grant of that rotation; `None` once it is forgotten, which leaves a mark of some 40 bytes.
    pub grant: Option<Grant>,
    /// Whether a request has come with a cookie of that rotation: then the grant is in the browser, and need not be kept
    /// much longer.
    pub shown: bool,
}

/// What is happening to the refresh token of a [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadState {
    /// It can be presented.
    Idle,
    /// It is being presented by whoever holds the lease. Who finds it without a holder is the heir of a refresh in doubt.
    Presented {
        /// When it was presented for the first time, by the clock of whoever did.
        first: SystemTime,
        /// Who presents it. A write whose answer was lost is found by this.
        by: AttemptId,
    },
    /// It was presented and may be spent.
    InDoubt {
        /// As above.
        first: SystemTime,
        /// When the last presentation was noticed to be in doubt, by the clock of whoever did.
        since: SystemTime,
        /// Whether a whole answer came: then nothing is under way any more.
        answered: bool,
        /// Who presented it last.
        by: AttemptId,
    },
    /// The session is over, and the provider may not have been told yet. A grant that is still there is the newest.
    Ending {
        /// Why.
        reason: EndReason,
        /// Whether the refresh token was certainly not presented.
        unspent: bool,
    },
    /// The session is over, and everybody who had to be told was.
    Dead(EndReason),
}

/// The provider has asked to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBefore {
    /// Until then, by the clock of whoever was asked.
    pub at: SystemTime,
    /// Who was asked. Its own process knows the time exactly, every other one within the skew.
    pub by: AttemptId,
}

/// Names one attempt to present a token, and the process that made it: a value that nobody else can have chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AttemptId([u8; 8]);

impl AttemptId {
    /// The bytes, for whoever stores a head.
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// The reverse of [`as_bytes`](Self::as_bytes).
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn new(process: [u8; 4], attempt: [u8; 4]) -> Self {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&process);
        bytes[4..].copy_from_slice(&attempt);
        Self(bytes)
    }

    pub(crate) fn is_of(self, process: [u8; 4]) -> bool {
        self.0[..4] == process
    }
}

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttemptId(..)")
    }
}

/// Changes with every write to a head, and is never the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadVersion(pub [u8; 16]);

/// A head as it was read.
#[derive(Debug, Clone)]
pub struct KeptHead {
    /// For the write that is to follow.
    pub version: HeadVersion,
    /// What was kept.
    pub head: Head,
    /// Whether there is a grant that this server cannot open: another replica sealed it under a key or in a version that is not
    /// known here. One that was altered is not such a grant: it is lost, as if it had been forgotten.
    pub sealed_elsewhere: bool,
}

impl KeptHead {
    /// Why a cookie of this rotation has no grant any more, if that is so.
    pub fn end_for(&self, rotation: u64) -> Option<EndReason> {
        let Head { rotation: newest, state, grant, .. } = &self.head;
        match state {
            HeadState::Ending { reason, .. } | HeadState::Dead(reason)
                if reason.is_of_one_rotation() && *newest < rotation =>
            {
                None
            }
            HeadState::Ending { reason, .. } | HeadState::Dead(reason) => Some(*reason),
            _ if *newest > rotation && grant.is_none() && !self.sealed_elsewhere => {
                Some(EndReason::Superseded)
            }
            _ => None,
        }
    }
}

/// For how long to keep a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Rotation and state: as long as a cookie of an older rotation could be presented. Never dropped earlier.
    pub mark: Duration,
    /// The grant. Where room is short, grants that were shown go before others.
    pub grant: Duration,
    /// Whether the head is worth nothing without its grant: where there is no room for that, the one before stays as it is.
    pub only_with_grant: bool,
}

/// Names one refresh or sign-out among all that want the lease of a session.
pub type Holder = [u8; 16];

/// Keeps heads and leases; replicas that serve the same sessions share it.
///
/// Whoever implements it hashes the session's identifier and seals the grant: nothing stores either in clear.
#[async_trait]
pub trait Heads: Send + Sync + 'static {
    /// The head of the session, whatever rotation `session` is at.
    ///
    /// # Errors
    ///
    /// [`HeadsError`] where it cannot be read; that is not the same as none.
    async fn read(&self, session: &SessionKey) -> Result<Option<KeptHead>, HeadsError>;

    /// Why the session was ended from outside, beside its head: together with all others of its owner, or by the provider's
    /// session identifier. Asked once more before the grant of a refresh is kept, which may bring another identifier.
    ///
    /// # Errors
    ///
    /// [`HeadsError`].
    async fn ended(&self, session: &SessionKey, grant: &Grant) -> Result<Option<EndReason>, HeadsError> {
        let _ = (session, grant);
        Ok(None)
    }

    /// Writes the head if it is still as `expected` (`None`: there is none). Returns the new version, `None` if it had
    /// changed and nothing was written.
    ///
    /// # Errors
    ///
    /// [`HeadsError`]: it may have been written or not.
    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError>;

    /// Takes the session's lease or prolongs it; `false` while another has it.
    ///
    /// # Errors
    ///
    /// [`HeadsError`].
    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &Holder,
        life: Duration,
    ) -> Result<bool, HeadsError>;

    /// Gives the lease back, if `holder` still has it.
    ///
    /// # Errors
    ///
    /// [`HeadsError`]: it runs out by itself.
    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError>;
}

/// Heads cannot be read or written right now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the heads of sessions cannot be reached: {0}")]
pub struct HeadsError(pub String);
