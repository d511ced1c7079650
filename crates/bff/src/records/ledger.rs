use std::time::{Duration, SystemTime};

use http::Extensions;
use ironleaf_auth::HeadsError;
use ironleaf_session::{Identity, Known, Ledger, LedgerError, LedgerFuture, Standing, Tombstone};
use ironleaf_store::{Draft, Durability, Expected, Key, Record, StoreError, Written};
use tokio::time::Instant;

use super::encoding::decode_mark;
use super::tombstone::Grave;
use super::{
    ArrivedHead, EndedBecause, Records, ended_owner_key, ended_provider_sid_key, ended_session_key, head_key,
};
use crate::SignedOutReason;

/// A tombstone that was beaten so often in a row is no race any more.
const MAX_RACES: usize = 16;

/// A tombstone that could not be written is tried again after this, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A store that is away for longer is an outage of its own; by then the access token in a copied cookie is over.
const GIVE_UP: Duration = Duration::from_hours(1);

/// The records of one session: its head, then its tombstones.
struct Found {
    head_key: Key,
    head: Option<Record>,
    ended: Option<SignedOutReason>,
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
            return Ok(Found { head_key, head, ended: None });
        }
        // Who wrote the tombstone of this very session may not have known why the person's sessions ended.
        let graves = records.flatten().map(|record| Grave::decode(&record.mark));
        let ended = graves
            .filter(|grave| grave.covers(session.created_at))
            .map(|grave| grave.reason)
            .max_by_key(|reason| *reason != SignedOutReason::SignedOut);
        Ok(Found { head_key, head, ended })
    }

    /// Ends sessions as soon as the store is there again: a failed sign-out must not leave a copy of the cookie alive for as
    /// long as the session could have lasted.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, not of a request")]
    pub(crate) async fn end_when_possible(
        &self,
        tombstone: Tombstone,
        reason: SignedOutReason,
        keep_until: SystemTime,
    ) {
        let deadline = Instant::now() + GIVE_UP;
        let mut pause = FIRST_PAUSE;
        while Instant::now() < deadline {
            tokio::time::sleep(pause).await;
            if self.end_because(&tombstone, reason, keep_until).await.is_ok() {
                tracing::info!("the end of a session was written down after all");
                return;
            }
            pause = LONGEST_PAUSE.min(2 * pause);
        }
        tracing::error!("the end of a session could not be written down; copies of its cookie still open");
    }

    /// [`Ledger::end`] with a reason, for whoever comes with such a session afterwards.
    pub(crate) async fn end_because(
        &self,
        tombstone: &Tombstone,
        reason: SignedOutReason,
        keep_until: SystemTime,
    ) -> Result<(), LedgerError> {
        let (key, not_before) = match tombstone {
            Tombstone::Session(id) => (ended_session_key(id.as_bytes()), None),
            Tombstone::Owner { owner, not_before } => (ended_owner_key(owner), Some(*not_before)),
            Tombstone::ProviderSid { sid, not_before } => (ended_provider_sid_key(sid), Some(*not_before)),
            other => {
                return Err(LedgerError::Unreachable(HeadsError(format!("no way to keep {other:?}")).into()));
            }
        };
        let life = keep_until.duration_since((self.clock)()).unwrap_or_default();
        self.write_grave(key, Grave { reason, not_before }, life).await.map_err(unreachable)
    }

    /// Of two that end what began before a time, the later stays.
    async fn write_grave(&self, key: Key, grave: Grave, life: Duration) -> Result<(), StoreError> {
        let durability = Durability::Synced;
        let draft = |grave: Grave| Draft { mark: grave.encode(), mark_ttl: life, body: None, durability };
        if grave.not_before.is_none() {
            return self.store.write(&key, Expected::Anything, draft(grave)).await.map(drop);
        }
        for _ in 0..MAX_RACES {
            let found = self.store.read(&[key]).await?.into_iter().next().flatten();
            let other = found.as_ref().map(|record| Grave::decode(&record.mark));
            let later = other.filter(|other| other.not_before > grave.not_before).unwrap_or(grave);
            let expected = found.map_or(Expected::Absent, |record| Expected::Version(record.version));
            if let Written::Done(_) = self.store.write(&key, expected, draft(later)).await? {
                return Ok(());
            }
        }
        self.store.write(&key, Expected::Anything, draft(grave)).await.map(drop)
    }
}

impl Ledger for Records {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            let mut extensions = Extensions::new();
            if let Some(reason) = found.ended {
                extensions.insert(EndedBecause(reason));
                return Ok(Known { standing: Standing::Ended, extensions });
            }
            let head = found.head.map(|record| self.open_head(&found.head_key, &record)).transpose();
            if let Ok(Some(end)) = head.as_ref().map(|head| head.as_ref()?.end_for(session.rotation)) {
                extensions.insert(EndedBecause(end.into()));
                return Ok(Known { standing: Standing::Ended, extensions });
            }
            let rotation = head.as_ref().ok().and_then(Option::as_ref).map_or(0, |kept| kept.head.rotation);
            extensions.insert(ArrivedHead(head));
            Ok(Known { standing: Standing::Live { rotation }, extensions })
        })
    }

    /// It writes nothing: the head was written before anybody could have a cookie of its rotation.
    fn advance<'a>(&'a self, session: &'a Identity, _: u64, _: SystemTime) -> LedgerFuture<'a, Standing> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            if found.ended.is_some() {
                return Ok(Standing::Ended);
            }
            let head = found.head.and_then(|record| decode_mark(&record.mark).ok());
            Ok(Standing::Live { rotation: head.map_or(0, |head| head.rotation) })
        })
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, keep_until: SystemTime) -> LedgerFuture<'a, ()> {
        Box::pin(self.end_because(tombstone, SignedOutReason::SignedOut, keep_until))
    }
}

fn unreachable(error: StoreError) -> LedgerError {
    match error {
        StoreError::Full(_) => LedgerError::Full,
        unreachable @ StoreError::Unreachable(_) => LedgerError::Unreachable(unreachable.into()),
    }
}
