//! How often somebody may try.
//!
//! Failures are counted, not requests: a person with the right password is not told to wait for their own sake. What
//! sends an e-mail, makes an account or changes one is counted whatever comes of it, and so are sign-ins that succeed, by a
//! number that no person reaches: each leaves something behind, and one account must not fill what everybody shares.
//!
//! Nobody can keep a person out by guessing at their password. A browser in which a person has signed in before carries a
//! sealed proof of it, and its failures are counted apart from everybody else's, see [`KnownDevice`]. From any other
//! browser an e-mailed link signs them in, which no wrong password delays.
//!
//! Every counter is kept in this process, where it is bounded, and in the store, through which replicas and restarts know
//! of it. A store that does not answer takes nothing but that knowledge: what this process has seen counts.

mod allowance;
mod device;
mod doors;
mod mail;
mod subject;
mod tally;
#[cfg(test)]
mod tests;
mod total;

use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::Clock;
use ironleaf_store::Store;
use tokio::time::{Instant, timeout_at};

pub use allowance::{Allowance, InvalidAllowance};
pub(crate) use device::{KNOWN_DEVICE, KnownDevice};
use doors::{Doors, Pass};
pub(crate) use mail::{Mail, Mailing, NoMail};
use subject::Counter;
pub(crate) use subject::{Origin, Subject};
use tally::Tally;
use total::Alarm;

use crate::{AccountFailure, SignInFailure};

/// Who could not even begin within the time of a request comes again after this.
const BUSY: Duration = Duration::from_secs(1);

/// How many failures are free, and how soon they are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one account from one address, or in one browser that the account knows.
    pub strict: Allowance,
    /// Of one account from everywhere else together.
    pub account: Allowance,
    /// Of one address, whatever the account. Of IPv6: of one /48; a /56 in it has two thirds of this, a /64 one.
    pub address: Allowance,
    /// Sign-ins of one account that succeed.
    pub sign_ins: Allowance,
    /// E-mails of one kind to one address.
    pub recipient: Allowance,
    /// E-mails that all people together ask for. A half is for whoever comes first, and each network has a 200th of the whole from the
    /// other half.
    pub mails: Allowance,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            strict: Allowance::new(10, Duration::from_mins(15)),
            account: Allowance::new(50, Duration::from_hours(10)),
            // An office, a school or a carrier stands behind one address.
            address: Allowance::new(300, Duration::from_mins(15)),
            // More than a person or a suite of tests has a use for. Each leaves something in the store.
            sign_ins: Allowance::new(1_000, Duration::from_hours(24)),
            // One is forgotten each hour: for so long a link to set a password is good.
            recipient: Allowance::new(5, Duration::from_hours(5)),
            mails: Allowance::new(1_000, Duration::from_hours(1)),
        }
    }
}

/// Counts failures, and says who has to wait.
pub(crate) struct Limits {
    settings: RateLimits,
    tally: Tally,
    doors: Doors,
    alarm: Alarm,
}

/// Somebody has to wait before they try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    retry_after: Duration,
}

/// A try that may be made. It counts for nothing until somebody says how it ended.
pub(crate) struct Attempt {
    limits: Arc<Limits>,
    counters: Vec<Counter>,
    _passes: Vec<Pass>,
}

impl Limits {
    pub(crate) fn new(settings: RateLimits, store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { settings, tally: Tally::new(store, clock), doors: Doors::default(), alarm: Alarm::default() }
    }

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
        let mut passes = Vec::with_capacity(counters.len());
        // Always in the order of the counters, so that no two tries wait for each other.
        for counter in &counters {
            let pass = timeout_at(deadline, self.doors.pass(counter)).await;
            passes.push(pass.map_err(|_| TooMany::noted(counter, BUSY))?);
        }
        if let Some((counter, retry_after)) = self.tally.wait(&counters).await {
            return Err(TooMany::noted(counter, retry_after));
        }
        Ok(Attempt { limits: Arc::clone(self), counters, _passes: passes })
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
pub(crate) struct Spent(#[expect(dead_code, reason = "kept for its passes")] Attempt);

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

    /// Counts what the provider said of a password or a link. Where it could not say anything, nothing is counted.
    pub(crate) async fn judge(self, outcome: &Result<(), SignInFailure>) {
        match outcome {
            Ok(()) | Err(SignInFailure::SessionTooLarge) => self.succeeded().await,
            Err(SignInFailure::InvalidCredentials) => self.failed().await,
            Err(SignInFailure::TooManyRequests { .. } | SignInFailure::Unavailable) => {}
        }
    }
}

impl TooMany {
    /// The one place where it is logged and counted.
    fn noted(counter: &Counter, retry_after: Duration) -> Self {
        tracing::warn!(limit = counter.label, wait_secs = retry_after.as_secs(), "too many tries");
        metrics::counter!("ironleaf_rate_limited_total", "limit" => counter.label).increment(1);
        Self { retry_after }
    }
}

impl From<TooMany> for SignInFailure {
    fn from(refused: TooMany) -> Self {
        Self::TooManyRequests { retry_after: Some(refused.retry_after) }
    }
}

impl From<TooMany> for AccountFailure {
    fn from(refused: TooMany) -> Self {
        Self::TooManyRequests { retry_after: Some(refused.retry_after) }
    }
}
