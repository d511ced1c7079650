//! The steps of one refresh: lease, head, `presented`, the provider, commit.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Shared;
use super::commit::{Found, Put};
use super::flight::{Flight, Landing};
use super::lease::{Asked, Lease};
use super::position::{Phase, Position, Stand, settle};
use crate::{
    CLOCK_SKEW, Caller, EndReason, Event, Grant, Head, HeadState, HeadVersion, RefreshOutcome, Rejection,
    ReuseCost, SessionKey,
};

/// How long a refresh in doubt is left alone where the provider does not recognise repetitions (any more): whatever was under
/// way is over by then. Together with the skew between the machine that noticed and the one that asks again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Together with the longest wait of the circuit breaker less than a request waits: once the core API is back, the next
/// request finds it.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Between two tries that nobody waits for.
const FIRST_LONG_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_LONG_PAUSE: Duration = Duration::from_secs(30);
/// A provider that recognises a repetition for longer than this does so whenever somebody comes.
const ALWAYS: Duration = Duration::from_hours(1);

pub(super) struct Refresh {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
    pub(super) key: SessionKey,
    pub(super) grant: Grant,
    /// Whether a cookie of this rotation has come. Who began this may have come with an older one.
    shown: bool,
    flight: Arc<Flight>,
}

/// How one try ended.
enum Step {
    Landed(Landing),
    /// It may be tried again at once; else this is the end.
    Again(Landing),
}

impl Step {
    fn unavailable(detail: impl Into<String>) -> Self {
        Self::Landed(Landing::unavailable(detail))
    }
}

/// A refresh that may have spent its token.
#[derive(Clone, Copy)]
struct Doubt {
    first: SystemTime,
    since: SystemTime,
}

impl Doubt {
    const fn state(self) -> HeadState {
        HeadState::InDoubt { first: self.first, since: self.since }
    }
}

/// Whether a refresh in doubt may be asked again.
enum AskAgain {
    Now(Event),
    In(Duration),
    Never,
}

impl Refresh {
    pub(super) fn new(
        shared: Arc<Shared>,
        caller: Caller,
        key: SessionKey,
        grant: Grant,
        shown: bool,
        flight: Arc<Flight>,
    ) -> Self {
        Self { shared, caller, key, grant, shown, flight }
    }

