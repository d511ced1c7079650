use std::time::{Duration, SystemTime};

use http::Extensions;
use ironleaf_auth::HeadsError;
use ironleaf_session::{
    Decoder, Encoder, Identity, Known, Ledger, LedgerError, LedgerFuture, Standing, Tombstone,
};
use ironleaf_store::{Draft, Expected, Key, Record, StoreError, Written};

use super::encoding::decode_mark;
use super::{ArrivedHead, Records, ended_owner_key, ended_provider_sid_key, ended_session_key, head_key};

/// A tombstone that was beaten so often in a row is no race any more.
const MAX_RACES: usize = 16;

/// The records of one session: its head, then its tombstones.
struct Found {
    head_key: Key,
    head: Option<Record>,
    ended: bool,
}

impl Records {
    /// One round trip.
    async fn find(&self, session: &Identity) -> Result<Found, StoreError> {
        let head_key = head_key(session.id.as_bytes());
        let mut keys =
            vec![head_key, ended_session_key(session.id.as_bytes()), ended_owner_key(&session.owner)];
        keys.extend(session.provider_sid.as_deref().map(ended_provider_sid_key));
        let mut records = self.store.read(&keys).await?.into_iter();
        let head = records.next().flatten();
        #[cfg(feature = "mutants")]
        if ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::TombstonesNotChecked) {
            return Ok(Found { head_key, head, ended: false });
        }
        let ended = records.flatten().any(|tombstone| covers(&tombstone, session.created_at));
        Ok(Found { head_key, head, ended })
    }

    async fn write_tombstone(
        &self,
        key: Key,
        not_before: Option<SystemTime>,
        life: Duration,
    ) -> Result<(), StoreError> {
        let draft = |not_before| Draft { mark: encode(not_before), mark_ttl: life, body: None };
        let Some(not_before) = not_before else {
            return self.store.write(&key, Expected::Anything, draft(None)).await.map(drop);
        };
        for _ in 0..MAX_RACES {
            let found = self.store.read(&[key]).await?.into_iter().next().flatten();
            let later = found.as_ref().and_then(decode).map_or(not_before, |other| other.max(not_before));
            let expected = found.map_or(Expected::Absent, |record| Expected::Version(record.version));
            if let Written::Done(_) = self.store.write(&key, expected, draft(Some(later))).await? {
                return Ok(());
            }
        }
        self.store.write(&key, Expected::Anything, draft(Some(not_before))).await.map(drop)
    }
}

impl Ledger for Records {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            if found.ended {
                return Ok(Standing::Ended.into());
            }
            let head = found.head.map(|record| self.open_head(&found.head_key, &record)).transpose();
            let rotation = head.as_ref().ok().and_then(Option::as_ref).map_or(0, |kept| kept.head.rotation);
            let mut extensions = Extensions::new();
            extensions.insert(ArrivedHead(head));
            Ok(Known { standing: Standing::Live { rotation }, extensions })
        })
    }

    /// It writes nothing: the head was written before anybody could have a cookie of its rotation.
    fn advance<'a>(&'a self, session: &'a Identity, _: u64, _: SystemTime) -> LedgerFuture<'a, Standing> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            if found.ended {
                return Ok(Standing::Ended);
            }
            let head = found.head.and_then(|record| decode_mark(&record.mark).ok());
            Ok(Standing::Live { rotation: head.map_or(0, |head| head.rotation) })
        })
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let (key, not_before) = match tombstone {
                Tombstone::Session(id) => (ended_session_key(id.as_bytes()), None),
                Tombstone::Owner { owner, not_before } => (ended_owner_key(owner), Some(*not_before)),
                Tombstone::ProviderSid { sid, not_before } => {
                    (ended_provider_sid_key(sid), Some(*not_before))
                }
                other => {
                    return Err(LedgerError::Unreachable(
                        HeadsError(format!("no way to keep {other:?}")).into(),
                    ));
                }
            };
            let life = keep_until.duration_since((self.clock)()).unwrap_or_default();
            self.write_tombstone(key, not_before, life).await.map_err(unreachable)
        })
    }
}

/// Whether the tombstone ends a session that began then. One that cannot be read ends it: it was written to end one.
fn covers(tombstone: &Record, created_at: SystemTime) -> bool {
    tombstone.mark.is_empty() || decode(tombstone).is_none_or(|not_before| created_at < not_before)
}

fn encode(not_before: Option<SystemTime>) -> Vec<u8> {
    let mut out = Encoder::new();
    if let Some(not_before) = not_before {
        out.millis(not_before);
    }
    out.finish().to_vec()
}

fn decode(tombstone: &Record) -> Option<SystemTime> {
    Decoder::new(&tombstone.mark).millis().ok()
}

fn unreachable(error: StoreError) -> LedgerError {
    match error {
        StoreError::Full => LedgerError::Full,
        unreachable @ StoreError::Unreachable(_) => LedgerError::Unreachable(unreachable.into()),
    }
}
