use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::{Caller, Clock, Grant, Provider, RefreshOutcome, RefreshTiming, Rejection};

/// Which refresh is meant: one session at one rotation. It is what single flight, leases and the head are keyed by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    id: Box<[u8]>,
    rotation: u64,
}

impl SessionKey {
    /// The session with this identifier, whose cookie has this rotation.
    pub fn new(id: &[u8], rotation: u64) -> Self {
        Self { id: id.into(), rotation }
    }

    /// The session's identifier. It is a secret: nothing stores or logs it in clear.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// How often the session's tokens had been renewed when its cookie was sealed.
    pub fn rotation(&self) -> u64 {
        self.rotation
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey").field("rotation", &self.rotation).finish_non_exhaustive()
    }
}

/// Whether a grant wants a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// No: the access token is good for a while, or only a 401 can tell.
    NotYet,
    /// Yes, and until it is done the old access token still lives.
    Due,
    /// Yes, and the access token has ended.
    Expired,
}

/// What a request has to go on with.
#[derive(Debug)]
pub enum Ensured {
    /// The grant as it was.
    Current,
    /// A new grant, to be sealed into this very response.
    Rotated(Grant),
    /// The session is over.
    Ended(Rejection),
    /// The grant could not be renewed and is not lost.
    Unavailable {
        /// Whether the old access token can serve in the meantime.
        access_lives: bool,
        /// What went wrong, for a page that explains itself to operators; it has been logged.
        detail: String,
    },
}

/// Keeps grants fresh: the one place that decides when a refresh token is presented.
pub struct Lifecycle {
    provider: Arc<dyn Provider>,
    clock: Clock,
}

impl Lifecycle {
    /// A lifecycle for the grants of `provider`.
    pub fn new(provider: Arc<dyn Provider>, clock: Clock) -> Self {
        Self { provider, clock }
    }

    /// The provider whose grants are kept.
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// Whether `grant` wants a refresh at `now`.
    pub fn due(&self, grant: &Grant, now: SystemTime) -> Due {
        let Some(end) = grant.access_expires_at else {
            return Due::NotYet;
        };
        let leeway = match self.provider.refresh_timing(grant) {
            RefreshTiming::On401 => return Due::NotYet,
            RefreshTiming::AfterExpiry => Duration::ZERO,
            RefreshTiming::Before(leeway) => bounded(leeway, grant),
        };
        match end.duration_since(now) {
            Ok(left) if left > leeway => Due::NotYet,
            Ok(left) if !left.is_zero() => Due::Due,
            _ => Due::Expired,
        }
    }

    /// Renews `grant` if it is due. Until the refresh has ended in one of its four ways the request waits.
    pub async fn ensure_fresh(&self, caller: &Caller, session: &SessionKey, grant: &Grant) -> Ensured {
        match self.due(grant, (self.clock)()) {
            Due::NotYet => Ensured::Current,
            Due::Due | Due::Expired => self.refresh(caller, session, grant).await,
        }
    }

    /// Renews `grant` because a call that it authorized was answered with 401, whatever our clock says. A provider that
    /// takes an early refresh for a theft is not asked before the access token has ended.
    pub async fn replace_refused(&self, caller: &Caller, session: &SessionKey, grant: &Grant) -> Ensured {
        let early = grant.access_lives((self.clock)());
        if early && self.provider.refresh_timing(grant) == RefreshTiming::AfterExpiry {
            let (provider, rotation) = (self.provider.name(), session.rotation());
            tracing::warn!(provider, rotation, "a living access token was refused; too early to refresh");
            return Ensured::Unavailable {
                access_lives: false,
                detail: "the access token was refused before its end".to_owned(),
            };
        }
        self.refresh(caller, session, grant).await
    }

    async fn refresh(&self, caller: &Caller, session: &SessionKey, grant: &Grant) -> Ensured {
        let (provider, rotation) = (self.provider.name(), session.rotation());
        match self.provider.refresh(caller, grant).await {
            RefreshOutcome::Rotated(rotated) => {
                tracing::debug!(provider, rotation, "refreshed");
                Ensured::Rotated(rotated)
            }
            RefreshOutcome::Rejected(rejection) => {
                tracing::info!(provider, rotation, ?rejection, "the provider ended the session");
                Ensured::Ended(rejection)
            }
            RefreshOutcome::NotSent(detail) => {
                tracing::warn!(provider, rotation, %detail, "refresh not sent");
                self.unavailable(grant, detail)
            }
            RefreshOutcome::InDoubt(detail) => {
                tracing::warn!(provider, rotation, %detail, "refresh in doubt");
                self.unavailable(grant, detail)
            }
        }
    }

    /// Asks the clock again: the refresh may have taken longer than the access token had left.
    fn unavailable(&self, grant: &Grant, detail: String) -> Ensured {
        Ensured::Unavailable { access_lives: grant.access_lives((self.clock)()), detail }
    }
}

/// A leeway longer than a quarter of the token's life would renew short-lived tokens on almost every request.
fn bounded(leeway: Duration, grant: &Grant) -> Duration {
    grant.access_lifetime.map_or(leeway, |lifetime| leeway.min(lifetime / 4))
}

#[cfg(test)]
mod tests;
