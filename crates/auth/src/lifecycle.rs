//! The token lifecycle: the one place that decides when a refresh token is presented.
//!
//! There is one refresh for each session and rotation, however many requests, processes and machines want it. It runs
//! in its own task, and commits the head before anybody is answered. [`position`] decides what a request has to do,
//! [`refresh`] has the steps of a refresh, and [`ending`] has those of a sign-out.

mod amend;
mod due;
mod ending;
mod ensured;
mod flight;
mod flights;
mod knowledge;
mod lease;
mod position;
mod refresh;
mod settings;
mod shared;
mod waiting;
mod write;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use self::due::Due;
pub use self::ensured::{Ensured, HeadRead, Rotated};
use self::flights::Landing;
use self::position::{Phase, Position, Stand};
pub use self::settings::{LifecycleSettings, TimeLimits};
use self::shared::Shared;
use crate::{
    Caller, Change, EndReason, Grant, Head, HeadState, Provider, RefreshTiming, Repetition, SessionKey,
    TransportError,
};

/// Keeps grants fresh. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

impl Lifecycle {
    /// A lifecycle with no refresh in progress.
    pub fn new(settings: LifecycleSettings) -> Self {
        Self { shared: Arc::new(Shared::new(settings)) }
    }

    /// Call this before the process ends. Background work that nobody waits for, and that the next process can do,
    /// stops at once. Calls to the provider that are in progress continue.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The provider whose grants are kept.
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.shared.settings.provider
    }

    /// Whether `grant` needs a refresh at `now`.
    pub fn due(&self, grant: &Grant, now: SystemTime) -> Due {
        due::due(&**self.provider(), grant, now)
    }

    /// Reads the head of a session. A caller that has already read it together with other data passes that result on instead.
    ///
    /// # Errors
    ///
    /// [`HeadsError`](crate::HeadsError) is a valid input of the lifecycle, too: it continues without the head.
    pub async fn read_head(&self, session: &SessionKey) -> HeadRead {
        self.shared.read(session).await
    }

    /// Finds the newest grant for the request, and renews it if that is due. The request waits until the refresh ends
    /// in one of its five ways, but no longer than [`TimeLimits`] allows. After that the refresh continues without it.
    pub async fn ensure_fresh(
        &self,
        caller: &Caller,
        session: &SessionKey,
        grant: &Grant,
        head: HeadRead,
    ) -> Ensured {
        let reachable = head.is_ok();
        let stand = match self.shared.position(session, grant, head) {
            Position::Over(reason) => return Ensured::Ended(reason),
            Position::Elsewhere { .. } => return self.shared.elsewhere(grant),
            Position::At(stand) => stand,
        };
        if reachable {
            self.shared.note(&stand);
        }
        let now = self.shared.now();
        if self.due(&stand.grant, now) == Due::NotYet {
            return Ensured::Usable(stand.newest());
        }
        // A refresh in progress may already hold the new grant, and only be waiting for the store to accept it.
        let may_refresh = reachable
            || self.shared.flights.has(&stand.key)
            || self.shared.may_refresh_without_store(&stand.key, &stand.grant);
        if !may_refresh {
            return self.shared.unavailable(&stand, "the store does not answer".to_owned(), None);
        }
        self.shared.renew_in_time(caller, &stand).await
    }

    /// Renews the grant because a call that it authorized was answered with 401, whatever our clock says. If there
    /// already is a newer grant, that is used. A provider that treats an early refresh as theft is not asked before the
    /// access token has expired.
    pub async fn replace_refused(&self, caller: &Caller, session: &SessionKey, grant: &Grant) -> Ensured {
        let head = self.read_head(session).await;
        // The grant of the call may have been adopted a moment ago, while the browser still has an older cookie.
        let noted = head.as_ref().ok().and_then(Option::as_ref).map(|kept| kept.head.shown);
        let mut stand = match self.shared.position(session, grant, head) {
            Position::Over(reason) => return Ensured::Ended(reason),
            Position::Elsewhere { .. } => return self.shared.elsewhere(grant),
            Position::At(stand) => stand,
        };
        stand.shown = noted.unwrap_or_default();
        let now = self.shared.now();
        if stand.is_adopted() && self.due(&stand.grant, now) == Due::NotYet {
            return Ensured::Usable(stand.newest());
        }
        // The refusal does not say that the token has expired: it may have ended in another way.
        let left = stand.grant.access_expires_at.and_then(|end| end.duration_since(now).ok());
        let early = stand.grant.access_lives(now);
        if early && self.provider().refresh_timing(&stand.grant) == RefreshTiming::AfterExpiry {
            let (provider, rotation) = (self.provider().name(), stand.key.rotation());
            tracing::warn!(
                provider,
                rotation,
                "the API refused an access token that has not expired; it is too early to refresh"
            );
            return Ensured::Unavailable {
                newest: stand.newest(),
                access_lives: false,
                retry_after: left,
                detail: "the access token was refused before its expiry".to_owned(),
            };
        }
        self.shared.renew_in_time(caller, &stand).await
    }

    /// Writes what an answer of the API said, such as a changed address, into the session's newest grant. Requests with
    /// a cookie of any older rotation then adopt it. A change without effect is not written.
    ///
    /// Returns `None` if the head cannot be written. Then only the cookie has the change. The write continues if the
    /// returned future is dropped.
    pub fn amend(
        &self,
        session: &SessionKey,
        grant: &Grant,
        change: Change,
    ) -> impl Future<Output = Option<Rotated>> + Send + use<> {
        amend::begin(Arc::clone(&self.shared), session.clone(), grant.clone(), change)
    }

    /// Ends the session. The head is marked, and the provider is told about the newest grant, after any refresh that is
    /// in progress. This continues if the returned future is dropped. A session that has already ended is not ended
    /// again.
    ///
    /// # Errors
    ///
    /// [`TransportError`] of the first attempt. It has been logged, and the provider is told again.
    pub fn end(
        &self,
        caller: &Caller,
        session: &SessionKey,
        grant: &Grant,
        reason: EndReason,
    ) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
        ending::begin(Arc::clone(&self.shared), caller.clone(), session.clone(), grant.clone(), reason)
    }

    /// Tells the provider to revoke a grant that belongs to no session, such as that of a sign-in whose browser had
    /// gone. This continues if the returned future is dropped. Nothing is stored.
    ///
    /// # Errors
    ///
    /// [`TransportError`], as with [`end`](Self::end).
    pub fn give_back(
        &self,
        caller: &Caller,
        grant: Grant,
    ) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
        ending::give_back(Arc::clone(&self.shared), caller.clone(), grant)
    }
}

