//! The state machine alone, without calls or a clock. Its changes are logged under its lock, so that the lines come in order.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::settings::BreakerSettings;
use super::state::BreakerState;
use crate::Random;

pub(super) struct Circuit {
    settings: BreakerSettings,
    random: Random,
    phase: Phase,
    /// Increases with every answer and every change. A failure counts only in the epoch in which its call began.
    epoch: u64,
    /// How often the circuit has opened. It distinguishes a probe of this outage from a call that began before it.
    outages: u64,
}

enum Phase {
    Closed(Row),
    Broken(Outage),
}

/// Failures with no answer between them.
struct Row {
    began: SystemTime,
    weight: u32,
}

impl Row {
    const EMPTY: Self = Self { began: SystemTime::UNIX_EPOCH, weight: 0 };
}

struct Outage {
    began: SystemTime,
    cause: Arc<str>,
    /// The wait before the random reduction.
    step: Duration,
    /// When the wait, or the probe, began.
    since: SystemTime,
    stage: Stage,
}

enum Stage {
    Waiting(Duration),
    Probing,
}

/// The permission for one call.
pub(super) struct Pass {
    began: SystemTime,
    epoch: u64,
    outage: u64,
}

impl Pass {
    pub(super) fn began(&self) -> SystemTime {
        self.began
    }
}

pub(super) struct Failure {
    weight: u32,
    cause: String,
}

impl Failure {
    /// No answer came back, usually after a timeout.
    pub(super) fn unanswered(cause: String) -> Self {
        Self { weight: 2, cause }
    }

    /// Something answered, and said that the API does not serve.
    pub(super) fn refused(cause: String) -> Self {
        Self { weight: 1, cause }
    }
}

impl Circuit {
    pub(super) fn new(settings: BreakerSettings, random: Random) -> Self {
        Self { settings, random, phase: Phase::Closed(Row::EMPTY), epoch: 0, outages: 0 }
    }

    pub(super) fn state(&self) -> BreakerState {
        match &self.phase {
            Phase::Closed(_) => BreakerState::Closed,
            Phase::Broken(Outage { stage: Stage::Waiting(_), .. }) => BreakerState::Open,
            Phase::Broken(Outage { stage: Stage::Probing, .. }) => BreakerState::HalfOpen,
        }
    }

    /// Gives permission for a call, or says why there is none.
    pub(super) fn admit(&mut self, now: SystemTime) -> Result<Pass, Arc<str>> {
        if let Phase::Broken(outage) = &mut self.phase {
            // A clock that stepped back must not prolong the wait by that step.
            outage.since = outage.since.min(now);
            let passed = elapsed(outage.since, now);
            match outage.stage {
                Stage::Waiting(wait) if passed < wait => return Err(Arc::clone(&outage.cause)),
                Stage::Waiting(_) => {
                    outage.stage = Stage::Probing;
                    outage.since = now;
                    self.epoch += 1;
                    tracing::debug!("the circuit breaker lets one call through");
                }
                Stage::Probing if passed < self.settings.probe_limit => {
                    return Err(Arc::clone(&outage.cause));
                }
                Stage::Probing => {
                    let cause = Arc::from("the probe has no answer yet");
                    self.open_again(Arc::clone(&cause), now);
                    return Err(cause);
                }
            }
        }
        Ok(Pass { began: now, epoch: self.epoch, outage: self.outages })
    }

    /// The call was answered.
    pub(super) fn answered(&mut self, pass: &Pass, now: SystemTime) {
        if let Phase::Broken(outage) = &self.phase {
            if pass.outage != self.outages {
                return;
            }
            let outage_secs = elapsed(outage.began, now).as_secs();
            let to = &*self.settings.to;
            tracing::info!(to, outage_secs, "the circuit breaker closed: the API answers again");
        }
        self.phase = Phase::Closed(Row::EMPTY);
        self.epoch += 1;
    }

    /// The call failed.
    pub(super) fn failed(&mut self, pass: &Pass, failure: Failure, now: SystemTime) {
        if pass.epoch != self.epoch {
            return;
        }
        match &mut self.phase {
            Phase::Closed(row) => {
                if row.weight == 0 || elapsed(row.began, now) > self.settings.window {
                    *row = Row { began: now, weight: 0 };
                }
                row.weight = row.weight.saturating_add(failure.weight);
                if row.weight >= self.settings.threshold {
                    self.open(failure.cause.into(), now);
                }
            }
            Phase::Broken(_) => self.open_again(failure.cause.into(), now),
        }
    }

    /// The call was dropped before it had a result. If it was the probe, the next call becomes the probe.
    pub(super) fn withdrawn(&mut self, pass: &Pass) {
        if pass.epoch == self.epoch
            && let Phase::Broken(outage) = &mut self.phase
        {
            outage.stage = Stage::Waiting(Duration::ZERO);
            self.epoch += 1;
        }
    }

    fn open(&mut self, cause: Arc<str>, now: SystemTime) {
        let step = self.settings.first_wait;
        let wait = self.shortened(step);
        let to = &*self.settings.to;
        tracing::warn!(to, %cause, wait_ms = wait.as_millis(), "the circuit breaker opened: the API does not answer");
        let stage = Stage::Waiting(wait);
        self.phase = Phase::Broken(Outage { began: now, cause, step, since: now, stage });
        self.outages += 1;
        self.epoch += 1;
    }

    fn open_again(&mut self, cause: Arc<str>, now: SystemTime) {
        let Phase::Broken(Outage { step, .. }) = &self.phase else { return };
        let step = step.saturating_mul(2).min(self.settings.longest_wait);
        let wait = self.shortened(step);
        tracing::debug!(%cause, wait_ms = wait.as_millis(), "the circuit breaker stays open: the probe failed");
        if let Phase::Broken(outage) = &mut self.phase {
            *outage = Outage { began: outage.began, cause, step, since: now, stage: Stage::Waiting(wait) };
        }
        self.epoch += 1;
    }

    /// A random time between half of `step` and all of it.
    fn shortened(&self, step: Duration) -> Duration {
        let mut bytes = [0; 4];
        (self.random)(&mut bytes);
        let chance = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        step.mul_f64(f64::midpoint(1.0, chance))
    }
}

/// The time since `since`; zero if the clock stepped back.
fn elapsed(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}
