//! The trait.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Draft, Entry, EntryDraft, Expected, Holder, Key, Record, Written};

/// Expiring records, expiring leases, and indexes of expiring entries.
///
/// Every method is atomic, and a change that one client was told of is visible to all others. A change that ended as
/// [`Unreachable`](StoreError::Unreachable) may or may not have happened. Over a network it may still happen a little
/// later, because a server that was frozen continues with what had arrived. So write with [`Expected::Version`] where
/// it matters, and read again before you decide anything.
///
/// The same is true of a call that is dropped halfway: it is done or not, never half done.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The records of these keys, in their order, in one round trip for any number of keys.
    ///
    /// Each record is consistent in itself. Two records may be from before and after a concurrent write.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError>;

    /// Writes the record if the store has what is expected.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if there is no room even without the bodies that may be dropped: nothing was written.
    /// [`StoreError::Unreachable`]: it may be written, now or in a moment, or not; read it again to know.
    ///
    /// # Panics
    ///
    /// If the mark is longer than [`MARK_MAX_BYTES`](crate::MARK_MAX_BYTES).
    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError>;

    /// Takes the lease, or extends it if this holder has it. Returns false while another holder has it. Its time starts
    /// now. A lease that was taken while the clock was ahead belongs to nobody once the clock is right: no lease is
    /// held for longer than it was taken for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`], or [`StoreError::Unreachable`]: then the lease may be held until it expires.
    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError>;

    /// Extends the lease only if this holder still has it; its time starts again. False is final: the lease expired,
    /// and another holder may have acquired it since.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError>;

    /// Releases the lease. Nothing happens if another holder has it by now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`]: then the lease ends when it expires.
    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError>;

    /// Checks whether the store can be read and written, for readiness. This writes something, and leaves no record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] if there is no room for another mark, and [`StoreError::Unreachable`] for every other
    /// reason why it cannot be written, each with its cause in words.
    async fn check(&self) -> Result<(), StoreError>;

    /// How full the store is; `None` if that cannot be known. This costs about as much as a read of a few keys, and
    /// more if there are very many. Call it now and then, not for each request.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        Ok(None)
    }

    /// Puts an entry into an index, or replaces the one of this name, and returns whether it did. It does not if the
    /// entry was written within [`EntryDraft::unless_within`], or if there is no room for it.
    ///
    /// An index has at most [`INDEX_MAX_ENTRIES`](crate::INDEX_MAX_ENTRIES) entries: the one that was written first
    /// goes for one more. At the size limit of the store, entries are dropped before all bodies, and one takes the
    /// place of no body. So an entry is a convenience: whoever puts one can do without it. A power cut may lose it.
    ///
    /// A store that keeps no index returns false, which is what this does by itself.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`], [`StoreError::Unreachable`].
    ///
    /// # Panics
    ///
    /// If the value is longer than [`ENTRY_MAX_BYTES`](crate::ENTRY_MAX_BYTES).
    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        let _ = (index, name, draft);
        Ok(false)
    }

    /// All entries of an index, in one round trip. They have no order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        let _ = index;
        Ok(Vec::new())
    }

    /// Removes entries of an index, those that exist, in one round trip.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        let _ = (index, names);
        Ok(())
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

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        (**self).put_entry(index, name, draft).await
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        (**self).entries(index).await
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        (**self).remove_entries(index, names).await
    }
}

/// How full a store is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Used bytes, including expired data that is not removed yet, and all other data in the same place: in a shared
    /// Redis, also the keys of other applications.
    pub used_bytes: u64,
    /// Available bytes. When `used_bytes` gets near, bodies are dropped, and then writes are refused.
    pub capacity_bytes: u64,
    /// Records, leases and entries. For Redis these are the keys of the database, of which a record with a body has two,
    /// and an index, too.
    pub entries: u64,
}

/// Why a store failed. No message contains a byte of a key, a mark or a body.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no room, and nothing more may be dropped.
    #[error("the store is full: {0}")]
    Full(Limit),
    /// The store did not answer, or not in time, or not correctly. The source says what happened.
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

/// The limit that a full store has reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Limit {
    /// The size limit that was given to the store: [`MemoryStore`](crate::MemoryStore) and SQLite.
    #[error("its size bound leaves no room beside the marks, which are never evicted")]
    Size,
    /// The disk under the file: SQLite. Dropping bodies makes no space there.
    #[error("there is no room left on its disk")]
    Disk,
    /// The `maxmemory` of Redis, which drops nothing.
    #[error("Redis has no memory left below its maxmemory")]
    Memory,
}
