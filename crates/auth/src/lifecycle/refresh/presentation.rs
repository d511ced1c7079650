//! Presents the refresh token, and writes down the result.

use std::time::Duration;

use super::Refresh;
use crate::lifecycle::flights::Landing;
use crate::lifecycle::knowledge::Outcome;
use crate::lifecycle::position::Doubt;
use crate::lifecycle::waiting::{AskAgain, DEFAULT_WAIT, LONGEST_WAIT};
use crate::lifecycle::write::Found;
use crate::{
    AttemptId, EndReason, Event, Grant, Head, HeadState, HeadVersion, NotBefore, RefreshOutcome, Rejection,
};

/// How one attempt ended.
pub(super) enum Step {
    Landed(Landing),
    /// It may be tried again after this time. Otherwise this landing is the end.
    Again(Landing, Duration),
}

impl Step {
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::Landed(Landing::unavailable(detail))
    }

    pub(super) fn again(detail: impl Into<String>) -> Self {
        Self::Again(Landing::unavailable(detail), Duration::ZERO)
    }

    pub(super) fn again_after(detail: impl Into<String>, wait: Duration) -> Self {
        Self::Again(Landing::Unavailable { detail: detail.into(), retry_after: Some(wait) }, wait)
    }
}

/// What the head said before a token was presented, so that it can be restored if the token was not spent.
pub(super) struct Before {
    pub(super) version: HeadVersion,
    pub(super) doubt: Option<Doubt>,
    pub(super) shown: bool,
    pub(super) by: AttemptId,
}

impl Before {
    pub(super) fn state(&self) -> HeadState {
        self.doubt.map_or(HeadState::Idle, Doubt::state)
    }
}

