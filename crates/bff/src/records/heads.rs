use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{Head, HeadVersion, Heads, HeadsError, Keep, KeptHead, SessionKey};
use ironleaf_session::Purpose;
use ironleaf_store::{Body, Draft, Eviction, Expected, Holder, Key, Record, StoreError, Version, Written};

use super::encoding::{decode_body, decode_mark, encode_body, encode_mark};
use super::{Records, head_key};

impl Records {
    /// SECURITY: a record that does not open is no missing record: taken for one, a session would end, or a token be
    /// presented a second time.
    pub(super) fn open_head(&self, key: &Key, record: &Record) -> Result<KeptHead, HeadsError> {
        let unreadable =
            |error: &dyn std::fmt::Display| HeadsError(format!("a head cannot be read: {error}"));
        let mut head = decode_mark(&record.mark).map_err(|error| unreadable(&error))?;
        if let Some(body) = &record.body {
            let sealed = str::from_utf8(body).map_err(|error| unreadable(&error))?;
            let unsealed = self.sealer.unseal(Purpose::Head, &context(key), sealed);
            let plaintext = unsealed.map_err(|error| unreadable(&error))?.plaintext;
            head.grant = Some(decode_body(head.rotation, &plaintext).map_err(|error| unreadable(&error))?);
        }
        Ok(KeptHead { version: HeadVersion(*record.version.as_bytes()), head })
    }

    fn draft(&self, key: &Key, head: &Head, keep: Keep) -> Draft {
        let body = head.grant.as_ref().map(|grant| {
            let sealed = self.sealer.seal(Purpose::Head, &context(key), &encode_body(head.rotation, grant));
            let eviction = if head.shown { Eviction::First } else { Eviction::Last };
            Body { bytes: sealed.into_bytes(), ttl: keep.grant, eviction }
        });
        Draft { mark: encode_mark(head), mark_ttl: keep.mark, body }
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
        let written = self.store.write(&key, expected, self.draft(&key, head, keep)).await;
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
