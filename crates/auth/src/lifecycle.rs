//! The token lifecycle: the one place that decides when a refresh token is presented.
//!
//! One refresh for each session and rotation, however many requests, processes and machines want it; it runs in a task of
//! its own and commits the head before anybody is answered. What a request has to do is decided in [`position`], the steps
//! of a refresh are in [`refresh`], those of a sign-out in [`ending`].

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
    CLOCK_SKEW, Caller, Change, EndReason, Grant, Head, HeadState, Provider, RefreshTiming, Repetition,
    SessionKey, TransportError,
};

/// Keeps grants fresh. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

impl Lifecycle {
    /// A lifecycle with no refresh under way.
    pub fn new(settings: LifecycleSettings) -> Self {
        Self { shared: Arc::new(Shared::new(settings)) }
    }

    /// The process is to end: what goes on without anybody waiting, and can be left to the next process, ends at once. What is
    /// under way with the provider is not touched.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The provider whose grants are kept.
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.shared.settings.provider
    }

    /// Whether `grant` wants a refresh at `now`.
    pub fn due(&self, grant: &Grant, now: SystemTime) -> Due {
        due::due(&**self.provider(), grant, now)
    }

    /// The head of a session. Whoever has read it already, together with other things, passes that on instead.
    ///
    /// # Errors
    ///
    /// [`HeadsError`](crate::HeadsError) is an answer, too: the lifecycle goes on with it.
    pub async fn read_head(&self, session: &SessionKey) -> HeadRead {
        self.shared.read(session).await
    }

    /// Leads the request to the newest grant there is, and renews that if it is due. The request waits until the refresh has
    /// ended in one of its five ways, or for as long as [`TimeLimits`] has it wait; the refresh goes on without it.
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
        // A refresh under way may hold the new grant already, and only wait for the store to take it.
        let may_refresh = reachable
            || self.shared.flights.has(&stand.key)
            || self.shared.may_refresh_without_store(&stand.key, &stand.grant);
        if !may_refresh {
            return self.shared.unavailable(&stand, "the store does not answer".to_owned(), None);
        }
        self.shared.renew_in_time(caller, &stand).await
    }

    /// Renews the grant because a call that it authorized was answered with 401, whatever our clock says. A newer grant that
    /// is there already will do; a provider that takes an early refresh for a theft is not asked before the access token has
    /// ended.
    pub async fn replace_refused(&self, caller: &Caller, session: &SessionKey, grant: &Grant) -> Ensured {
        let head = self.read_head(session).await;
        // What the call was made with may have been adopted a moment ago, and its browser hold an older cookie.
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
        // By as much as our clock may be wrong, the refusal knows better.
        let early = stand.grant.access_lives(now + CLOCK_SKEW);
        if early && self.provider().refresh_timing(&stand.grant) == RefreshTiming::AfterExpiry {
            let (provider, rotation) = (self.provider().name(), stand.key.rotation());
            tracing::warn!(provider, rotation, "a living access token was refused; too early to refresh");
            return Ensured::Unavailable {
                newest: stand.newest(),
                access_lives: false,
                retry_after: None,
                detail: "the access token was refused before its end".to_owned(),
            };
        }
        self.shared.renew_in_time(caller, &stand).await
    }

    /// Writes into the session's newest grant what an answer of the API has told, such as a changed address, so that a
    /// cookie of any older rotation is led to it. A change that changes nothing is not written.
    ///
    /// `None` where the head cannot take it: what the cookie holds is all there is then. It goes on when the future that is
    /// returned is dropped.
    pub fn amend(
        &self,
        session: &SessionKey,
        grant: &Grant,
        change: Change,
    ) -> impl Future<Output = Option<Rotated>> + Send + use<> {
        amend::begin(Arc::clone(&self.shared), session.clone(), grant.clone(), change)
    }

    /// Ends the session: the head is marked, and the provider is told of the newest grant there is, after any refresh
    /// that is under way. It goes on when the future that is returned is dropped. What ended before is not ended again.
    ///
    /// # Errors
    ///
    /// [`TransportError`] of the first try; it has been logged, and the provider is told again.
    pub fn end(
        &self,
        caller: &Caller,
        session: &SessionKey,
        grant: &Grant,
        reason: EndReason,
    ) -> impl Future<Output = Result<(), TransportError>> + Send + use<> {
        ending::begin(Arc::clone(&self.shared), caller.clone(), session.clone(), grant.clone(), reason)
    }

    /// Tells the provider of a grant that no session began with, such as that of a sign-in whose browser had gone. It goes on
    /// when the future that is returned is dropped. Nothing is kept of it.
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
    /// Whoever would have to wait longer than a request waits is told so at once.
    async fn renew_in_time(self: &Arc<Self>, caller: &Caller, stand: &Stand) -> Ensured {
        let patience = self.patience_for(stand);
        match self.wait_before(stand).filter(|wait| *wait >= patience) {
            Some(wait) => {
                let detail = "the refresh token rests after its last presentation".to_owned();
                self.unavailable(stand, detail, Some(wait))
            }
            None => self.renew(caller, stand).await,
        }
    }

    fn patience_for(&self, stand: &Stand) -> Duration {
        self.patience_while_healthy(stand).0
    }

    /// How long a request waits, and how long as long as nothing goes wrong with the refresh.
    fn patience_while_healthy(&self, stand: &Stand) -> (Duration, Duration) {
        let TimeLimits { request, request_with_living_access, healthy_refresh, .. } =
            self.settings.time_limits;
        if stand.grant.access_lives(self.now()) {
            // There is something to go on with.
            (request_with_living_access, request_with_living_access)
        } else {
            (request, healthy_refresh.max(request))
        }
    }

    /// Joins the refresh that is under way, or begins it, and waits.
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

    /// Asks the clock again: the refresh may have taken longer than the access token had left.
    fn unavailable(&self, stand: &Stand, detail: String, retry_after: Option<Duration>) -> Ensured {
        let access_lives = stand.grant.access_lives(self.now());
        Ensured::Unavailable { newest: stand.newest(), access_lives, retry_after, detail }
    }

    /// A newer grant is there, under a key that this server does not know yet. The request's own may serve meanwhile.
    fn elsewhere(&self, grant: &Grant) -> Ensured {
        Ensured::Unavailable {
            newest: None,
            access_lives: grant.access_lives(self.now()),
            retry_after: None,
            detail: "the session's newest grant is sealed under a key that is not known here".to_owned(),
        }
    }

    /// What a request with a cookie of the newest rotation tells.
    fn note(self: &Arc<Self>, stand: &Stand) {
        let is_settled = stand.phase == Phase::Idle;
        if is_settled && matches!(self.provider().repetition(&stand.grant), Repetition::Recognised { .. }) {
            self.knowledge.confirm(&stand.key);
        }
        if stand.has_news {
            self.note_shown(stand);
        }
    }

    /// The browser has the newest grant: it need not be kept much longer, and a head that has lost it learns of it.
    fn note_shown(self: &Arc<Self>, stand: &Stand) {
        let shared = Arc::clone(self);
        let (key, version, grant) = (stand.key.clone(), stand.version, Some(stand.grant.clone()));
        let (rotation, not_before) = (key.rotation(), stand.not_before);
        let head = Head { rotation, state: HeadState::Idle, not_before, grant, shown: true };
        (self.settings.spawner)(Box::pin(async move {
            let keep = shared.keep(&key, &head);
            // Only room is at stake: who wrote in between has newer things to say, and an outage passes.
            let _ = shared.heads().write(&key, version, &head, keep).await;
        }));
    }
}
