use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::concurrency::Permit;
use super::counters::Limits;
use super::subject::{Counter, Origin, Subject};
use super::too_many::{BUSY, TooMany};

/// A try that may be made. It does not count until its outcome is known.
pub(crate) struct Attempt {
    limits: Arc<Limits>,
    counters: Vec<Counter>,
    _permits: Vec<Permit>,
}

impl Limits {
    /// Lets a try begin, or says how long to wait first.
    ///
    /// As many tries of one counter run at once as it has free failures. Of a thousand guesses sent in one moment, most
    /// wait for the answers to the first few, and are then refused as too many.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        subject: Subject<'_>,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Attempt, TooMany> {
        let counters = subject.counters(origin, &self.settings);
        let mut permits = Vec::with_capacity(counters.len());
        // Always in the order of the counters, so that two tries cannot deadlock.
        for counter in &counters {
            let permit = timeout_at(deadline, self.concurrency.permit(counter)).await;
            permits.push(permit.map_err(|_| TooMany::noted(counter, BUSY))?);
        }
        if let Some((counter, retry_after)) = self.tally.wait(&counters).await {
            return Err(TooMany::noted(counter, retry_after));
        }
        Ok(Attempt { limits: Arc::clone(self), counters, _permits: permits })
    }

    /// Does the same for an action that counts whatever its outcome. As many actions of a counter run at once as it
    /// allows; the returned value is kept until the action has ended.
    pub(crate) async fn spend(
        self: &Arc<Self>,
        subject: Subject<'_>,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Spent, TooMany> {
        let attempt = self.admit(subject, origin, deadline).await?;
        self.tally.charge(&attempt.counters).await;
        Ok(Spent(attempt))
    }
}

/// An action that has been counted and is still under way.
#[must_use = "the next one may begin when it is dropped"]
pub(crate) struct Spent(#[expect(dead_code, reason = "kept for its permits")] Attempt);

impl Attempt {
    /// The try failed, and counts.
    pub(crate) async fn failed(self) {
        self.limits.tally.charge(&self.counters).await;
    }

    /// The try was not a guess: earlier failures of the same person are forgotten. Failures of others on this account
    /// or from this address are not.
    pub(crate) async fn succeeded(self) {
        if let Some(own) = self.counters.first().filter(|counter| counter.is_own) {
            self.limits.tally.clear(own).await;
        }
    }
}
