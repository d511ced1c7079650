use std::time::Duration;

use async_trait::async_trait;
use ironleaf_store::{
    Draft, Entry, EntryDraft, Expected, Holder, Key, Record, Store, StoreError, Usage, Written,
};
use tokio::time::Instant;

use super::names::{STORE_ERRORS, STORE_SECONDS};

/// Measures the operations of the store.
pub(crate) struct MeasuredStore<S>(pub(crate) S);

async fn measured<T>(
    operation: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let began = Instant::now();
    let result = work.await;
    metrics::histogram!(STORE_SECONDS, "operation" => operation).record(began.elapsed());
    if result.is_err() {
        metrics::counter!(STORE_ERRORS, "operation" => operation).increment(1);
    }
    result
}

#[async_trait]
impl<S: Store> Store for MeasuredStore<S> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        measured("read", self.0.read(keys)).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        measured("write", self.0.write(key, expected, draft)).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        measured("acquire", self.0.acquire(lease, holder, ttl)).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        measured("renew", self.0.renew(lease, holder, ttl)).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        measured("release", self.0.release(lease, holder)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        measured("check", self.0.check()).await
    }

    async fn usage(&self) -> Result<Option<Usage>, StoreError> {
        measured("usage", self.0.usage()).await
    }

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        measured("put_entry", self.0.put_entry(index, name, draft)).await
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        measured("entries", self.0.entries(index)).await
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        measured("remove_entries", self.0.remove_entries(index, names)).await
    }
}
