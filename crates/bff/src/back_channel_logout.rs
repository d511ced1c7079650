//! The provider tells that it has ended a sign-in (OpenID Connect Back-Channel Logout 1.0).

use std::time::{Duration, SystemTime};

use ironleaf_auth::{CLOCK_SKEW, EndReason, EndedAtProvider, LogoutNotice, LogoutTokenError, SecretText};
use ironleaf_store::{Holder, Key};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::time::{Instant, timeout};

use crate::Bff;
use crate::detached::run_detached;

/// Why a logout token ended nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LogoutFailure {
    /// The request has no logout token, or its token is not valid or was used before.
    #[error("the logout token is not valid")]
    Invalid,
    /// The token cannot be checked, or its effect cannot be stored, right now.
    #[error("the logout token cannot be used right now")]
    Unavailable,
}

impl Bff {
    /// Ends the sessions that a logout token names. Every replica sees it with its next request, also where sessions
    /// live only in cookies. `form` is the body of the request, form-encoded, with the field `logout_token`.
    ///
    /// # Errors
    ///
    /// [`LogoutFailure::Invalid`], which the specification answers with 400; [`LogoutFailure::Unavailable`]. After
    /// either, the same token is accepted if it is sent again and valid.
    ///
    /// # Security
    ///
    /// A token is accepted once across all replicas (section 2.6): its `jti` is kept in the store until the token
    /// expires. The caller must not require a session or a same-origin request: the provider's server sends it.
    pub async fn back_channel_logout(&self, form: &[u8]) -> Result<(), LogoutFailure> {
        let (bff, form) = (self.clone(), form.to_vec());
        let work = async move {
            let outcome = bff.end_by_logout_token(&form).await;
            let label = match &outcome {
                Ok(ended) => ended,
                Err((_, label)) => label,
            };
            metrics::counter!("ironleaf_back_channel_logouts_total", "outcome" => *label).increment(1);
            outcome.map(drop).map_err(|(failure, _)| failure)
        };
        // The provider does not send a token again, so a connection that it closes must not cut the work off.
        let ended = timeout(self.sign_out_timeout(), run_detached(self, work)).await;
        ended.ok().flatten().unwrap_or(Err(LogoutFailure::Unavailable))
    }

    async fn end_by_logout_token(&self, form: &[u8]) -> Result<&'static str, (LogoutFailure, &'static str)> {
        let mut tokens = url::form_urlencoded::parse(form).filter(|(name, _)| name == "logout_token");
        let (Some((_, token)), None) = (tokens.next(), tokens.next()) else {
            self.log_logout("no_token", |left_out| {
                tracing::warn!(left_out, "a back-channel logout has no logout token, or several");
            });
            return Err((LogoutFailure::Invalid, "no_token"));
        };
        let asked = self.provider().logout_notice(&SecretText::from(&*token)).await;
        let LogoutNotice { ended, id, expires_at } = asked.map_err(|error| {
            let (failure, label) = match error {
                LogoutTokenError::Invalid(reason) => (LogoutFailure::Invalid, reason),
                LogoutTokenError::Unsupported => (LogoutFailure::Invalid, "unsupported"),
                LogoutTokenError::Unavailable(_) => (LogoutFailure::Unavailable, "unavailable"),
            };
            self.log_logout(label, |left_out| {
                tracing::warn!(%error, left_out, "a back-channel logout was refused");
            });
            (failure, label)
        })?;
        let lease = lease(self.provider().name(), &id);
        if !self.is_first_use(&lease, expires_at).await? {
            self.log_logout("repeated", |left_out| {
                tracing::warn!(left_out, "a logout token was sent again");
            });
            return Err((LogoutFailure::Invalid, "repeated"));
        }
        let label = match ended {
            EndedAtProvider::Sessions(sids) => {
                for sid in &sids {
                    self.end_by_sid(sid).await;
                }
                "session"
            }
            EndedAtProvider::Person(subject) => {
                self.end_by_owner(&subject, EndReason::EndedByProvider).await;
                "person"
            }
        };
        tracing::info!(ended = label, "the provider has ended sessions");
        Ok(label)
    }

    /// Logs why a token ended nothing. Anybody can send one, so only a few lines are logged for each reason. `line`
    /// gets the number of those that were left out before it.
    fn log_logout(&self, reason: &'static str, line: impl FnOnce(Option<u64>)) {
        if let Some(left_out) = self.logout_lines().admit(reason, Instant::now()) {
            line(Some(left_out).filter(|left_out| *left_out > 0));
        }
    }

    async fn is_first_use(
        &self,
        lease: &Key,
        expires_at: SystemTime,
    ) -> Result<bool, (LogoutFailure, &'static str)> {
        #[cfg(feature = "mutants")]
        if ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::LogoutTokenTakenAgain) {
            return Ok(true);
        }
        let mut holder = [0; 16];
        self.fill_random(&mut holder);
        let holder = Holder::from_bytes(holder);
        let life = remembered_for(expires_at, self.now());
        self.store().acquire(lease, &holder, life).await.map_err(|error| {
            self.log_logout("store_unavailable", |left_out| {
                tracing::error!(%error, left_out, "a logout token cannot be used while the store does not answer");
            });
            self.forget_use(*lease, holder);
            (LogoutFailure::Unavailable, "store_unavailable")
        })
    }

    /// The store may have kept the use of a token although its answer was lost. Nothing has ended by it, so the token
    /// must be accepted when the provider sends it again.
    fn forget_use(&self, lease: Key, holder: Holder) {
        let bff = self.clone();
        self.spawn(Box::pin(async move {
            if let Err(error) = bff.store().release(&lease, &holder).await {
                tracing::warn!(%error, "a logout token that ended nothing may be refused when it is sent again");
            }
        }));
    }
}

/// For how long the store remembers a token. A replica whose clock is behind ours accepts it for longer than we do.
fn remembered_for(expires_at: SystemTime, now: SystemTime) -> Duration {
    expires_at.duration_since(now).unwrap_or_default() + CLOCK_SKEW
}

/// The store sees a hash, not the token's identifier.
fn lease(provider: &str, id: &str) -> Key {
    let hash = Sha256::new()
        .chain_update("ironleaf/v1/logout-token\0")
        .chain_update(provider)
        .chain_update("\0")
        .chain_update(id)
        .finalize();
    Key::from_bytes(hash.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_until_the_slowest_clock_refuses_it() {
        let (now, minute) = (SystemTime::UNIX_EPOCH + Duration::from_hours(1), Duration::from_mins(1));
        assert_eq!(remembered_for(now + minute, now), minute + CLOCK_SKEW);
        assert_eq!(remembered_for(now, now + minute), CLOCK_SKEW);
    }
}
