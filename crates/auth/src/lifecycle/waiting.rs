//! Whether a token may be presented now, and if not, from when on.

use std::time::{Duration, SystemTime};

use super::position::{Doubt, Phase, Stand};
use super::shared::Shared;
use crate::{CLOCK_SKEW, Event, Grant, NotBefore, Repetition, Rest, SessionKey};

/// Whether a refresh in doubt may be asked again.
pub(super) enum AskAgain {
    Now(Event),
    In(Duration),
    Never,
}

impl Shared {
    /// How long the provider has asked to wait, as far as that is not over.
    pub(super) fn left_to_wait(&self, not_before: Option<NotBefore>) -> Option<Duration> {
        let NotBefore { at, by } = not_before?;
        // Another machine wrote it down by its own clock.
        let skew = if by.is_of(self.process) { Duration::ZERO } else { CLOCK_SKEW };
        let (left, longest) = ((at + skew).duration_since(self.now()).ok()?, LONGEST_WAIT + skew);
        // No rule gives a longer wait: the clock that wrote it was wrong. It is waited from when it was seen here.
        let left = if left > longest { longest.saturating_sub(self.knowledge.seen_for(by)) } else { left };
        (!left.is_zero()).then_some(left)
    }

    /// The wait that lies before any presentation of the grant of this stand, as far as its head tells without a lease.
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
                // Another machine may have written it down, and then it may be recognised yet. To wait would end that, and
                // nothing is gained by it: what is under way is recognised as the repetition of this one.
                if is_less(age.map(|age| age.saturating_sub(CLOCK_SKEW))) && then.unanswered < within {
                    return AskAgain::Now(Event::AskedAgainAfterDoubt);
                }
                self.after(then, doubt)
            }
            Repetition::AskAgain(rest) => self.after(rest, doubt),
            Repetition::Never => match self.after(Rest::SHORT, doubt) {
                // By then whatever was under way is over, and its holder has written down what came of it.
                AskAgain::In(wait) if !doubt.answered => AskAgain::In(wait),
                _ => AskAgain::Never,
            },
        }
    }

    /// Without the store nobody knows whether this grant is still the newest. A provider that recognises the repetition of
    /// a refresh makes that harmless for as long as it remembers: counted from the earliest time at which anybody can have
    /// presented the token. That is not when it was due: a living access token that is refused is replaced early. It is when the
    /// token was issued, or when the store last said here that it was not presented.
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

/// By our clock, when the access token was issued: nobody can have presented its refresh token before.
fn issued_at(grant: &Grant) -> Option<SystemTime> {
    grant.access_expires_at?.checked_sub(grant.access_lifetime?)
}

/// `None` for a moment that is further ahead than clocks may differ: whatever wrote it down had a wrong one.
pub(super) fn age(now: SystemTime, moment: SystemTime) -> Option<Duration> {
    match now.duration_since(moment) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= CLOCK_SKEW).then_some(Duration::ZERO),
    }
}

/// What a provider asks for beyond this is taken for this: a wait that is stored must never keep somebody out for longer than
/// the rules mean.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Where a provider asks to wait and does not say how long.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(2);
