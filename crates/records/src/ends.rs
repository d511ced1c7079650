//! How sessions end in the store: individually in their heads, or together by owner or by the provider's session
//! identifier.

mod list;

use std::time::{Duration, SystemTime};

use ironleaf_auth::{CLOCK_SKEW, EndReason, Head, HeadState, HeadVersion};
use ironleaf_session::{Owner, SessionId};
use ironleaf_store::{Body, Draft, Durability, Eviction, Expected, Key, Record, StoreError, Written};
use tokio::time::Instant;

use self::list::{Ended, Ends};
use crate::Records;
use crate::encoding::{decode_mark, encode_mark};
use crate::keys::{ended_owner_key, ended_provider_sid_key, ends_key, head_key};
use crate::tombstone::{Except, Grave};

/// The version for a head that is not kept, because its session is older than all the ended sessions of its owner that
/// are remembered.
pub(crate) const NOT_KEPT: HeadVersion = HeadVersion([0xff; 16]);

/// Losing this many races in a row means that something other than a race is wrong.
const MAX_RACES: usize = 16;

/// How long the newest grant of an ended session waits until the provider is told.
const UNTOLD_FOR: Duration = Duration::from_hours(1);

/// The first pause before an end that could not be written is tried again. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A store that is away for longer is an outage of its own. By then, the access token in a copied cookie has expired.
const GIVE_UP: Duration = Duration::from_hours(1);

/// How far an end reaches beyond an earlier one from a clock that is ahead. A sign-in between the two begins at the
/// time of the first, and each sign-in over that session begins a millisecond later. Nobody signs in so often before
/// the clocks have passed that time.
const BEYOND_A_CLOCK_AHEAD: Duration = Duration::from_secs(1);

/// The sessions that end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// One session.
    Session {
        /// The session's identifier.
        id: SessionId,
        /// The session's owner.
        owner: Owner,
        /// When the session began.
        created_at: SystemTime,
    },
    /// All sessions of the owner that began before a time.
    Owner {
        /// The owner.
        owner: Owner,
        /// Sessions that began at this time or later stay.
        not_before: SystemTime,
    },
    /// All sessions of the owner that began before a time, but one.
    Others {
        /// The owner.
        owner: Owner,
        /// Sessions that began at this time or later stay.
        not_before: SystemTime,
        /// The identifier of the session that stays.
        except: SessionId,
        /// When that one began.
        created_at: SystemTime,
    },
    /// All sessions with this session identifier of the provider that began before a time.
    ProviderSid {
        /// The identifier.
        sid: String,
        /// Sessions that began at this time or later stay.
        not_before: SystemTime,
    },
}

impl Records {
    /// After this, no replica accepts a copy of a cookie of these sessions, for as long as one could arrive.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the end may or may not be written.
    pub async fn end(&self, what: &End, reason: EndReason) -> Result<(), StoreError> {
        self.try_to_end(what, reason, false).await
    }

    async fn try_to_end(&self, what: &End, reason: EndReason, again: bool) -> Result<(), StoreError> {
        match what {
            End::Session { id, owner, created_at } => {
                self.end_session(*id, owner, *created_at, reason).await?;
                self.forget_session(owner, *id).await;
                Ok(())
            }
            End::Owner { owner, not_before } => {
                self.write_grave(ended_owner_key(owner), |found| {
                    self.end_all(*not_before, reason, found, again, None)
                })
                .await?;
                self.forget_ended_sessions(owner).await;
                Ok(())
            }
            End::Others { owner, not_before, except, created_at } => {
                let except = Except::new(&head_key(except.as_bytes()), *created_at);
                self.write_grave(ended_owner_key(owner), |found| {
                    self.end_all(*not_before, reason, found, again, Some(except))
                })
                .await?;
                self.forget_ended_sessions(owner).await;
                Ok(())
            }
            End::ProviderSid { sid, not_before } => {
                self.write_grave(ended_provider_sid_key(sid), |found| {
                    self.end_all(*not_before, reason, found, again, None)
                })
                .await
            }
        }
    }

