use std::time::SystemTime;

use http::Extensions;
use ironleaf_auth::{EndReason, HeadState, HeadsError, KeptHead};
use ironleaf_session::{
    Advance, Identity, Known, Ledger, LedgerError, LedgerFuture, Passage, RotationOrigin, Standing, Tombstone,
};
use ironleaf_store::{Key, Record as StoredRecord, StoreError};

use crate::keys::{ended_owner_key, ended_provider_sid_key, ended_session_key, head_key};
use crate::tombstone::Grave;
use crate::{ArrivedHead, End, EndedBecause, Records};

/// What the store keeps for one session.
struct Found {
    head: Option<KeptHead>,
    /// Why the session is over, if a tombstone says so, and whether the provider was told.
    buried: Option<(EndReason, bool)>,
}

impl Found {
    /// Why a cookie with this rotation belongs to an ended session.
    fn ended(&self, rotation: u64) -> Option<EndedBecause> {
        let state = self.head.as_ref().map(|kept| kept.head.state);
        let is_dead = matches!(state, Some(HeadState::Dead(_)));
        // The task that wrote the end into the head may not have known why the person's sessions ended.
        if let Some((reason, is_told)) = self.buried {
            return Some(EndedBecause { reason, is_untold: !is_told && !is_dead });
        }
        let kept = self.head.as_ref()?;
        let reason = kept.end_for(rotation)?;
        let is_untold = match state {
            Some(HeadState::Ending { .. }) => true,
            // The grant after this cookie's was never shown, so nobody has it, and the session is over.
            Some(HeadState::Idle) if reason == EndReason::Superseded => !kept.head.shown,
            _ => false,
        };
        Some(EndedBecause { reason, is_untold })
    }
}

impl Records {
    /// Takes one round trip. There is a second one if a renewal has brought an identifier that the cookie does not
    /// know, and for an ended session without a head.
    async fn find(&self, session: &Identity) -> Result<Found, StoreError> {
        let head_key = head_key(session.id.as_bytes());
        let records = self.store.read(&keys_of(session).collect::<Vec<_>>()).await?;
        let (head, mut graves) = self.open(head_key, records.into_iter());
        #[cfg(feature = "mutants")]
        if ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::TombstonesNotChecked) {
            let head =
                head.filter(|kept| !matches!(kept.head.state, HeadState::Ending { .. } | HeadState::Dead(_)));
            return Ok(Found { head, buried: None });
        }
        if let Some(sid) = head.as_ref().and_then(|kept| renewed_sid(kept, session)) {
            let found = self.store.read(&[ended_provider_sid_key(sid)]).await?;
            graves.extend(found.into_iter().flatten().map(|record| Grave::decode(&record.mark)));
        }
        let mut buried = buried(&graves, &head_key, session);
        // For some sessions, the store keeps only that the provider was told.
        if let (None, Some((_, is_told @ false))) = (&head, &mut buried) {
            *is_told = self.is_told(&session.owner, head_key, session.created_at).await?;
        }
        Ok(Found { head, buried })
    }

    /// Which of these sessions have ended, in their order. A session whose tokens were renewed since has not. However many
    /// sessions they are, this takes one round trip, and a second one if renewals have brought identifiers that they do not
    /// know.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    pub async fn ended_among(&self, sessions: &[Identity]) -> Result<Vec<bool>, StoreError> {
        let keys: Vec<_> = sessions.iter().flat_map(keys_of).collect();
        let mut records = self.store.read(&keys).await?.into_iter();
        let mut found: Vec<_> = sessions
            .iter()
            .map(|session| {
                let own = records.by_ref().take(keys_of(session).count());
                self.open(head_key(session.id.as_bytes()), own)
            })
            .collect();
        let renewed: Vec<_> = found
            .iter()
            .zip(sessions)
            .enumerate()
            .filter_map(|(at, ((head, _), session))| {
                let sid = head.as_ref().and_then(|kept| renewed_sid(kept, session))?;
                Some((at, ended_provider_sid_key(sid)))
            })
            .collect();
        if !renewed.is_empty() {
            let keys: Vec<_> = renewed.iter().map(|(_, key)| *key).collect();
            for (record, (at, _)) in self.store.read(&keys).await?.into_iter().zip(&renewed) {
                found[*at].1.extend(record.map(|record| Grave::decode(&record.mark)));
            }
        }
        let is_over = |((head, graves), session): ((Option<KeptHead>, Vec<Grave>), &Identity)| {
            let buried = buried(&graves, &head_key(session.id.as_bytes()), session);
            // What counts is the session, and no single rotation.
            Found { head, buried }.ended(u64::MAX).is_some()
        };
        Ok(found.into_iter().zip(sessions).map(is_over).collect())
    }

    /// The head of a session and its tombstones, from what the store has for [`keys_of`].
    fn open(
        &self,
        head_key: Key,
        mut records: impl Iterator<Item = Option<StoredRecord>>,
    ) -> (Option<KeptHead>, Vec<Grave>) {
        let head = records.next().flatten().map(|record| self.open_head(&head_key, &record));
        (head, records.flatten().map(|record| Grave::decode(&record.mark)).collect())
    }
}

