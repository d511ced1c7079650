//! The steps of one refresh up to the presentation of its token, and how often they are repeated.

use std::time::Duration;

use tokio::time::Instant;

use super::Refresh;
use super::presentation::{Before, Step};
use crate::lifecycle::flights::Landing;
use crate::lifecycle::knowledge::Outcome;
use crate::lifecycle::lease::{Lease, LeaseOutcome};
use crate::lifecycle::position::{Doubt, Phase, Position, Stand, settle};
use crate::lifecycle::waiting::AskAgain;
use crate::lifecycle::write::Put;
use crate::{AttemptId, CLOCK_SKEW, EndReason, Event, HeadState, Repetition};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// This and the longest wait of the circuit breaker together are shorter than the time a request waits. So the next
/// request after an outage of the core API succeeds.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause between two attempts that nobody waits for.
const FIRST_LONG_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_LONG_PAUSE: Duration = Duration::from_secs(30);

impl Refresh {
    /// Tries until everybody can be answered. Returns `false` if there is no result yet.
    pub(in crate::lifecycle) async fn run(&self) -> bool {
        let deadline = Instant::now() + self.shared.settings.time_limits.refresh;
        let mut pause = FIRST_PAUSE;
        let landing = loop {
            match self.try_once(deadline).await {
                Step::Landed(landing) => break landing,
                Step::Again(landing, wait) => {
                    self.flight.note_trouble();
                    let rest = pause.max(wait);
                    if Instant::now() + rest > deadline {
                        break landing;
                    }
                    self.shared.pause(rest).await;
                }
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let is_settled = !matches!(landing, Landing::Unavailable { .. });
        self.land(landing);
        is_settled
    }

    /// Keeps repeating after everybody was answered, while the provider recognises the repetition. When the next
    /// request comes, the provider may not recognise it any more, and the lost answer would be lost for good.
    ///
    /// There is one such task for each session, a limited number for each process, and none once the process closes:
    /// the next process is an heir.
    pub(in crate::lifecycle) async fn see_through(&self) {
        // A repetition that is not limited in time can wait for a request.
        let Repetition::Recognised { within, .. } = self.shared.provider().repetition(&self.grant) else {
            return;
        };
        let Some(_place) = self.shared.knowledge.see_through(&self.key) else { return };
        let begun = Instant::now();
        let mut pause = FIRST_LONG_PAUSE;
        while begun.elapsed() + pause < within {
            if self.shared.pause_unless_closing(pause).await.is_break() {
                return;
            }
            pause = (pause * 2).min(LONGEST_LONG_PAUSE);
            let Ok(kept) = self.shared.read(&self.key).await else { continue };
            let stand = match settle(&self.key, &self.grant, kept) {
                Position::At(stand) if !stand.is_adopted() => stand,
                _ => return,
            };
            let (Phase::Presented { first, .. } | Phase::InDoubt(Doubt { first, .. })) = stand.phase else {
                return;
            };
            if self.shared.now() + CLOCK_SKEW >= first + within {
                return;
            }
            match self.try_once(Instant::now() + self.shared.settings.time_limits.request).await {
                Step::Landed(Landing::Unavailable { .. }) | Step::Again(..) => {}
                Step::Landed(Landing::Renewed(_) | Landing::Ended(_)) => return,
            }
        }
    }

    async fn try_once(&self, deadline: Instant) -> Step {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoSingleFlight) {
            return self.without_store().await;
        }
        if let Some(wait) = self.shared.knowledge.rests_for(&self.key, self.shared.now()) {
            return Step::again_after("the provider has asked to wait", wait);
        }
        match self.shared.lease(&self.key, deadline).await {
            LeaseOutcome::Held(lease) => {
                let step = self.shared.holding(&self.key, &lease, self.under_lease(&lease)).await;
                self.shared.release(&self.key, lease).await;
                step
            }
            LeaseOutcome::Busy => Step::unavailable("another refresh of the session takes too long"),
            LeaseOutcome::Unreachable => self.without_store().await,
        }
    }

    async fn under_lease(&self, lease: &Lease) -> Step {
        // The lease was written a moment ago, so this is no outage. Only an outage is a reason to continue without the head.
        let Ok(kept) = self.shared.read(&self.key).await else {
            return Step::again("the head could not be read");
        };
        let noted = kept.as_ref().is_some_and(|kept| kept.head.shown);
        let stand = match settle(&self.key, &self.grant, kept) {
            Position::Over(reason) => return Step::Landed(Landing::Ended(reason)),
            Position::Elsewhere { .. } => {
                self.shared.observe(Event::SealedElsewhere);
                return Step::unavailable("a newer grant is sealed under a key that is not known here");
            }
            // The stand's key is that of the head, so it does not show which cookie came.
            Position::At(stand) => self.with_what_is_known(Stand { shown: self.shown || noted, ..*stand }),
        };
        if let Some(newest) = stand.newest() {
            self.shared.observe(Event::Adopted { rotations_behind: stand.rotations_behind });
            return Step::Landed(Landing::Renewed(newest));
        }
        if let Some(wait) = self.shared.left_to_wait(stand.not_before) {
            return Step::again_after("the provider has asked to wait", wait);
        }
        let mut doubt = self.doubt(stand.phase);
        if let Some(doubt) = &mut doubt {
            match self.shared.may_ask_again(&self.grant, *doubt) {
                AskAgain::Now(event) => {
                    self.shared.observe(event);
                    // If the token was spent before, recognition is over and this ends the session. If not, this
                    // presentation spends it, and its repetition will be recognised.
                    if event == Event::AskedAgainAfterDoubt {
                        doubt.first = self.shared.now();
                    }
                }
                AskAgain::In(wait) => return self.wait_out(&stand, *doubt, wait).await,
                AskAgain::Never => return self.unresolved(&stand).await,
            }
        }
        self.write_down_and_present(lease, &stand, doubt).await
    }

    /// This process may know how an attempt ended that the head only knows as started.
    fn with_what_is_known(&self, stand: Stand) -> Stand {
        let known = stand.phase.by().and_then(|by| self.shared.knowledge.outcome(&self.key, by));
        match (stand.phase, known) {
            (Phase::Presented { .. }, Some(Outcome { state, not_before, .. })) => {
                let phase = match state {
                    HeadState::InDoubt { first, since, answered, by } => {
                        Phase::InDoubt(Doubt { first, since, answered, by })
                    }
                    _ => Phase::Idle,
                };
                Stand { phase, not_before, ..stand }
            }
            _ => stand,
        }
    }

    async fn write_down_and_present(&self, lease: &Lease, stand: &Stand, doubt: Option<Doubt>) -> Step {
        let by = self.shared.attempt(lease);
        match self.write_down(stand, doubt, by).await {
            Put::Done(version) => {
                let before = Before { version, doubt, shown: stand.shown, by };
                if !self.shared.is_fresh(lease) {
                    // The machine was suspended, or the store was slow: somebody else may have presented the token by
                    // now. This attempt has not, and the next one needs to know that.
                    self.leave(&before, before.state(), None).await;
                    return Step::again("the lease was lost before the refresh was sent");
                }
                self.present(before).await
            }
            Put::Overtaken => Step::again("the head was changed meanwhile"),
            Put::Unreachable => {
                if !self.shared.may_refresh_without_store(&self.key, &self.grant) {
                    self.unsent(stand, doubt, by);
                }
                self.without_store().await
            }
        }
    }

    /// Nobody knows whether the head says that the token was presented. It was not, and the next attempt needs to know that.
    fn unsent(&self, stand: &Stand, doubt: Option<Doubt>, by: AttemptId) {
        let state = doubt.map_or(HeadState::Idle, Doubt::state);
        self.shared.knowledge.remember(&self.key, Outcome { by, state, not_before: None });
        self.leave_later(stand.version, by, self.head(state, stand.shown));
    }

    /// SECURITY: written before the token is sent. A process that finds this after a crash knows that the token may be spent.
    async fn write_down(&self, stand: &Stand, doubt: Option<Doubt>, by: AttemptId) -> Put {
        let first = doubt.map_or_else(|| self.shared.now(), |doubt| doubt.first);
        let head = self.head(HeadState::Presented { first, by }, stand.shown);
        let put = self.shared.put(&self.key, stand.version, &head).await;
        if let Put::Done(_) = put {
            self.shared.knowledge.believe(&self.key);
        }
        if !matches!(put, Put::Unreachable) {
            return put;
        }
        self.shared.knowledge.disbelieve(&self.key);
        // It may have been written in spite of the error. If so, the value shows it: nobody else can have chosen it.
        match self.shared.read(&self.key).await {
            Ok(Some(kept)) if matches!(kept.head.state, HeadState::Presented { by: whom, .. } if whom == by) => {
                Put::Done(kept.version)
            }
            // The head accepts no writes, and no other process needs to know of this attempt.
            Ok(kept)
                if self.shared.is_free(&self.grant)
                    && kept.as_ref().map(|kept| kept.version) == stand.version =>
            {
                Put::Unreachable
            }
            Ok(_) => {
                // The write may still arrive.
                self.unsent(stand, doubt, by);
                Put::Overtaken
            }
            Err(_) => Put::Unreachable,
        }
    }

    /// Since when it is in doubt whether the token is spent, if it is.
    fn doubt(&self, phase: Phase) -> Option<Doubt> {
        #[cfg(feature = "mutants")]
        if matches!(phase, Phase::Presented { .. })
            && crate::mutants::is_active(crate::mutants::Mutant::HeirRefreshesAsIfFresh)
        {
            return None;
        }
        match phase {
            Phase::Idle => None,
            Phase::Presented { first, by } => {
                self.shared.observe(Event::Heir);
                Some(Doubt { first, since: self.shared.now(), answered: false, by })
            }
            Phase::InDoubt(doubt) => Some(doubt),
        }
    }

    /// The provider cannot be asked yet. An heir writes down when the doubt began.
    async fn wait_out(&self, stand: &Stand, doubt: Doubt, wait: Duration) -> Step {
        if matches!(stand.phase, Phase::Presented { .. }) {
            let head = self.head(doubt.state(), stand.shown);
            if let Put::Overtaken = self.shared.put(&self.key, stand.version, &head).await {
                return Step::again("the head was changed meanwhile");
            }
        }
        Step::again_after("the last refresh is in doubt", wait)
    }

    /// Asking would end every session of the person. The access token is used while it is valid; then this session ends.
    async fn unresolved(&self, stand: &Stand) -> Step {
        if self.grant.access_lives(self.shared.now()) {
            return Step::unavailable("the last refresh is in doubt and must not be repeated");
        }
        let reason = EndReason::Unresolved;
        if let Put::Overtaken = self.shared.put(&self.key, stand.version, &self.dead(reason)).await {
            return Step::again("the head was changed meanwhile");
        }
        self.shared.observe(Event::Unresolved);
        self.shared.provider().on_end(&self.grant, reason).await;
        Step::Landed(Landing::Ended(reason))
    }
}