    /// Like [`Self::end`], as soon as the store is back. A failed sign-out must not leave a copy of the cookie valid
    /// for as long as the session could have lasted.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, not of a request")]
    pub async fn end_when_possible(&self, what: End, reason: EndReason) {
        let deadline = Instant::now() + GIVE_UP;
        let mut pause = FIRST_PAUSE;
        while Instant::now() < deadline {
            tokio::time::sleep(pause).await;
            // A sign-in since then happened after this was requested.
            if self.try_to_end(&what, reason, true).await.is_ok() {
                tracing::info!("the end of a session is stored now");
                return;
            }
            pause = LONGEST_PAUSE.min(2 * pause);
        }
        tracing::error!("the end of a session could not be stored; copies of its cookie stay valid");
    }

    /// The time before which sessions of this owner must have begun to be over. A sign-in that begins now is newer than
    /// all recorded ends, even by a clock ahead of ours. Nobody can sign in to a deleted account.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    pub async fn newest_end(
        &self,
        owner: &Owner,
        provider_sid: Option<&str>,
    ) -> Result<Option<SystemTime>, StoreError> {
        let graves = self.graves(owner, provider_sid).await?;
        let graves = graves.into_iter().filter(|grave| grave.reason != EndReason::AccountDeleted);
        Ok(graves.filter_map(|grave| grave.not_before).max())
    }

    /// The time before which sessions with this session identifier of the provider must have begun to be over.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreachable`].
    pub async fn newest_end_of_sid(&self, sid: &str) -> Result<Option<SystemTime>, StoreError> {
        let found = self.store.read(&[ended_provider_sid_key(sid)]).await?.into_iter().next().flatten();
        Ok(found.and_then(|record| Grave::decode(&record.mark).not_before))
    }

    pub(crate) async fn graves(
        &self,
        owner: &Owner,
        provider_sids: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<Grave>, StoreError> {
        let mut keys = vec![ended_owner_key(owner)];
        keys.extend(provider_sids.into_iter().map(ended_provider_sid_key));
        let records = self.store.read(&keys).await?;
        Ok(records.into_iter().flatten().map(|record| Grave::decode(&record.mark)).collect())
    }

    /// Writes the end into the head, and leaves the grant there until the provider was told. A refresh in progress
    /// finds the end when it is done.
    async fn end_session(
        &self,
        id: SessionId,
        owner: &Owner,
        created_at: SystemTime,
        reason: EndReason,
    ) -> Result<(), StoreError> {
        let key = head_key(id.as_bytes());
        for _ in 0..MAX_RACES {
            let found = self.store.read(&[key]).await?.into_iter().next().flatten();
            let expected = found.as_ref().map_or(Expected::Absent, |found| Expected::Version(found.version));
            if found.is_none() && !self.admit_end(owner, key, created_at, reason).await? {
                return Ok(());
            }
            let Some(draft) = self.ending(found, created_at, reason) else { return Ok(()) };
            let mark_alone = Draft { body: None, mark: draft.mark.clone(), ..draft };
            let written = match self.store.write(&key, expected, draft).await {
                // That the session is over matters more than telling the provider.
                Err(StoreError::Full(_)) => self.store.write(&key, expected, mark_alone).await,
                written => written,
            };
            if let Written::Done(_) = written? {
                return Ok(());
            }
        }
        let Some(draft) = self.ending(None, created_at, reason) else { return Ok(()) };
        self.store.write(&key, Expected::Anything, draft).await.map(drop)
    }

    /// `None` if the session is already over.
    fn ending(&self, found: Option<Record>, created_at: SystemTime, reason: EndReason) -> Option<Draft> {
        let known = found.as_ref().and_then(|found| decode_mark(&found.mark).ok());
        let fresh = Head { rotation: 0, state: HeadState::Idle, not_before: None, grant: None, shown: false };
        let head = known.unwrap_or(fresh);
        let unspent = match head.state {
            HeadState::Ending { reason, .. } | HeadState::Dead(reason) if !reason.is_of_one_rotation() => {
                return None;
            }
            HeadState::Idle => true,
            HeadState::Ending { unspent, .. } => unspent,
            HeadState::Presented { .. } | HeadState::InDoubt { .. } | HeadState::Dead(_) => false,
        };
        let mark =
            encode_mark(&Head { state: HeadState::Ending { reason, unspent }, not_before: None, ..head });
        // The body is sealed beside its rotation, which does not change, so its bytes stay valid.
        let bytes = found.and_then(|found| found.body);
        let body = bytes.map(|bytes| Body { bytes, ttl: UNTOLD_FOR, eviction: Eviction::First });
        let keep_until = self.cookies_end(created_at);
        Some(Draft { mark, mark_ttl: self.left(keep_until), body, durability: Durability::Synced })
    }

    /// Makes room to remember one more individually ended session of the owner, and returns whether to remember it. If
    /// there are too many, the oldest is forgotten, and a tombstone ends every session that is as old or older.
    pub(crate) async fn admit_end(
        &self,
        owner: &Owner,
        session: Key,
        created_at: SystemTime,
        reason: EndReason,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_RACES {
            let (found, mut ends) = self.ends(owner).await?;
            if ends.has(&session) {
                return Ok(true);
            }
            let room = self.limits.ends_per_owner;
            let forgotten = ends.add(Ended { created_at, session }, self.oldest_of_interest(), room);
            let heads = self.heads_of(&forgotten).await?;
            for (end, head) in &heads {
                if is_dead(head) {
                    ends.tell(end, room);
                }
            }
            // SECURITY: write what covers the forgotten sessions first, then forget them.
            if let Some(newest) = forgotten.iter().map(|end| end.created_at).max() {
                let overflow = self.grave(newest + Duration::from_millis(1), reason);
                self.write_grave(ended_owner_key(owner), |found| {
                    found.map_or(overflow, |found| overflow.beyond(found))
                })
                .await?;
            }
            match self.write_ends(owner, found, &ends).await {
                Ok(true) => {}
                Ok(false) => continue,
                // The end itself matters more than the space that it takes.
                Err(StoreError::Full(_)) => return Ok(true),
                Err(error) => return Err(error),
            }
            for (end, head) in heads {
                let (mark_ttl, durability) = (Duration::ZERO, Durability::Relaxed);
                let nothing = Draft { mark: Vec::new(), mark_ttl, body: None, durability };
                // A head that has changed since stays.
                let _ = self.store.write(&end.session, Expected::Version(head.version), nothing).await?;
            }
            return Ok(forgotten.iter().all(|end| end.session != session));
        }
        // Of many concurrent ends, some are not in the list. They are remembered in their heads all the same.
        Ok(true)
    }

    async fn heads_of(&self, ended: &[Ended]) -> Result<Vec<(Ended, Record)>, StoreError> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = ended.iter().map(|end| end.session).collect();
        let heads = self.store.read(&keys).await?;
        Ok(ended.iter().cloned().zip(heads).filter_map(|(end, head)| Some((end, head?))).collect())
    }

    /// Whether the provider was told of the end of a session without a head.
    pub(crate) async fn is_told(
        &self,
        owner: &Owner,
        session: Key,
        created_at: SystemTime,
    ) -> Result<bool, StoreError> {
        let found = self.store.read(&[ends_key(owner)]).await?.into_iter().next().flatten();
        let Some(found) = found else { return Ok(false) };
        // SECURITY: if this is unknown, the provider counts as told. Some providers treat a second report as theft.
        let ends = found.body.as_deref().and_then(Ends::decode);
        Ok(ends.is_none_or(|ends| ends.is_told(&Ended { created_at, session })))
    }

    /// Records that the provider was told of the end of a session without a head. Returns `false` if it was told
    /// before.
    pub(crate) async fn note_told(
        &self,
        owner: &Owner,
        session: Key,
        created_at: SystemTime,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_RACES {
            let (found, mut ends) = self.ends(owner).await?;
            if !ends.tell(&Ended { created_at, session }, self.limits.ends_per_owner) {
                return Ok(false);
            }
            match self.write_ends(owner, found, &ends).await {
                Ok(false) => {}
                Ok(true) | Err(StoreError::Full(_)) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    async fn ends(&self, owner: &Owner) -> Result<(Option<Record>, Ends), StoreError> {
        let found = self.store.read(&[ends_key(owner)]).await?.into_iter().next().flatten();
        let ends = found.as_ref().and_then(|found| Ends::decode(found.body.as_deref()?)).unwrap_or_default();
        Ok((found, ends))
    }

    /// Returns whether the list was still the one that was `found`.
    async fn write_ends(
        &self,
        owner: &Owner,
        found: Option<Record>,
        ends: &Ends,
    ) -> Result<bool, StoreError> {
        // A power cut may lose part of the list. It only bounds the store, so no request waits for the disk to keep it
        // exact.
        let (mark_ttl, durability) = (self.limits.absolute_timeout + 2 * CLOCK_SKEW, Durability::Relaxed);
        let body = Some(Body { bytes: ends.encode(), ttl: mark_ttl, eviction: Eviction::Last });
        let draft = Draft { mark: Vec::new(), mark_ttl, body, durability };
        let expected = found.map_or(Expected::Absent, |found| Expected::Version(found.version));
        let written = self.store.write(&ends_key(owner), expected, draft).await?;
        Ok(matches!(written, Written::Done(_)))
    }

    /// Ends of sessions that began before this time need not be remembered.
    fn oldest_of_interest(&self) -> SystemTime {
        let life = self.limits.absolute_timeout + 2 * CLOCK_SKEW;
        (self.clock)().checked_sub(life).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn grave(&self, not_before: SystemTime, reason: EndReason) -> Grave {
        let keep_until = Some(self.cookies_end(not_before));
        Grave {
            reason,
            not_before: Some(not_before),
            keep_until,
            is_told: false,
            earlier: None,
            except: None,
        }
    }

    /// When the last cookie of a session that began then can have arrived, by any clock.
    fn cookies_end(&self, created_at: SystemTime) -> SystemTime {
        created_at + self.limits.absolute_timeout + 2 * CLOCK_SKEW
    }

    fn left(&self, until: SystemTime) -> Duration {
        until.duration_since((self.clock)()).unwrap_or_default()
    }

    /// Of two ends by time, the later one stays, for as long as either is needed. An end below another one also ends
    /// sessions that began since that one, but not a session that begins at its own time: that is how all sessions but
    /// one are ended. This rule is for clocks ahead of ours. An end that was requested earlier and is written late
    /// reaches no further than intended.
    fn end_all(
        &self,
        not_before: SystemTime,
        reason: EndReason,
        found: Option<Grave>,
        again: bool,
        except: Option<Except>,
    ) -> Grave {
        let Some(found) = found else { return Grave { except, ..self.grave(not_before, reason) } };
        // Nobody signs in after the end of a deleted account.
        let others = Some(found).filter(|found| found.reason != EndReason::AccountDeleted);
        let ahead = others
            .and_then(|found| found.not_before)
            .filter(|ahead| !again && *ahead > not_before.max((self.clock)()));
        let reaches = ahead.map_or(not_before, |ahead| ahead + BEYOND_A_CLOCK_AHEAD);
        Grave { except, ..self.grave(reaches, reason) }.and(found)
    }

    /// Writes what `make` returns for the existing tombstone.
    async fn write_grave(&self, key: Key, make: impl Fn(Option<Grave>) -> Grave) -> Result<(), StoreError> {
        let draft = |grave: Grave| {
            let until = grave.keep_until.unwrap_or_else(|| self.cookies_end((self.clock)()));
            let mark_ttl = self.left(until);
            Draft { mark: grave.encode(), mark_ttl, body: None, durability: Durability::Synced }
        };
        for _ in 0..MAX_RACES {
            let found = self.store.read(&[key]).await?.into_iter().next().flatten();
            let grave = make(found.as_ref().map(|found| Grave::decode(&found.mark)));
            let expected = found.map_or(Expected::Absent, |record| Expected::Version(record.version));
            if let Written::Done(_) = self.store.write(&key, expected, draft(grave)).await? {
                return Ok(());
            }
        }
        let found = self.store.read(&[key]).await?.into_iter().next().flatten();
        let grave = make(found.map(|found| Grave::decode(&found.mark)));
        self.store.write(&key, Expected::Anything, draft(grave)).await.map(drop)
    }
}

fn is_dead(head: &Record) -> bool {
    decode_mark(&head.mark).is_ok_and(|head| matches!(head.state, HeadState::Dead(_)))
}