/// Where the store has what it knows of a session: first its head, then its tombstones.
fn keys_of(session: &Identity) -> impl Iterator<Item = Key> {
    let (id, sid) = (session.id.as_bytes(), session.provider_sid.as_deref());
    let keys = [head_key(id), ended_session_key(id), ended_owner_key(&session.owner)];
    keys.into_iter().chain(sid.map(ended_provider_sid_key))
}

/// Why the session is over according to its tombstones, and whether the provider was told.
fn buried(graves: &[Grave], head_key: &Key, session: &Identity) -> Option<(EndReason, bool)> {
    let ends = graves.iter().filter_map(|grave| grave.end_of(head_key, session.created_at));
    ends.max_by_key(|(reason, _)| *reason != EndReason::SignedOut)
}

/// The identifier by which the provider knows the session now, if the cookie has a different one.
fn renewed_sid<'a>(kept: &'a KeptHead, session: &Identity) -> Option<&'a str> {
    let sid = kept.head.grant.as_ref()?.provider_sid.as_deref()?;
    let is_news = kept.head.rotation > session.rotation && session.provider_sid.as_deref() != Some(sid);
    is_news.then_some(sid)
}

impl Ledger for Records {
    fn standing<'a>(&'a self, session: &'a Identity) -> LedgerFuture<'a, Known> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            let mut extensions = Extensions::new();
            if let Some(because) = found.ended(session.rotation) {
                extensions.insert(because);
                return Ok(Known { standing: Standing::Ended, extensions });
            }
            let rotation = found.head.as_ref().map_or(0, |kept| kept.head.rotation);
            extensions.insert(ArrivedHead(Ok(found.head)));
            Ok(Known { standing: Standing::Live { rotation }, extensions })
        })
    }

    /// This writes nothing, because the head was written before anybody could have a cookie with its rotation.
    ///
    /// SECURITY: a rotation that a response has made by itself is in no head, and must never leave. The next refresh
    /// counts the same rotation. The tokens of the change, which that refresh has spent, would then count as the
    /// newest. A head cannot record it either: there is no grant for it, and without one every older cookie would be
    /// superseded.
    fn advance<'a>(&'a self, session: &'a Identity, advance: &'a Advance) -> LedgerFuture<'a, Passage> {
        Box::pin(async move {
            let found = self.find(session).await.map_err(unreachable)?;
            if found.ended(session.rotation).is_some() {
                return Ok(Passage::Ended);
            }
            if advance.origin == RotationOrigin::Own {
                tracing::error!(
                    rotation = advance.rotation,
                    "a change is not written: rotations are counted in the head, so `adopt` or `amend` the session instead"
                );
                return Ok(Passage::Overtaken);
            }
            let is_overtaken = found.head.is_some_and(|kept| kept.head.rotation > advance.rotation);
            Ok(if is_overtaken { Passage::Overtaken } else { Passage::Free })
        })
    }

    fn end<'a>(&'a self, tombstone: &'a Tombstone, _: SystemTime) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let (what, reason) = match tombstone {
                Tombstone::Session { id, owner, created_at, is_replaced } => {
                    let reason = if *is_replaced { EndReason::Replaced } else { EndReason::SignedOut };
                    (End::Session { id: *id, owner: *owner, created_at: *created_at }, reason)
                }
                Tombstone::Owner { owner, not_before } => {
                    (End::Owner { owner: *owner, not_before: *not_before }, EndReason::SignedOut)
                }
                Tombstone::ProviderSid { sid, not_before } => {
                    (End::ProviderSid { sid: sid.clone(), not_before: *not_before }, EndReason::SignedOut)
                }
                other => {
                    let error = HeadsError(format!("no way to keep {other:?}"));
                    return Err(LedgerError::Unreachable(error.into()));
                }
            };
            Records::end(self, &what, reason).await.map_err(unreachable)
        })
    }
}

fn unreachable(error: StoreError) -> LedgerError {
    match error {
        StoreError::Full(limit) => LedgerError::Full(limit.to_string()),
        unreachable @ StoreError::Unreachable(_) => LedgerError::Unreachable(unreachable.into()),
    }
}
