//! The trait.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Draft, Expected, Holder, Key, Record, Written};

/// Records that expire, and leases that expire.
///
/// Every method is atomic, and what one client was told is done, all others see. A change that ended as
/// [`Unreachable`](StoreError::Unreachable) may have happened or not, and over a network it may still happen a little later: a
/// server that was frozen goes on with what had arrived. So write with [`Expected::Version`] where it matters, and read
/// again before deciding anything.
///
/// A call that is dropped halfway is the same: done or not, never half.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The records of these keys, in their order, in one round trip however many they are.
    ///
    /// Each record is consistent in itself. Two of them may be from either side of a write that happens meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError>;

    /// Writes the record if what is there is as expected.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] where even without the bodies that may go there is no room: nothing was written.
    /// [`StoreError::Unreachable`]: it may be written, now or in a moment, or not; read it again to know.
    ///
    /// # Panics
    ///
    /// Where the mark is longer than [`MARK_MAX_BYTES`](crate::MARK_MAX_BYTES).
    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError>;

    /// Takes the lease, or prolongs it where this holder has it; false while another has it. Its time starts now. One that was taken while
    /// the clock was ahead is nobody's once the clock is right: no lease is held for longer than it was taken for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`], or [`StoreError::Unreachable`]: then the lease may be held until its time is over.
    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError>;

    /// Prolongs the lease only where this holder still has it; its time starts anew. False is final: the lease ran out, and
    /// whoever acquired it since is entitled to it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError>;

    /// Gives the lease back; nothing happens where another holds it by now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`]: then it ends with its time.
    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError>;

    /// Whether the store can be read and written; for readiness. It writes something to know, and leaves no record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] where there is no room for another mark, and [`StoreError::Unreachable`] for whatever else keeps it from being
    /// written, each with its cause in words.
    async fn check(&self) -> Result<(), StoreError>;

    /// How full it is; `None` where that cannot be known. It costs about as much as a read of a few keys, and more where there are
    /// very many: ask now and then, not for each request.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        (**self).read(keys).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        (**self).write(key, expected, draft).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        (**self).acquire(lease, holder, ttl).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        (**self).renew(lease, holder, ttl).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        (**self).release(lease, holder).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        (**self).check().await
    }

    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        (**self).usage().await
    }
}

/// How full a store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Bytes that are taken, with what expired and is not yet removed, and with whatever else is kept there: in a Redis that is
    /// shared the keys of others, too.
    pub used_bytes: u64,
    /// Bytes there may be. As `used_bytes` comes near, bodies are dropped, and then writes are refused.
    pub capacity_bytes: u64,
    /// Records and leases that are kept; at Redis the keys of the database, of which a record with a body has two.
    pub entries: u64,
}

/// Why a store could not do it. No message holds a byte of a key, a mark or a body.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It has no room for it, and nothing may be evicted any more.
    #[error("the store is full: {0}")]
    Full(Limit),
    /// It did not answer, or not in time, or not as it should. The source says what happened.
    #[error("the store cannot be used")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// The error with its cause, in one line for a log.
    pub fn detail(&self) -> String {
        match self {
            Self::Full(_) => self.to_string(),
            Self::Unreachable(cause) => format!("{self}: {cause}"),
        }
    }
}

/// What a full store is at the end of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Limit {
    /// The size bound that the store was given: [`MemoryStore`](crate::MemoryStore) and SQLite.
    #[error("its size bound leaves no room beside the marks, which are never evicted")]
    Size,
    /// The disk under the file: SQLite. Bodies that may be evicted make no room there.
    #[error("there is no room left on its disk")]
    Disk,
    /// The `maxmemory` of Redis, which evicts nothing.
    #[error("Redis has no memory left below its maxmemory")]
    Memory,
}