    /// Tries until everybody can be answered. `false` if nothing came of it yet.
    pub(super) async fn run(&self) -> bool {
        let deadline = Instant::now() + self.shared.settings.patience.refresh;
        let mut pause = FIRST_PAUSE;
        let landing = loop {
            match self.try_once(deadline).await {
                Step::Landed(landing) => break landing,
                Step::Again(landing) if Instant::now() + pause > deadline => break landing,
                Step::Again(_) => self.shared.pause(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let is_settled = !matches!(landing, Landing::Unavailable { .. });
        self.land(landing);
        is_settled
    }

    /// Goes on asking after everybody was answered, while the provider recognises the repetition: by the time the next request
    /// comes it may not do so any more, and the answer that was lost would be lost for good.
    pub(super) async fn see_through(&self) {
        let window = self.shared.provider().repeatable_for(&self.grant);
        // One that is always recognised can wait for a request.
        let Some(window) = window.filter(|window| *window < ALWAYS) else {
            return;
        };
        let begun = Instant::now();
        let mut pause = FIRST_LONG_PAUSE;
        while begun.elapsed() + pause < window {
            self.shared.pause(pause).await;
            pause = (pause * 2).min(LONGEST_LONG_PAUSE);
            let Ok(kept) = self.shared.read(&self.key).await else { continue };
            let phase = match settle(&self.key, &self.grant, kept) {
                Position::At(stand) if !stand.is_adopted() => stand.phase,
                _ => return,
            };
            let (Phase::Presented { first } | Phase::InDoubt { first, .. }) = phase else {
                return;
            };
            if self.shared.now() + CLOCK_SKEW >= first + window {
                return;
            }
            match self.try_once(Instant::now() + self.shared.settings.patience.request).await {
                Step::Landed(Landing::Unavailable { .. }) | Step::Again(_) => {}
                Step::Landed(Landing::Renewed(_) | Landing::Ended(_)) => return,
            }
        }
    }

    /// Answers whoever waits, once.
    pub(super) fn land(&self, landing: Landing) {
        self.flight.land(landing);
    }

    async fn try_once(&self, deadline: Instant) -> Step {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoSingleFlight) {
            return self.without_store().await;
        }
        match self.shared.lease(&self.key, deadline).await {
            Asked::Held(lease) => {
                let step = self.shared.holding(&self.key, &lease, self.under_lease(&lease)).await;
                self.shared.release(&self.key, lease).await;
                step
            }
            Asked::Busy => Step::unavailable("another refresh of the session takes too long"),
            Asked::Unreachable => self.without_store().await,
        }
    }

    async fn under_lease(&self, lease: &Lease) -> Step {
        let Ok(kept) = self.shared.read(&self.key).await else {
            return self.without_store().await;
        };
        let noted = kept.as_ref().is_some_and(|kept| kept.head.shown);
        let stand = match settle(&self.key, &self.grant, kept) {
            Position::Over(reason) => return Step::Landed(Landing::Ended(reason)),
            Position::Elsewhere { .. } => {
                self.shared.observe(Event::SealedElsewhere);
                return Step::unavailable("a newer grant is sealed under a key that is not known here");
            }
            // The key is the head's, whoever began this: that alone shows nothing.
            Position::At(stand) => Stand { shown: self.shown || noted, ..*stand },
        };
        if let Some(newest) = stand.newest() {
            self.shared.observe(Event::Adopted { rotations_behind: stand.rotations_behind });
            return Step::Landed(Landing::Renewed(newest));
        }
        let mut doubt = self.doubt(stand.phase);
        if let Some(doubt) = &mut doubt {
            match self.may_ask_again(*doubt) {
                AskAgain::Now(event) => {
                    self.shared.observe(event);
                    // If the token was spent before, that is past recognition and this ends the session. If not, this is the
                    // presentation that spends it, and its repetition will be recognised.
                    if event == Event::AskedAgainAfterDoubt {
                        doubt.first = self.shared.now();
                    }
                }
                AskAgain::In(wait) => return self.wait_out(&stand, *doubt, wait).await,
                AskAgain::Never => return self.unresolved(&stand).await,
            }
        }
        match self.write_down(&stand, doubt).await {
            Put::Done(_) if !self.shared.is_fresh(lease) => {
                // The machine was suspended, or the store was slow: somebody else may have presented it by now.
                Step::Again(Landing::unavailable("the lease was lost before the refresh was sent"))
            }
            Put::Done(version) => self.present(version, &stand, doubt).await,
            Put::Overtaken => Step::Again(Landing::unavailable("the head moved")),
            Put::Unreachable => self.without_store().await,
        }
    }

    /// SECURITY: before the token leaves. Who finds this after a crash knows that it may be spent.
    async fn write_down(&self, stand: &Stand, doubt: Option<Doubt>) -> Put {
        let first = doubt.map_or_else(|| self.shared.now(), |doubt| doubt.first);
        let head = self.head(HeadState::Presented { first }, stand.shown);
        let put = self.shared.put(&self.key, stand.version, &head).await;
        if !matches!(put, Put::Unreachable) {
            return put;
        }
        // It may have been written all the same; nobody else writes this under our lease.
        match self.shared.read(&self.key).await {
            Ok(Some(kept)) if Some(kept.version) != stand.version && kept.head == head => {
                Put::Done(kept.version)
            }
            Ok(_) => Put::Overtaken,
            Err(_) => Put::Unreachable,
        }
    }

    /// Since when it is in doubt whether the token is spent.
    fn doubt(&self, phase: Phase) -> Option<Doubt> {
        #[cfg(feature = "mutants")]
        if matches!(phase, Phase::Presented { .. })
            && crate::mutants::is_active(crate::mutants::Mutant::HeirRefreshesAsIfFresh)
        {
            return None;
        }
        match phase {
            Phase::Idle => None,
            Phase::Presented { first } => {
                self.shared.observe(Event::Heir);
                Some(Doubt { first, since: self.shared.now() })
            }
            Phase::InDoubt { first, since } => Some(Doubt { first, since }),
        }
    }

    fn may_ask_again(&self, doubt: Doubt) -> AskAgain {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::InDoubtRetriedAtOnce) {
            return AskAgain::Now(Event::AskedAgainAfterDoubt);
        }
        let provider = self.shared.provider();
        let cost = provider.reuse_cost();
        if cost == ReuseCost::Nothing {
            return AskAgain::Now(Event::AskedAgainAfterDoubt);
        }
        let now = self.shared.now();
        let is_remembered = |window: Duration| {
            let age = now.duration_since(doubt.first).unwrap_or_default();
            age.checked_add(CLOCK_SKEW).is_some_and(|age| age < window)
        };
        if provider.repeatable_for(&self.grant).is_some_and(is_remembered) {
            return AskAgain::Now(Event::AskedAgainIdempotent);
        }
        // By then whatever was under way is over, and its holder has written down what came of it.
        let age = now.duration_since(doubt.since).unwrap_or_default();
        match (ASK_AGAIN_AFTER + CLOCK_SKEW).checked_sub(age) {
            Some(wait) if !wait.is_zero() => AskAgain::In(wait),
            _ if cost == ReuseCost::Family => AskAgain::Now(Event::AskedAgainAfterDoubt),
            _ => AskAgain::Never,
        }
    }

    /// Presents the token, once, and writes down what came of it.
    async fn present(&self, version: HeadVersion, stand: &Stand, doubt: Option<Doubt>) -> Step {
        let presented_at = self.shared.now();
        match self.shared.provider().refresh(&self.caller, &self.grant).await {
            RefreshOutcome::Rotated(rotated) => {
                Step::Landed(self.commit(rotated, Found::As(Some(version))).await)
            }
            RefreshOutcome::Rejected(rejection) => self.rejected(rejection, version).await,
            RefreshOutcome::NotSent(detail) => {
                self.log("a refresh was not sent", &detail);
                self.shared.observe(Event::NotSent);
                let state = doubt.map_or(HeadState::Idle, Doubt::state);
                let newer = self.leave(version, &self.head(state, stand.shown)).await;
                newer.map_or_else(|| Step::Again(Landing::unavailable(detail)), Step::Landed)
            }
            RefreshOutcome::InDoubt(detail) => {
                self.log("a refresh is in doubt", &detail);
                self.shared.observe(Event::InDoubt);
                let first = doubt.map_or(presented_at, |doubt| doubt.first);
                let state = Doubt { first, since: self.shared.now() }.state();
                let newer = self.leave(version, &self.head(state, stand.shown)).await;
                newer.map_or_else(|| Step::Again(Landing::unavailable(detail)), Step::Landed)
            }
        }
    }

    async fn rejected(&self, rejection: Rejection, version: HeadVersion) -> Step {
        self.log_end(rejection);
        let reason = EndReason::Rejected(rejection);
        if let Some(newer) = self.leave(version, &self.dead(reason)).await {
            return Step::Landed(newer);
        }
        self.shared.observe(Event::Rejected);
        self.shared.provider().on_end(&self.grant, reason).await;
        Step::Landed(Landing::Ended(reason))
    }

    /// Nothing can be asked yet; an heir writes down since when that is.
    async fn wait_out(&self, stand: &Stand, doubt: Doubt, wait: Duration) -> Step {
        if matches!(stand.phase, Phase::Presented { .. }) {
            let head = self.head(doubt.state(), stand.shown);
            if let Put::Overtaken = self.shared.put(&self.key, stand.version, &head).await {
                return Step::Again(Landing::unavailable("the head moved"));
            }
        }
        Step::Landed(Landing::Unavailable {
            detail: "the last refresh is in doubt".to_owned(),
            retry_after: Some(wait),
        })
    }

    /// Asking would end every session of the person. While the access token lives it serves; then this session is over.
    async fn unresolved(&self, stand: &Stand) -> Step {
        if self.grant.access_lives(self.shared.now()) {
            return Step::unavailable("the last refresh is in doubt and must not be asked again");
        }
        let reason = EndReason::Unresolved;
        if let Put::Overtaken = self.shared.put(&self.key, stand.version, &self.dead(reason)).await {
            return Step::Again(Landing::unavailable("the head moved"));
        }
        self.shared.observe(Event::Unresolved);
        self.shared.provider().on_end(&self.grant, reason).await;
        Step::Landed(Landing::Ended(reason))
    }

    /// Nobody can be told and nobody asked: right only where a repetition is recognised.
    async fn without_store(&self) -> Step {
        if !self.shared.may_refresh_without_store(&self.grant, self.shared.now()) {
            return Step::unavailable("the store does not answer");
        }
        self.shared.observe(Event::RefreshedWithoutStore);
        match self.shared.provider().refresh(&self.caller, &self.grant).await {
            RefreshOutcome::Rotated(rotated) => Step::Landed(self.commit(rotated, Found::Unknown).await),
            RefreshOutcome::Rejected(rejection) => {
                self.log_end(rejection);
                self.shared.observe(Event::Rejected);
                let reason = EndReason::Rejected(rejection);
                self.shared.provider().on_end(&self.grant, reason).await;
                Step::Landed(Landing::Ended(reason))
            }
            RefreshOutcome::NotSent(detail) => {
                self.log("a refresh was not sent", &detail);
                self.shared.observe(Event::NotSent);
                Step::Again(Landing::unavailable(detail))
            }
            RefreshOutcome::InDoubt(detail) => {
                self.log("a refresh is in doubt", &detail);
                self.shared.observe(Event::InDoubt);
                Step::Again(Landing::unavailable(detail))
            }
        }
    }

    fn head(&self, state: HeadState, shown: bool) -> Head {
        Head { rotation: self.key.rotation(), state, grant: Some(self.grant.clone()), shown }
    }

    fn dead(&self, reason: EndReason) -> Head {
        Head { grant: None, ..self.head(HeadState::Dead(reason), true) }
    }

    /// Nothing is wrong then: tokens expire and are revoked.
    fn log_end(&self, rejection: Rejection) {
        let (provider, rotation) = (self.shared.provider().name(), self.key.rotation());
        tracing::info!(provider, rotation, ?rejection, "the provider ended a session");
    }

    fn log(&self, what: &'static str, detail: &str) {
        let (provider, rotation) = (self.shared.provider().name(), self.key.rotation());
        tracing::warn!(provider, rotation, detail, "{what}");
    }
}
