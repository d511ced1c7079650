//! The head: what is known about a session's tokens outside its cookie. There is one record for each session that has
//! refreshed or ended.
//!
//! A cookie can be older than the session: a late tab, a lost response, a laptop that woke up. The head has the newest
//! rotation, so a request with such a cookie adopts it and does not present a spent token.

mod memory;

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use thiserror::Error;

pub use self::memory::MemoryHeads;
use crate::{EndReason, Grant, SessionKey};

/// The newest state that is known of one session's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest rotation.
    pub rotation: u64,
    /// What is happening to its refresh token.
    pub state: HeadState,
    /// The provider has asked to wait before the token is presented.
    pub not_before: Option<NotBefore>,
    /// The grant of that rotation. `None` once it is forgotten; about 40 bytes then remain as a mark.
    pub grant: Option<Grant>,
    /// Whether a request has come with a cookie of that rotation. Then the browser has the grant, and it does not need
    /// to be kept much longer.
    pub shown: bool,
}

/// What is happening to the refresh token of a [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadState {
    /// It can be presented.
    Idle,
    /// The lease holder is presenting it. If no process holds the lease, the process that finds this state is the heir
    /// of a refresh in doubt.
    Presented {
        /// When it was presented for the first time, by the clock of the process that did so.
        first: SystemTime,
        /// Which attempt presents it. This identifies a write whose answer was lost.
        by: AttemptId,
    },
    /// It was presented and may be spent.
    InDoubt {
        /// When it was presented for the first time, by the clock of the process that did so.
        first: SystemTime,
        /// When the last presentation was found to be in doubt, by the clock of the process that found it.
        since: SystemTime,
        /// Whether a whole answer came. If so, nothing is in progress any more.
        answered: bool,
        /// Which attempt presented it last.
        by: AttemptId,
    },
    /// The session has ended, and the provider may not have been told yet. If a grant is still there, it is the newest.
    Ending {
        /// Why it ended.
        reason: EndReason,
        /// Whether the refresh token was certainly not presented.
        unspent: bool,
    },
    /// The session has ended, and everybody who needed to be told was told.
    Dead(EndReason),
}

/// The provider has asked to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBefore {
    /// When the wait is over, by the clock of the process that received the answer.
    pub at: SystemTime,
    /// The attempt that received the answer. Its own process knows the time exactly; every other process knows it
    /// within the clock skew.
    pub by: AttemptId,
}

/// Identifies one attempt to present a token, and the process that made it. Nobody else can have chosen the same value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AttemptId([u8; 8]);

impl AttemptId {
    /// The bytes, for code that stores a head.
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

/// Changes with every write to a head, and never repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadVersion(pub [u8; 16]);

/// A head as it was read from the store.
#[derive(Debug, Clone)]
pub struct KeptHead {
    /// The version to expect in the next write.
    pub version: HeadVersion,
    /// The stored head.
    pub head: Head,
    /// Whether there is a grant that this server cannot open, because another replica sealed it under a key or in a
    /// version that is not known here. An altered grant does not count: it is lost, as if it had been forgotten.
    pub sealed_elsewhere: bool,
}

impl KeptHead {
    /// Why a cookie of this rotation has no grant any more. `None` if it still has one.
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

/// How long to keep a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// How long to keep rotation and state: as long as a cookie of an older rotation could be presented. They are never
    /// dropped earlier.
    pub mark: Duration,
    /// How long to keep the grant. If space is short, grants that were shown are dropped first.
    pub grant: Duration,
    /// Whether the head is useless without its grant. If there is no space for the grant, the previous head stays unchanged.
    pub only_with_grant: bool,
}

/// Identifies one refresh or sign-out among all that want the lease of a session.
pub type Holder = [u8; 16];

/// Stores heads and leases. Replicas that serve the same sessions share it.
///
/// An implementation hashes the session's identifier and seals the grant, so that neither is stored in clear.
#[async_trait]
pub trait Heads: Send + Sync + 'static {
    /// Reads the head of the session, whatever the rotation of `session` is. `None` means that there is no head.
    ///
    /// # Errors
    ///
    /// [`HeadsError`] if the head cannot be read. This is not the same as `None`.
    async fn read(&self, session: &SessionKey) -> Result<Option<KeptHead>, HeadsError>;

    /// Why the session was ended from outside, without a change to its head: together with all sessions of its owner,
    /// or by the provider's session identifier. It is checked again before the grant of a refresh is kept, because that
    /// grant may have another identifier.
    ///
    /// # Errors
    ///
    /// [`HeadsError`].
    async fn ended(&self, session: &SessionKey, grant: &Grant) -> Result<Option<EndReason>, HeadsError> {
        let _ = (session, grant);
        Ok(None)
    }

    /// Writes the head if the stored version is still `expected` (`None`: there is no head). Returns the new version,
    /// or `None` if the version had changed and nothing was written.
    ///
    /// # Errors
    ///
    /// [`HeadsError`]: the head may or may not have been written.
    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError>;

    /// Takes or extends the session's lease. Returns `false` while another holder has it.
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

    /// Returns the lease, if `holder` still has it.
    ///
    /// # Errors
    ///
    /// [`HeadsError`]: the lease then expires by itself.
    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError>;
}

/// Heads cannot be read or written at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the heads of sessions cannot be reached: {0}")]
pub struct HeadsError(pub String);
