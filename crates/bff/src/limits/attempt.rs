use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::concurrency::Permit;
use super::counters::Limits;
use super::subject::{Counter, Origin, Subject};
use super::too_many::{BUSY, TooMany};

/// A try that may be made. It counts for nothing until somebody says how it ended.
pub(crate) struct Attempt {
    limits: Arc<Limits>,
    counters: Vec<Counter>,
    _permits: Vec<Permit>,
}

impl Limits {
    /// Lets a try begin, or says how long to wait first.
    ///
    /// As many tries of one counter run at once as it has free failures: a thousand guesses sent in one moment wait for
    /// the answers of the first few, and then find out that they are too many.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        subject: Subject<'_>,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Attempt, TooMany> {
        let counters = subject.counters(origin, &self.settings);
        let mut permits = Vec::with_capacity(counters.len());
        // Always in the order of the counters, so that no two tries wait for each other.
        for counter in &counters {
            let permit = timeout_at(deadline, self.concurrency.permit(counter)).await;
            permits.push(permit.map_err(|_| TooMany::noted(counter, BUSY))?);
        }
        if let Some((counter, retry_after)) = self.tally.wait(&counters).await {
            return Err(TooMany::noted(counter, retry_after));
        }
        Ok(Attempt { limits: Arc::clone(self), counters, _permits: permits })
    }

    /// The same for what counts however it ends. As many of a counter go on at once as it allows: what is returned is kept
    /// until it has ended.
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

/// Something that counts already, and goes on.
#[must_use = "the next one may begin when it is dropped"]
pub(crate) struct Spent(#[expect(dead_code, reason = "kept for its permits")] Attempt);

impl Attempt {
    /// It failed, and counts.
    pub(crate) async fn failed(self) {
        self.limits.tally.charge(&self.counters).await;
    }

    /// It was no guess: what the same person got wrong before is forgotten. What others did to the account or from the
    /// address is not.
    pub(crate) async fn succeeded(self) {
        if let Some(own) = self.counters.first().filter(|counter| counter.is_own) {
            self.limits.tally.clear(own).await;
        }
    }
}