impl Refresh {
    /// Presents the token, once, and writes down the result.
    pub(super) async fn present(&self, before: Before) -> Step {
        let presented_at = self.shared.now();
        match self.shared.provider().refresh(&self.caller, &self.grant).await {
            RefreshOutcome::Rotated(rotated) if self.is_of_another(&rotated) => {
                self.refuse_another(&rotated, before.version).await
            }
            RefreshOutcome::Rotated(rotated) => {
                Step::Landed(self.commit(rotated, Found::As(Some(before.version))).await)
            }
            RefreshOutcome::Rejected(rejection) => self.rejected(rejection, before.version).await,
            RefreshOutcome::NotSent(detail) => {
                self.log("a refresh was not sent", &detail);
                self.shared.observe(Event::NotSent);
                let newer = self.leave(&before, before.state(), None).await;
                newer.map_or_else(|| Step::again(detail), Step::Landed)
            }
            RefreshOutcome::Unspent { retry_after, detail } => {
                self.log("a refresh was refused, and its token is not spent", &detail);
                self.shared.observe(Event::Unspent);
                let wait = retry_after.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT);
                let not_before = resting(NotBefore { at: self.shared.now() + wait, by: before.by });
                if not_before.is_some() {
                    // The head will say so, but may be out of reach when it is read.
                    self.shared.knowledge.rest(&self.key, wait, self.shared.now());
                }
                let newer = self.leave(&before, before.state(), not_before).await;
                newer.map_or_else(|| Step::again_after(detail, wait), Step::Landed)
            }
            RefreshOutcome::InDoubt { answered, detail } => {
                self.log("a refresh is in doubt", &detail);
                self.shared.observe(Event::InDoubt);
                let first = before.doubt.map_or(presented_at, |doubt| doubt.first);
                let doubt = Doubt { first, since: self.shared.now(), answered, by: before.by };
                let newer = self.leave(&before, doubt.state(), None).await;
                newer.map_or_else(|| self.after_doubt(doubt, detail), Step::Landed)
            }
        }
    }

    fn after_doubt(&self, doubt: Doubt, detail: String) -> Step {
        match self.shared.may_ask_again(&self.grant, doubt) {
            AskAgain::Now(_) => Step::again(detail),
            AskAgain::In(wait) => Step::again_after(detail, wait),
            AskAgain::Never => Step::unavailable(detail),
        }
    }

    /// SECURITY: whether the provider has answered with the tokens of another person. A session must never turn into
    /// theirs, so no such grant is kept or used, whatever provider it comes from.
    fn is_of_another(&self, rotated: &Grant) -> bool {
        let people = self.grant.identity.as_ref().zip(rotated.identity.as_ref());
        people.is_some_and(|(before, now)| before.id != now.id)
    }

    /// The session ends, and what nobody holds is given back.
    async fn refuse_another(&self, rotated: &Grant, version: HeadVersion) -> Step {
        self.log_another();
        let step = self.end_rejected(Rejection::InvalidGrant, version).await;
        if let Step::Landed(landing) = &step {
            // Nobody waits for the provider.
            self.land(landing.clone());
        }
        self.give_back(rotated).await;
        step
    }

    fn log_another(&self) {
        let (provider, rotation) = (self.shared.provider().name(), self.key.rotation());
        tracing::error!(provider, rotation, "a refresh was answered with the tokens of another person");
    }

    async fn rejected(&self, rejection: Rejection, version: HeadVersion) -> Step {
        self.log_end(rejection);
        self.end_rejected(rejection, version).await
    }

    async fn end_rejected(&self, rejection: Rejection, version: HeadVersion) -> Step {
        let reason = EndReason::Rejected(rejection);
        if let Some(newer) = self.leave_dead(version, reason).await {
            return Step::Landed(newer);
        }
        self.shared.observe(Event::Rejected);
        self.shared.provider().on_end(&self.grant, reason).await;
        Step::Landed(Landing::Ended(reason))
    }

    /// Nothing can be read from or written to the store. This is right only if the provider recognises or accepts a repetition.
    pub(super) async fn without_store(&self) -> Step {
        if !self.shared.may_refresh_without_store(&self.key, &self.grant) {
            return Step::unavailable("the store does not answer");
        }
        self.shared.observe(Event::RefreshedWithoutStore);
        match self.shared.provider().refresh(&self.caller, &self.grant).await {
            // The store may hold the person's own grant. It decides when it is back.
            RefreshOutcome::Rotated(rotated) if self.is_of_another(&rotated) => {
                self.log_another();
                self.give_back(&rotated).await;
                Step::unavailable("the store does not answer, and the new grant is another person's")
            }
            RefreshOutcome::Rotated(rotated) => Step::Landed(self.commit(rotated, Found::Unknown).await),
            // The store may hold a newer, valid grant. It decides when it is back.
            RefreshOutcome::Rejected(rejection) => {
                self.log("a refresh without the store was refused", &format!("{rejection:?}"));
                Step::unavailable("the store does not answer, and the known grant was refused")
            }
            RefreshOutcome::NotSent(detail) => {
                self.log("a refresh was not sent", &detail);
                self.shared.observe(Event::NotSent);
                Step::again(detail)
            }
            RefreshOutcome::Unspent { retry_after, detail } => {
                self.log("a refresh was refused, and its token is not spent", &detail);
                self.shared.observe(Event::Unspent);
                let wait = retry_after.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT);
                self.shared.knowledge.rest(&self.key, wait, self.shared.now());
                Step::again_after(detail, wait)
            }
            RefreshOutcome::InDoubt { detail, .. } => {
                self.log("a refresh is in doubt", &detail);
                self.shared.observe(Event::InDoubt);
                Step::again(detail)
            }
        }
    }

    /// Writes down how the attempt ended without a new grant. Returns the newer grant if there is one instead.
    pub(super) async fn leave(
        &self,
        before: &Before,
        state: HeadState,
        not_before: Option<NotBefore>,
    ) -> Option<Landing> {
        let head = Head { not_before, ..self.head(state, before.shown) };
        let newer = self.leave_as(Some(before.version), before.by, &head).await;
        if newer.is_unwritten() {
            // The head still says that the attempt is in progress. This process knows better, and tells the others once it can.
            self.shared.knowledge.remember(&self.key, Outcome { by: before.by, state, not_before });
            self.leave_later(Some(before.version), before.by, head);
        }
        newer.landing()
    }
}

#[cfg(feature = "mutants")]
fn resting(not_before: NotBefore) -> Option<NotBefore> {
    (!crate::mutants::is_active(crate::mutants::Mutant::RetryAfterIgnored)).then_some(not_before)
}

#[cfg(not(feature = "mutants"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature `mutants` it forgets")]
fn resting(not_before: NotBefore) -> Option<NotBefore> {
    Some(not_before)
}
