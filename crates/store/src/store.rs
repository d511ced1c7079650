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

    /// Takes the lease, or prolongs it where this holder has it; false while another has it. Its time starts now.
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

    /// Whether the store answers; for readiness.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    async fn check(&self) -> Result<(), StoreError>;
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
}

/// Why a store could not do it. No message holds a byte of a key, a mark or a body.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing may be evicted any more: the store needs more room.
    #[error("the store is full: only marks are left, and marks are never evicted")]
    Full,
    /// It did not answer, or not in time, or not as it should.
    #[error("the store did not answer")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}
