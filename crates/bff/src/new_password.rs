//! The policy for new passwords, in the use cases that set one.

use http::request::Parts;
use ironleaf_auth::{EmailAddress, SecretText};
use tokio::time::Instant;

use crate::AccountFailure;
use crate::passwords::{Objection, Strength, Weakness};
use crate::request_context::live_session;
use crate::use_case::UseCase;

impl UseCase {
    /// SECURITY: without this, an account could get a password that everybody knows. A blocklist that cannot be read
    /// refuses every new password, because nobody would notice a check that is silently left out.
    pub(crate) async fn accept_new_password(
        &self,
        password: &SecretText,
        address: Option<&EmailAddress>,
    ) -> Result<(), AccountFailure> {
        let objection =
            match self.bff.settings().password_policy.check(password, address, self.deadline).await {
                Ok(()) => return Ok(()),
                Err(objection) => objection,
            };
        match objection {
            Objection::Breached => Err(AccountFailure::BreachedPassword),
            Objection::Weak(weakness) => Err(AccountFailure::WeakPassword(weakness)),
            Objection::NoBlocklist(_) | Objection::NoAnswer => {
                if let Some(left_out) = self.bff.password_lines().admit("unchecked", Instant::now()) {
                    tracing::error!(
                        error = %objection,
                        left_out,
                        "a new password cannot be checked, so none is accepted"
                    );
                }
                Err(AccountFailure::Unavailable)
            }
        }
    }
}

/// Why this password is easy to guess, for a hint. `None` if it is not, or if nobody can tell right now.
///
/// `address` is that of the account, if it is known: a password made of it is weak.
pub async fn weakness_of(parts: &Parts, password: &str, address: Option<&EmailAddress>) -> Option<Weakness> {
    let (bff, _) = live_session(parts)?;
    let (policy, deadline) = (&bff.settings().password_policy, Instant::now() + bff.sign_in_timeout());
    if policy.min_strength >= Strength::MODERATE {
        return None;
    }
    let estimated = policy.estimate(&SecretText::from(password), address, deadline).await.ok()?;
    (estimated.strength < Strength::MODERATE).then_some(estimated.weakness)
}