impl Shared {
    /// A request that would have to wait longer than requests wait is told so at once.
    async fn renew_in_time(self: &Arc<Self>, caller: &Caller, stand: &Stand) -> Ensured {
        let patience = self.patience_for(stand);
        match self.wait_before(stand).filter(|wait| *wait >= patience) {
            Some(wait) => {
                let detail = "the refresh token must not be presented again yet".to_owned();
                self.unavailable(stand, detail, Some(wait))
            }
            None => self.renew(caller, stand).await,
        }
    }

    fn patience_for(&self, stand: &Stand) -> Duration {
        self.patience_while_healthy(stand).0
    }

    /// How long a request waits, and how long in total while nothing goes wrong with the refresh.
    fn patience_while_healthy(&self, stand: &Stand) -> (Duration, Duration) {
        let TimeLimits { request, request_with_living_access, healthy_refresh, .. } =
            self.settings.time_limits;
        if stand.grant.access_lives(self.now()) {
            // The request can continue with the old access token.
            (request_with_living_access, request_with_living_access)
        } else {
            (request, healthy_refresh.max(request))
        }
    }

    /// Joins the refresh that is in progress, or starts one, and waits.
    async fn renew(self: &Arc<Self>, caller: &Caller, stand: &Stand) -> Ensured {
        let (patience, while_healthy) = self.patience_while_healthy(stand);
        match flight::join(self, caller, stand).wait(patience, while_healthy).await {
            Some(Landing::Renewed(rotated)) => Ensured::Usable(Some(rotated)),
            Some(Landing::Ended(reason)) => Ensured::Ended(reason),
            Some(Landing::Unavailable { detail, retry_after }) => {
                self.unavailable(stand, detail, retry_after)
            }
            None => self.unavailable(stand, "the refresh takes longer than a request waits".to_owned(), None),
        }
    }

    /// Reads the clock again: the refresh may have taken longer than the remaining lifetime of the access token.
    fn unavailable(&self, stand: &Stand, detail: String, retry_after: Option<Duration>) -> Ensured {
        let access_lives = stand.grant.access_lives(self.now());
        Ensured::Unavailable { newest: stand.newest(), access_lives, retry_after, detail }
    }

    /// There is a newer grant under a key that this server does not know yet. Until then the request's own grant may be used.
    fn elsewhere(&self, grant: &Grant) -> Ensured {
        Ensured::Unavailable {
            newest: None,
            access_lives: grant.access_lives(self.now()),
            retry_after: None,
            detail: "the session's newest grant is sealed under a key that is not known here".to_owned(),
        }
    }

    /// Learns from a request with a cookie of the newest rotation.
    fn note(self: &Arc<Self>, stand: &Stand) {
        let is_settled = stand.phase == Phase::Idle;
        if is_settled && matches!(self.provider().repetition(&stand.grant), Repetition::Recognised { .. }) {
            self.knowledge.confirm(&stand.key);
        }
        if stand.has_news {
            self.note_shown(stand);
        }
    }

    /// The browser has the newest grant. So the head need not keep it much longer, and a head that has lost it gets it back.
    fn note_shown(self: &Arc<Self>, stand: &Stand) {
        let shared = Arc::clone(self);
        let (key, version, grant) = (stand.key.clone(), stand.version, Some(stand.grant.clone()));
        let (rotation, not_before) = (key.rotation(), stand.not_before);
        let head = Head { rotation, state: HeadState::Idle, not_before, grant, shown: true };
        (self.settings.spawner)(Box::pin(async move {
            let keep = shared.keep(&key, &head);
            // A failure costs only space: whoever wrote in between has newer facts, and an outage passes.
            let _ = shared.heads().write(&key, version, &head, keep).await;
        }));
    }
}
