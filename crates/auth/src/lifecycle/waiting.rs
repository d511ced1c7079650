//! Whether a token may be presented now, and if not, when.

use std::time::{Duration, SystemTime};

use super::due::issued_at;
use super::position::{Doubt, Phase, Stand};
use super::shared::Shared;
use crate::{CLOCK_SKEW, Event, Grant, NotBefore, Repetition, Rest, SessionKey};

/// Whether a refresh in doubt may be repeated.
pub(super) enum AskAgain {
    Now(Event),
    In(Duration),
    Never,
}

impl Shared {
    /// The rest of the wait that the provider asked for, if it is not over.
    pub(super) fn left_to_wait(&self, not_before: Option<NotBefore>) -> Option<Duration> {
        let NotBefore { at, by } = not_before?;
        // Another machine wrote it down by its own clock.
        let skew = if by.is_of(self.process) { Duration::ZERO } else { CLOCK_SKEW };
        let (left, longest) = ((at + skew).duration_since(self.now()).ok()?, LONGEST_WAIT + skew);
        // No rule gives a longer wait, so the clock that wrote it was wrong. The wait counts from when this process first saw it.
        let left = if left > longest { longest.saturating_sub(self.knowledge.seen_for(by)) } else { left };
        (!left.is_zero()).then_some(left)
    }

    /// The wait before the grant of this stand may be presented, as far as the head alone says so, without a lease.
    pub(super) fn wait_before(&self, stand: &Stand) -> Option<Duration> {
        self.left_to_wait(stand.not_before).or_else(|| match stand.phase {
            Phase::InDoubt(doubt) => match self.may_ask_again(&stand.grant, doubt) {
                AskAgain::In(wait) => Some(wait),
                AskAgain::Now(_) | AskAgain::Never => None,
            },
            Phase::Idle | Phase::Presented { .. } => None,
        })
    }

    pub(super) fn may_ask_again(&self, grant: &Grant, doubt: Doubt) -> AskAgain {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::InDoubtRetriedAtOnce) {
            return AskAgain::Now(Event::AskedAgainAfterDoubt);
        }
        let now = self.now();
        match self.provider().repetition(grant) {
            Repetition::Free => AskAgain::Now(Event::AskedAgainAfterDoubt),
            Repetition::Recognised { within, then } => {
                let age = age(now, doubt.first);
                let is_less = |age: Option<Duration>| age.is_some_and(|age| age < within);
                if is_less(age.and_then(|age| age.checked_add(CLOCK_SKEW))) {
                    return AskAgain::Now(Event::AskedAgainIdempotent);
                }
                // Another machine may have written the time down, so the provider may still recognise the repetition.
                // Waiting would end that and gain nothing: a first presentation that is still in progress is recognised
                // as the repetition of this one.
                if is_less(age.map(|age| age.saturating_sub(CLOCK_SKEW))) && then.unanswered < within {
                    return AskAgain::Now(Event::AskedAgainAfterDoubt);
                }
                self.after(then, doubt)
            }
            Repetition::AskAgain(rest) => self.after(rest, doubt),
            Repetition::Never => match self.after(Rest::SHORT, doubt) {
                // By then nothing is in progress any more, and the holder has written down the result.
                AskAgain::In(wait) if !doubt.answered => AskAgain::In(wait),
                _ => AskAgain::Never,
            },
        }
    }

    /// Without the store, nobody knows whether this grant is still the newest. If the provider recognises the
    /// repetition of a refresh, that is harmless for as long as it remembers. The time counts from the earliest moment
    /// at which anybody can have presented the token. That is not when the refresh was due, because a valid access
    /// token that was refused is replaced early. It is when the token was issued, or when the store last told this
    /// process that it was not presented.
    pub(super) fn may_refresh_without_store(&self, session: &SessionKey, grant: &Grant) -> bool {
        #[cfg(feature = "mutants")]
        if [crate::mutants::Mutant::AloneInPartition, crate::mutants::Mutant::NoSingleFlight]
            .into_iter()
            .any(crate::mutants::is_active)
        {
            return true;
        }
        match self.provider().repetition(grant) {
            Repetition::Free => true,
            Repetition::Recognised { within, .. } => {
                let issued = issued_at(grant);
                let issued_ago = issued.and_then(|at| age(self.now(), at));
                let ago = issued_ago.into_iter().chain(self.knowledge.confirmed_ago(session)).min();
                ago.and_then(|ago| ago.checked_add(CLOCK_SKEW)).is_some_and(|ago| ago < within)
            }
            Repetition::AskAgain(_) | Repetition::Never => false,
        }
    }

    fn after(&self, rest: Rest, doubt: Doubt) -> AskAgain {
        #[cfg(feature = "mutants")]
        let rest = if crate::mutants::is_active(crate::mutants::Mutant::WaitOfAnotherStyle) {
            Rest::SHORT
        } else {
            rest
        };
        let time = if doubt.answered { rest.answered } else { rest.unanswered + CLOCK_SKEW };
        let age = age(self.now(), doubt.since).unwrap_or_else(|| self.knowledge.seen_for(doubt.by));
        match time.checked_sub(age) {
            Some(wait) if !wait.is_zero() => AskAgain::In(wait),
            _ => AskAgain::Now(Event::AskedAgainAfterDoubt),
        }
    }
}

/// How long ago `moment` was. `None` if it is further ahead than clocks may differ: the clock that wrote it was wrong.
pub(super) fn age(now: SystemTime, moment: SystemTime) -> Option<Duration> {
    match now.duration_since(moment) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= CLOCK_SKEW).then_some(Duration::ZERO),
    }
}

/// The longest wait that is accepted from a provider. A stored wait must never keep somebody out for longer than the rules intend.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The wait if a provider asks to wait and does not say how long.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(2);
