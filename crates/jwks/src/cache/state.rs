//! What a cache remembers, and what follows from it at a given time. Nothing here waits.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::flight::{Flight, Landing};
use crate::{KeyCacheSettings, KeySet, KeySourceError, KeyStatus};

/// Keys are renewed in the last tenth of their life, at most this long before its end.
const LONGEST_LEAD: Duration = Duration::from_mins(5);

/// Keys that were fetched.
pub(super) struct Held {
    pub(super) keys: KeySet,
    /// Counts the fetches that brought keys.
    generation: u64,
    fetched_at: SystemTime,
    life: Duration,
}

#[derive(Default)]
pub(super) struct State {
    held: Option<Arc<Held>>,
    pub(super) flight: Option<Flight<Held>>,
    /// When the newest fetch began, if it failed, and why.
    failure: Option<(SystemTime, KeySourceError)>,
    /// When the provider was last asked because of an unknown `kid`.
    asked_for_unknown_at: Option<SystemTime>,
}

/// Which keys a token is tried with first.
pub(super) enum Plan {
    /// With these.
    Serve(Arc<Held>),
    /// With these, while newer ones are fetched.
    Renew(Arc<Held>),
    /// With those that a fetch brings. If it fails, with the stale ones.
    Wait { stale: Option<Arc<Held>> },
    /// There are none, and the provider failed a moment ago.
    Unavailable(KeySourceError),
}

/// Whether there are keys that a token was not tried with.
pub(super) enum Newer {
    There(Arc<Held>),
    /// A fetch may find some.
    Ask,
    /// It is too early for another fetch. If the last one failed, nobody knows whether there are some.
    CooledDown(Option<KeySourceError>),
}

impl State {
    pub(super) fn plan(&self, now: SystemTime, settings: &KeyCacheSettings) -> Plan {
        let Some(held) = self.held.as_ref().filter(|held| now < held.ends_at(settings)) else {
            return match &self.failure {
                Some((failed_at, error))
                    if self.flight.is_none() && !is_over(*failed_at, settings.retry_after, now) =>
                {
                    Plan::Unavailable(error.clone())
                }
                _ => Plan::Wait { stale: None },
            };
        };
        let held = Arc::clone(held);
        if !held.is_due(now) {
            return Plan::Serve(held);
        }
        if now >= held.fresh_until() && self.failure.is_none() {
            return Plan::Wait { stale: Some(held) };
        }
        let is_cool = self.failure.as_ref().is_none_or(|(at, _)| is_over(*at, settings.cool_down, now));
        if self.flight.is_none() && is_cool { Plan::Renew(held) } else { Plan::Serve(held) }
    }

    /// Whether there are newer keys than these for a token that these do not know.
    pub(super) fn newer_than(&self, tried: &Held, now: SystemTime, settings: &KeyCacheSettings) -> Newer {
        match &self.held {
            Some(held) if held.generation > tried.generation => return Newer::There(Arc::clone(held)),
            _ if self.flight.is_some() => return Newer::Ask,
            _ => {}
        }
        let failed_at = self.failure.as_ref().map(|(at, _)| *at);
        let is_cool = |at: Option<SystemTime>| at.is_none_or(|at| is_over(at, settings.cool_down, now));
        if is_cool(self.asked_for_unknown_at) && is_cool(failed_at) {
            Newer::Ask
        } else {
            Newer::CooledDown(self.failure.as_ref().map(|(_, error)| error.clone()))
        }
    }

    /// Remembers that the fetch under way, or the one that begins now, was asked for by an unknown `kid`.
    pub(super) fn asked_for_unknown(&mut self, now: SystemTime) {
        self.asked_for_unknown_at = Some(now);
    }

    /// Takes what a fetch brought. Without keys, the earlier ones stay.
    pub(super) fn land(
        &mut self,
        fetched: Result<(KeySet, Duration), KeySourceError>,
        begun_at: SystemTime,
    ) -> Landing<Held> {
        self.flight = None;
        match fetched {
            Ok((keys, life)) => {
                let generation = self.held.as_ref().map_or(1, |held| held.generation + 1);
                let held = Arc::new(Held { keys, generation, fetched_at: begun_at, life });
                self.held = Some(Arc::clone(&held));
                self.failure = None;
                Ok(held)
            }
            Err(error) => {
                self.failure = Some((begun_at, error.clone()));
                Err(error)
            }
        }
    }

    pub(super) fn status(&self) -> KeyStatus {
        let held = self.held.as_ref();
        KeyStatus {
            keys: held.map_or(0, |held| held.keys.len()),
            fetched_at: held.map(|held| held.fetched_at),
            fresh_until: held.map(|held| held.fresh_until()),
            failure: self.failure.as_ref().map(|(_, error)| error.to_string()),
        }
    }
}

impl Held {
    fn fresh_until(&self) -> SystemTime {
        later(self.fetched_at, self.life)
    }

    /// When they are no longer used, even if the provider does not answer.
    fn ends_at(&self, settings: &KeyCacheSettings) -> SystemTime {
        later(self.fresh_until(), settings.stale_for)
    }

    /// Whether they should be renewed. If the clock was set back, their age is unknown.
    fn is_due(&self, now: SystemTime) -> bool {
        let lead = (self.life / 10).min(LONGEST_LEAD);
        is_over(self.fetched_at, self.life.saturating_sub(lead), now)
    }
}

/// Whether a pause after `begin` is over. If the clock was set back, it is.
fn is_over(begin: SystemTime, pause: Duration, now: SystemTime) -> bool {
    now.duration_since(begin).map_or(true, |passed| passed >= pause)
}

fn later(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}
