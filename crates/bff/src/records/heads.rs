use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{Grant, Head, HeadVersion, Heads, HeadsError, Keep, KeptHead, SessionKey};
use ironleaf_session::{Purpose, UnsealError};
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Holder, Key, Record, StoreError, Version, Written,
};

use super::encoding::{decode_body, decode_mark, encode_body, encode_mark};
use super::{Records, head_key};

impl Records {
    /// SECURITY: a grant that does not open is no missing one: taken for that, a session would end, or a token be presented a
    /// second time.
    pub(super) fn open_head(&self, key: &Key, record: &Record) -> Result<KeptHead, HeadsError> {
        let mut head = decode_mark(&record.mark)
            .map_err(|error| HeadsError(format!("the mark of a head cannot be read: {error}")))?;
        let mut sealed_elsewhere = false;
        if let Some(body) = &record.body {
            head.grant = self.open_body(key, head.rotation, body);
            sealed_elsewhere = head.grant.is_none();
        }
        Ok(KeptHead { version: HeadVersion(*record.version.as_bytes()), head, sealed_elsewhere })
    }

    fn open_body(&self, key: &Key, rotation: u64, body: &[u8]) -> Option<Grant> {
        let sealed = str::from_utf8(body).map_err(|_| UnsealError::Malformed);
        match sealed.and_then(|sealed| self.sealer.unseal(Purpose::Head, &context(key), sealed)) {
            Ok(unsealed) => {
                let grant = decode_body(rotation, &unsealed.plaintext);
                grant
                    .inspect_err(|error| tracing::error!(%error, "a head holds something else than a grant"))
                    .ok()
            }
            Err(error @ (UnsealError::UnknownKey | UnsealError::UnknownVersion)) => {
                tracing::warn!(%error, "a head was sealed by another replica");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a head was altered in the store, or moved there");
                None
            }
        }
    }

    fn draft(&self, key: &Key, head: &Head, keep: Keep) -> Draft {
        let body = head.grant.as_ref().map(|grant| {
            let sealed = self.sealer.seal(Purpose::Head, &context(key), &encode_body(head.rotation, grant));
            let eviction = if head.shown { Eviction::First } else { Eviction::Last };
            Body { bytes: sealed.into_bytes(), ttl: keep.grant, eviction }
        });
        Draft { mark: encode_mark(head), mark_ttl: keep.mark, body, durability: Durability::Synced }
    }
}

#[async_trait]
impl Heads for Records {
    async fn read(&self, session: &SessionKey) -> Result<Option<KeptHead>, HeadsError> {
        let key = head_key(session.id());
        let records = self.store.read(&[key]).await.map_err(|error| unreachable(&error))?;
        records.into_iter().next().flatten().map(|record| self.open_head(&key, &record)).transpose()
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        let key = head_key(session.id());
        let expected = expected
            .map_or(Expected::Absent, |HeadVersion(bytes)| Expected::Version(Version::from_bytes(bytes)));
        let mut written = self.store.write(&key, expected, self.draft(&key, head, keep)).await;
        if let Err(StoreError::Full(limit)) = written {
            tracing::error!(
                %limit,
                "the store is full: a grant is not kept, and older tabs of its session will be signed out"
            );
            let mark_alone = Draft { body: None, ..self.draft(&key, head, keep) };
            written = self.store.write(&key, expected, mark_alone).await;
        }
        Ok(match written.map_err(|error| unreachable(&error))? {
            Written::Done(version) => Some(HeadVersion(*version.as_bytes())),
            Written::Conflict => None,
        })
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &ironleaf_auth::Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        let acquired = self.store.acquire(&head_key(session.id()), &Holder::from_bytes(*holder), life).await;
        acquired.map_err(|error| unreachable(&error))
    }

    async fn release(&self, session: &SessionKey, holder: &ironleaf_auth::Holder) -> Result<(), HeadsError> {
        let released = self.store.release(&head_key(session.id()), &Holder::from_bytes(*holder)).await;
        released.map_err(|error| unreachable(&error))
    }
}

/// The record's own key, so that a record that was moved in the store does not open.
fn context(key: &Key) -> String {
    hex::encode(key.as_bytes())
}

fn unreachable(error: &StoreError) -> HeadsError {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    HeadsError(format!("{error}{cause}"))
}
