//! What a new password must not be. The providers' own rules come after that.

mod blocklist;
mod strength;

use ironleaf_auth::{EmailAddress, SecretText};
use ironleaf_credentials::password::normal_form;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

pub use self::blocklist::{Blocklist, BlocklistError};
use self::strength::{Estimate, estimate};
pub use self::strength::{Strength, UnknownStrength, Weakness};

/// SECURITY: an estimate takes a core for up to 50 ms, and anybody can ask for one. Those of all requests together take no
/// more cores than this.
const ESTIMATES_AT_ONCE: usize = 2;

static ESTIMATES: Semaphore = Semaphore::const_new(ESTIMATES_AT_ONCE);

/// What a new password must not be, whichever provider keeps it. The default accepts every password.
///
/// Sign-ins are not concerned: a password that is in use stays in use until its person sets another one.
#[derive(Debug, Clone, Default)]
pub struct PasswordPolicy {
    /// Breached passwords. None of them becomes a new password.
    pub blocklist: Option<Blocklist>,
    /// Weaker passwords are refused.
    pub min_strength: Strength,
    /// Words that everybody expects in a password for this application, such as its name.
    pub expected_words: Vec<String>,
}

/// Why a policy does not accept a password.
#[derive(Debug, Error)]
pub(crate) enum Objection {
    #[error("it is breached")]
    Breached,
    #[error("it is easy to guess")]
    Weak(Weakness),
    /// It is not known whether the password is acceptable.
    #[error("the blocklist cannot be read: {0}")]
    NoBlocklist(#[from] BlocklistError),
    #[error("the check did not end in time")]
    NoAnswer,
}

impl PasswordPolicy {
    /// SECURITY: nothing here asks for an account, so neither the answer nor its time tells whether there is one.
    pub(crate) async fn check(
        &self,
        password: &SecretText,
        address: Option<&EmailAddress>,
        deadline: Instant,
    ) -> Result<(), Objection> {
        if let Some(blocklist) = self.blocklist.clone() {
            let hash = blocklist::hash(&normal_form(password.expose()));
            if blocking(deadline, move || blocklist.contains(&hash)).await?? {
                return Err(Objection::Breached);
            }
        }
        if self.min_strength == Strength::default() {
            return Ok(());
        }
        match self.estimate(password, address, deadline).await? {
            Estimate { strength, weakness } if strength < self.min_strength => Err(Objection::Weak(weakness)),
            _ => Ok(()),
        }
    }

    pub(crate) async fn estimate(
        &self,
        password: &SecretText,
        address: Option<&EmailAddress>,
        deadline: Instant,
    ) -> Result<Estimate, Objection> {
        let (password, address) = (password.clone(), address.cloned());
        let words = self.expected_words.clone();
        let permit = timeout_at(deadline, ESTIMATES.acquire()).await;
        let Ok(Ok(permit)) = permit else { return Err(Objection::NoAnswer) };
        blocking(deadline, move || {
            // An estimate continues when nobody waits for it any more, and takes its core until then.
            let _permit = permit;
            estimate(&password, address.as_ref(), &words)
        })
        .await
    }
}

/// Runs `work` on a thread that may be held up.
async fn blocking<T: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Objection> {
    match timeout_at(deadline, spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(Objection::NoAnswer),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn no_more_estimates_run_at_once_than_there_are_permits() {
        let policy = PasswordPolicy { min_strength: Strength::MODERATE, ..PasswordPolicy::default() };
        let password = SecretText::from("password2");
        let all = ESTIMATES.acquire_many(2).await.unwrap();
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(matches!(policy.check(&password, None, soon).await, Err(Objection::NoAnswer)));
        drop(all);
        let later = Instant::now() + Duration::from_mins(1);
        assert!(matches!(policy.check(&password, None, later).await, Err(Objection::Weak(_))));
    }
}
