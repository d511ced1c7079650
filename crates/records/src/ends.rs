//! How sessions end in the store: one by one in their heads, or together by owner or provider's session identifier.

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
use crate::tombstone::Grave;

/// Stands for the version of a head that is not kept: its session is older than all of the many of its owner that are
/// remembered as ended.
pub(crate) const NOT_KEPT: HeadVersion = HeadVersion([0xff; 16]);

/// An end that was beaten so often in a row is no race any more.
const MAX_RACES: usize = 16;

/// How long the newest grant of an ended session waits for the provider to be told.
const UNTOLD_FOR: Duration = Duration::from_hours(1);

/// An end that could not be written is tried again after this, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A store that is away for longer is an outage of its own; by then the access token in a copied cookie is over.
const GIVE_UP: Duration = Duration::from_hours(1);

/// How far the next end reaches beyond one by a clock ahead. Who signs in between the two begins at the time of the first, and who
/// signs in over that session a millisecond later, again and again: so often nobody does until the clocks are past it.
const BEYOND_A_CLOCK_AHEAD: Duration = Duration::from_secs(1);

/// What ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// One session.
    Session {
        /// Which.
        id: SessionId,
        /// Whose it is.
        owner: Owner,
        /// When it began.
        created_at: SystemTime,
    },
    /// Every session of the owner that began before a time.
    Owner {
        /// Whose.
        owner: Owner,
        /// Sessions that began at this time or later live on.
        not_before: SystemTime,
    },
    /// Every session with this session identifier of the provider's that began before a time.
    ProviderSid {
        /// The identifier.
        sid: String,
        /// Sessions that began at this time or later live on.
        not_before: SystemTime,
    },
}

impl Records {
    /// No copy of a cookie of what ends is accepted from here on, at any replica, as long as one could come.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: it may be written or not.
    pub async fn end(&self, what: &End, reason: EndReason) -> Result<(), StoreError> {
        self.try_to_end(what, reason, false).await
    }

    async fn try_to_end(&self, what: &End, reason: EndReason, again: bool) -> Result<(), StoreError> {
        match what {
            End::Session { id, owner, created_at } => self.end_session(*id, owner, *created_at, reason).await,
            End::Owner { owner, not_before } => {
                self.write_grave(ended_owner_key(owner), |found| {
                    self.end_all(*not_before, reason, found, again)
                })
                .await
            }
            End::ProviderSid { sid, not_before } => {
                self.write_grave(ended_provider_sid_key(sid), |found| {
                    self.end_all(*not_before, reason, found, again)
                })
                .await
            }
        }
    }

    /// The same as soon as the store is there again: a failed sign-out must not leave a copy of the cookie alive for as
    /// long as the session could have lasted.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, not of a request")]
    pub async fn end_when_possible(&self, what: End, reason: EndReason) {
        let deadline = Instant::now() + GIVE_UP;
        let mut pause = FIRST_PAUSE;
        while Instant::now() < deadline {
            tokio::time::sleep(pause).await;
            // Who has signed in since did so after this was asked for.
            if self.try_to_end(&what, reason, true).await.is_ok() {
                tracing::info!("the end of a session was written down after all");
                return;
            }
            pause = LONGEST_PAUSE.min(2 * pause);
        }
        tracing::error!("the end of a session could not be written down; copies of its cookie still open");
    }

    /// Before what time a session of this owner has to have begun to be over. A sign-in that begins now is newer than any end
    /// that is written down already, even by a clock ahead of ours. An account that is deleted is no place to begin.
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

    /// In its head, which the grant stays in until the provider was told. A refresh under way finds it there when it is done.
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
                // That the session is over matters more than who tells the provider.
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

