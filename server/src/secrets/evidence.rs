//! Remembers since when each key is known, as one record per key in the store. So a process that starts during a change
//! of secrets waits as long as those that were already running.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ironleaf_session::{Clock, KeyId, KeyRing, KeyRole};
use ironleaf_store::{Draft, Durability, Expected, Key, Record, Store, StoreError};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

const DOMAIN: &str = "ironleaf/v1/key-seen";

/// Longer than any deployment keeps a list of secrets unchanged. After a record has expired, its key counts as new.
const KEEP: Duration = Duration::from_hours(400 * 24);

/// The time that a start waits for the store.
const PATIENCE: Duration = Duration::from_secs(1);

/// The records about keys that all processes with the same store share.
#[derive(Clone)]
pub(crate) struct Evidence {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Evidence {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The ring, which seals with a key that the other processes know. If the store does not answer, the modification
    /// time of the secrets file decides. Without such a file, every key counts as new.
    pub(crate) async fn judge(&self, keys: KeyRing, file: Option<&Path>) -> KeyRing {
        let ids = ids(&keys);
        let known = timeout(PATIENCE, self.read(&ids)).await;
        let keys = if let Ok(Ok(known)) = known {
            keys.seals_after(|id| *known.get(ids.iter().position(|other| *other == id)?)?, &self.clock)
        } else {
            let changed = file.and_then(|file| std::fs::metadata(file).ok()?.modified().ok());
            tracing::warn!(
                file_is_known = changed.is_some(),
                "the store did not say since when the session secrets are known"
            );
            keys.seals_after(|_| changed, &self.clock)
        };
        if !self.note(&keys).await {
            tracing::warn!("the time since which the session secrets are known could not be stored");
        }
        keys
    }

    /// Records the keys that are not recorded yet, and returns whether all of them are now.
    pub(crate) async fn note(&self, keys: &KeyRing) -> bool {
        let write_all = async {
            for id in ids(keys) {
                let mark = unix_millis((self.clock)()).to_be_bytes().to_vec();
                let draft = Draft { mark, mark_ttl: KEEP, body: None, durability: Durability::Synced };
                // A conflict means that another process was earlier.
                let _: ironleaf_store::Written = self.store.write(&key(id), Expected::Absent, draft).await?;
            }
            Ok::<_, StoreError>(())
        };
        matches!(timeout(PATIENCE, write_all).await, Ok(Ok(())))
    }

    async fn read(&self, ids: &[KeyId]) -> Result<Vec<Option<SystemTime>>, StoreError> {
        let names: Vec<Key> = ids.iter().copied().map(key).collect();
        let records = self.store.read(&names).await?;
        Ok(records.into_iter().map(|record| first_seen(&record?)).collect())
    }
}

/// Logs one line about the key that seals and the keys that will.
pub(crate) fn say(keys: &KeyRing, clock: &Clock) {
    let now = clock();
    let (mut sealing, mut next) = (None, Vec::new());
    for (id, role) in keys.roles() {
        match role {
            KeyRole::Sealing => sealing = Some(id),
            KeyRole::Pending { from } => {
                let wait = from.duration_since(now).unwrap_or_default();
                next.push(format!("{id} in {} s", wait.as_secs()));
            }
            KeyRole::Old => {}
        }
    }
    let sealing = sealing.map(|id| id.to_string());
    tracing::info!(sealing, next = next.join(", "), "this key seals sessions");
}

fn ids(keys: &KeyRing) -> Vec<KeyId> {
    keys.roles().into_iter().map(|(id, _)| id).collect()
}

fn key(id: KeyId) -> Key {
    let hash = Sha256::new().chain_update(DOMAIN).chain_update([0]).chain_update(id.as_bytes()).finalize();
    Key::from_bytes(hash.into())
}

/// An unreadable mark counts as none.
fn first_seen(record: &Record) -> Option<SystemTime> {
    let millis = u64::from_be_bytes(record.mark.as_slice().try_into().ok()?);
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
