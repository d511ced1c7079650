//! What this process knows about sessions in addition to their heads, bounded in size.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::{AttemptId, HeadState, NotBefore, SessionKey};

/// About ten megabytes of keys. Beyond that nothing new is remembered, which costs only availability in an outage.
const MAX_CONFIRMED: usize = 100_000;
/// Longer than any provider recognises a repetition.
const CONFIRMED_FOR: Duration = Duration::from_hours(1);
const MAX_OUTCOMES: usize = 10_000;
/// Tens of megabytes of grants and tasks.
const MAX_UNKEPT: usize = 10_000;
/// How many refreshes at a time keep being repeated after everybody was answered.
const MAX_SEEN_THROUGH: usize = 64;

/// Facts about sessions; each field says which.
#[derive(Default)]
pub(super) struct Knowledge {
    /// When the store last said that a rotation is the newest and that its token was not presented.
    confirmed: Mutex<HashMap<SessionKey, Said>>,
    /// How an attempt of this process ended, if that could not be written to the head.
    outcomes: Mutex<HashMap<SessionKey, (Outcome, Instant)>>,
    /// When the rest of a refused token is over, if no head could record that.
    rests: Mutex<HashMap<SessionKey, Wait>>,
    /// When this process first saw an attempt whose times were written by a wrong clock.
    seen: Mutex<HashMap<AttemptId, Instant>>,
    /// The refreshes that continue after everybody was answered.
    seen_through: Mutex<HashSet<SessionKey>>,
    /// How many grants only this process has, during a long outage of the store.
    unkept: AtomicUsize,
}

/// What the store said about a rotation.
#[derive(Debug, Clone, Copy)]
struct Said {
    at: Instant,
    /// A head that accepts no writes does not prove that nobody presented the token: that could not be written down either.
    is_believed: bool,
}

/// A wait that the provider asked for.
#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Instant,
    by_clock: SystemTime,
}

impl Wait {
    /// Uses both clocks. The machine's clock continues during a suspension and the runtime's does not, but the
    /// machine's may be set back.
    fn left(self, now: SystemTime) -> Duration {
        let by_clock = self.by_clock.duration_since(now).unwrap_or_default();
        by_clock.min(self.until.saturating_duration_since(Instant::now()))
    }
}

/// The state in which an attempt left its token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) by: AttemptId,
    pub(super) state: HeadState,
    pub(super) not_before: Option<NotBefore>,
}

impl Knowledge {
    /// The store says that this rotation is the newest and that its token was not presented.
    pub(super) fn confirm(&self, session: &SessionKey) {
        self.note_said(session, true);
    }

    /// From now on, do not rely on what the store says about this rotation until it accepts a write.
    pub(super) fn disbelieve(&self, session: &SessionKey) {
        self.note_said(session, false);
    }

    /// The head accepted a write.
    pub(super) fn believe(&self, session: &SessionKey) {
        lock(&self.confirmed).remove(session);
    }

    fn note_said(&self, session: &SessionKey, is_believed: bool) {
        let now = Instant::now();
        let mut confirmed = lock(&self.confirmed);
        let known = confirmed.get(session).copied();
        if confirmed.len() >= MAX_CONFIRMED && known.is_none() {
            confirmed.retain(|_, said| now.duration_since(said.at) < CONFIRMED_FOR);
            if confirmed.len() >= MAX_CONFIRMED {
                return;
            }
        }
        let is_believed = is_believed && known.is_none_or(|said| said.is_believed);
        confirmed.insert(session.clone(), Said { at: now, is_believed });
    }

    /// How long ago the store last said that this rotation is the newest. `None` if that cannot be relied on.
    pub(super) fn confirmed_ago(&self, session: &SessionKey) -> Option<Duration> {
        let said = lock(&self.confirmed).get(session).copied().filter(|said| said.is_believed);
        said.map(|said| said.at.elapsed())
    }

    pub(super) fn forget(&self, session: &SessionKey) {
        lock(&self.confirmed).remove(session);
        lock(&self.outcomes).remove(session);
    }

    pub(super) fn remember(&self, session: &SessionKey, outcome: Outcome) {
        let mut outcomes = lock(&self.outcomes);
        if outcomes.len() >= MAX_OUTCOMES {
            // Longer than the attempts to write an outcome down.
            outcomes.retain(|_, (_, at)| at.elapsed() < CONFIRMED_FOR);
        }
        if outcomes.len() < MAX_OUTCOMES || outcomes.contains_key(session) {
            outcomes.insert(session.clone(), (outcome, Instant::now()));
        }
    }

    /// How an attempt ended, if the head only knows that it began.
    pub(super) fn outcome(&self, session: &SessionKey, by: AttemptId) -> Option<Outcome> {
        lock(&self.outcomes).get(session).map(|(outcome, _)| *outcome).filter(|outcome| outcome.by == by)
    }

    /// The provider asked to wait, and no head can record that.
    pub(super) fn rest(&self, session: &SessionKey, wait: Duration, now: SystemTime) {
        let mut rests = lock(&self.rests);
        if rests.len() >= MAX_OUTCOMES {
            rests.retain(|_, wait| !wait.left(now).is_zero());
        }
        if rests.len() < MAX_OUTCOMES {
            rests.insert(session.clone(), Wait { until: Instant::now() + wait, by_clock: now + wait });
        }
    }

    /// The rest of that wait.
    pub(super) fn rests_for(&self, session: &SessionKey, now: SystemTime) -> Option<Duration> {
        let wait = lock(&self.rests).get(session).copied()?;
        Some(wait.left(now)).filter(|left| !left.is_zero())
    }

    /// How long this process has known of an attempt. The first call starts the time.
    pub(super) fn seen_for(&self, by: AttemptId) -> Duration {
        let mut seen = lock(&self.seen);
        if seen.len() >= MAX_OUTCOMES && !seen.contains_key(&by) {
            seen.retain(|_, at| at.elapsed() < CONFIRMED_FOR);
        }
        seen.entry(by).or_insert_with(Instant::now).elapsed()
    }

    /// Reserves a place among the grants that only this process has.
    pub(super) fn unkept_grant(&self) -> Option<UnkeptGrant<'_>> {
        let more = |unkept| (unkept < MAX_UNKEPT).then_some(unkept + 1);
        self.unkept
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()
            .map(|_| UnkeptGrant(&self.unkept))
    }

    /// Reserves a place among the refreshes that continue after everybody was answered: one for each session, and at most
    /// `MAX_SEEN_THROUGH` in total.
    pub(super) fn see_through(&self, session: &SessionKey) -> Option<Place<'_>> {
        let mut places = lock(&self.seen_through);
        if places.len() >= MAX_SEEN_THROUGH || !places.insert(session.clone()) {
            return None;
        }
        Some(Place { knowledge: self, session: session.clone() })
    }
}

/// The place is returned on drop.
pub(super) struct UnkeptGrant<'a>(&'a AtomicUsize);

impl Drop for UnkeptGrant<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place is returned on drop.
pub(super) struct Place<'a> {
    knowledge: &'a Knowledge,
    session: SessionKey,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.knowledge.seen_through).remove(&self.session);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