    /// `None` where the session is over already.
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
        // Sealed beside its rotation, which stays: the bytes are good as they are.
        let bytes = found.and_then(|found| found.body);
        let body = bytes.map(|bytes| Body { bytes, ttl: UNTOLD_FOR, eviction: Eviction::First });
        let keep_until = self.cookies_end(created_at);
        Some(Draft { mark, mark_ttl: self.left(keep_until), body, durability: Durability::Synced })
    }

    /// Makes room to remember one more session of the owner as ended by itself, and says whether it is to be. Where there are too
    /// many, the oldest of them is forgotten, and from there on every session that is as old or older is over.
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
            // SECURITY: first what covers the forgotten ones, then what forgets them.
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
                // The end itself matters more than the room it takes.
                Err(StoreError::Full(_)) => return Ok(true),
                Err(error) => return Err(error),
            }
            for (end, head) in heads {
                let (mark_ttl, durability) = (Duration::ZERO, Durability::Relaxed);
                let nothing = Draft { mark: Vec::new(), mark_ttl, body: None, durability };
                // One that says something else by now stays.
                let _ = self.store.write(&end.session, Expected::Version(head.version), nothing).await?;
            }
            return Ok(forgotten.iter().all(|end| end.session != session));
        }
        // Of so many at once some are not in the list. They are remembered all the same.
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

    /// Whether the provider was told of the end of a session that has no head.
    pub(crate) async fn is_told(
        &self,
        owner: &Owner,
        session: Key,
        created_at: SystemTime,
    ) -> Result<bool, StoreError> {
        let found = self.store.read(&[ends_key(owner)]).await?.into_iter().next().flatten();
        let Some(found) = found else { return Ok(false) };
        // SECURITY: where nobody knows any more, it was. Some providers take the second time for a theft.
        let ends = found.body.as_deref().and_then(Ends::decode);
        Ok(ends.is_none_or(|ends| ends.is_told(&Ended { created_at, session })))
    }

    /// Writes down that the provider was told of the end of a session that has no head. `false` where it was told before.
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

    /// Whether the list was still the one that was `found`.
    async fn write_ends(
        &self,
        owner: &Owner,
        found: Option<Record>,
        ends: &Ends,
    ) -> Result<bool, StoreError> {
        // A power cut may forget some of the list: it bounds the store, and nobody waits for a disk to have it exact.
        let (mark_ttl, durability) = (self.limits.absolute_timeout + 2 * CLOCK_SKEW, Durability::Relaxed);
        let body = Some(Body { bytes: ends.encode(), ttl: mark_ttl, eviction: Eviction::Last });
        let draft = Draft { mark: Vec::new(), mark_ttl, body, durability };
        let expected = found.map_or(Expected::Absent, |found| Expected::Version(found.version));
        let written = self.store.write(&ends_key(owner), expected, draft).await?;
        Ok(matches!(written, Written::Done(_)))
    }

    /// The end of a session that began earlier is remembered by nobody any more.
    fn oldest_of_interest(&self) -> SystemTime {
        let life = self.limits.absolute_timeout + 2 * CLOCK_SKEW;
        (self.clock)().checked_sub(life).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn grave(&self, not_before: SystemTime, reason: EndReason) -> Grave {
        let keep_until = Some(self.cookies_end(not_before));
        Grave { reason, not_before: Some(not_before), keep_until, is_told: false, earlier: None }
    }

    /// When the last cookie of a session that began then can have come, by any clock.
    fn cookies_end(&self, created_at: SystemTime) -> SystemTime {
        created_at + self.limits.absolute_timeout + 2 * CLOCK_SKEW
    }

    fn left(&self, until: SystemTime) -> Duration {
        until.duration_since((self.clock)()).unwrap_or_default()
    }

    /// Of two that end what began before a time the later stays, for as long as either is needed. One below another ends what has
    /// begun since that one as well, though not what begins at its own time: that is how all sessions but one are ended. That is for a
    /// clock ahead of ours: an end that was asked for earlier and is written down late reaches no further than it was to.
    fn end_all(&self, not_before: SystemTime, reason: EndReason, found: Option<Grave>, again: bool) -> Grave {
        let Some(found) = found else { return self.grave(not_before, reason) };
        // Nobody begins after the end of an account that is gone.
        let others = Some(found).filter(|found| found.reason != EndReason::AccountDeleted);
        let ahead = others
            .and_then(|found| found.not_before)
            .filter(|ahead| !again && *ahead > not_before.max((self.clock)()));
        let reaches = ahead.map_or(not_before, |ahead| ahead + BEYOND_A_CLOCK_AHEAD);
        self.grave(reaches, reason).and(found)
    }

    /// What `make` makes of the tombstone that is there.
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
