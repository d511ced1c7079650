//! The token lifecycle: the one place that decides when a refresh token is presented.
//!
//! One refresh for each session and rotation, however many requests, processes and machines want it; it runs in a task of
//! its own and commits the head before anybody is answered. What a request has to do is decided in [`position`], the steps
//! of a refresh are in [`refresh`], those of a sign-out in [`ending`].

mod amend;
mod commit;
mod due;
mod ending;
mod flight;
mod knowledge;
mod lease;
mod position;
mod refresh;
mod settings;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

pub use self::due::Due;
use self::flight::{Flights, Landing};
use self::knowledge::Knowledge;
use self::position::{Phase, Position, Stand, settle};
pub use self::settings::{LifecycleSettings, Patience};
use crate::{
    CLOCK_SKEW, Caller, Change, EndReason, Event, Grant, Head, HeadState, Heads, HeadsError, Keep, KeptHead,
    Provider, RefreshTiming, Repetition, SessionKey, TransportError,
};

/// What came of reading a head: before the lifecycle is asked, or by [`Lifecycle::read_head`].
pub type HeadRead = Result<Option<KeptHead>, HeadsError>;

/// A grant newer than the one a request came with.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// Its rotation.
    pub rotation: u64,
    /// The grant, to be sealed into this very response.
    pub grant: Grant,
}

/// What a request has to go on with.
#[derive(Debug)]
pub enum Ensured {
    /// There is an access token that can be used: of the request's own grant, or of a newer one.
    Usable(Option<Rotated>),
    /// The session is over.
    Ended(EndReason),
    /// The grant could not be renewed and is not lost.
    Unavailable {
        /// A grant that is newer than the request's all the same.
        newest: Option<Rotated>,
        /// Whether the access token can serve in the meantime.
        access_lives: bool,
        /// When asking again may help, where that is known.
        retry_after: Option<Duration>,
        /// What went wrong, for a page that explains itself to operators; it has been logged.
        detail: String,
    },
}

/// Keeps grants fresh. Cheap to clone.
#[derive(Clone)]
pub struct Lifecycle {
    shared: Arc<Shared>,
}

struct Shared {
    settings: LifecycleSettings,
    flights: Flights,
    knowledge: Knowledge,
    /// Tells this process from all others that have ever written a head.
    process: [u8; 4],
    is_closing: AtomicBool,
    closing: Notify,
}

impl Lifecycle {
    /// A lifecycle with no refresh under way.
    pub fn new(settings: LifecycleSettings) -> Self {
        let mut process = [0; 4];
        (settings.random)(&mut process);
        Self {
            shared: Arc::new(Shared {
                settings,
                flights: Flights::default(),
                knowledge: Knowledge::default(),
                process,
                is_closing: AtomicBool::new(false),
                closing: Notify::new(),
            }),
        }
    }

    /// The process is to end: what goes on without anybody waiting, and can be left to the next process, ends at once. What is
    /// under way with the provider is not touched.
    pub fn close(&self) {
        self.shared.is_closing.store(true, Ordering::Release);
        self.shared.closing.notify_waiters();
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
    /// [`HeadsError`] is an answer, too: the lifecycle goes on with it.
    pub async fn read_head(&self, session: &SessionKey) -> HeadRead {
        self.shared.read(session).await
    }

    /// Leads the request to the newest grant there is, and renews that if it is due. The request waits until the refresh has
    /// ended in one of its five ways, or for as long as [`Patience`] has it wait; the refresh goes on without it.
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

/// A session that is over by its age has no cookie any more that opens, and one that comes all the same must not have its end told
/// again.
const END_IS_KNOWN_FOR: Duration = Duration::from_hours(25);

impl Shared {
    fn now(&self) -> SystemTime {
        (self.settings.clock)()
    }

    fn observe(&self, event: Event) {
        (self.settings.observer)(event);
    }

    fn provider(&self) -> &dyn Provider {
        &*self.settings.provider
    }

    fn heads(&self) -> &dyn Heads {
        &*self.settings.heads
    }

    async fn read(&self, session: &SessionKey) -> HeadRead {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoHead) {
            return Ok(None);
        }
        self.heads().read(session).await
    }

    fn position(&self, session: &SessionKey, grant: &Grant, head: HeadRead) -> Position {
        let kept = head.unwrap_or_else(|error| {
            self.observe(Event::StoreUnreachable);
            tracing::warn!(%error, "a request goes on without its head");
            None
        });
        #[cfg(feature = "mutants")]
        let kept = kept.filter(|_| !crate::mutants::is_active(crate::mutants::Mutant::NoHead));
        let position = settle(session, grant, kept);
        match &position {
            Position::Over(EndReason::Superseded) => self.observe(Event::Superseded),
            Position::Over(_) => self.observe(Event::Dead),
            Position::Elsewhere { .. } => self.observe(Event::SealedElsewhere),
            Position::At(stand) if stand.is_adopted() => {
                self.observe(Event::Adopted { rotations_behind: stand.rotations_behind });
            }
            Position::At(_) => {}
        }
        position
    }

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
        let Patience { request, request_with_living_access, healthy_refresh, .. } = self.settings.patience;
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

    /// Without the store nobody knows whether this grant is still the newest. A provider that recognises the repetition of
    /// a refresh makes that harmless for as long as it remembers: counted from the earliest time at which anybody can have
    /// presented the token. That is not when it was due: a living access token that is refused is replaced early. It is when the
    /// token was issued, or when the store last said here that it was not presented.
    fn may_refresh_without_store(&self, session: &SessionKey, grant: &Grant) -> bool {
        #[cfg(feature = "mutants")]
        if [crate::mutants::Mutant::AloneInPartition, crate::mutants::Mutant::NoSingleFlight]
            .into_iter()
            .any(crate::mutants::is_active)
        {
            return true;
        }
        match self.provider().repetition(grant) {
            Repetition::Free => true,
            Repetition::Recognised { within, .. } => {
                let issued = refresh::issued_at(grant);
                let issued_ago = issued.and_then(|at| waiting::age(self.now(), at));
                let ago = issued_ago.into_iter().chain(self.knowledge.confirmed_ago(session)).min();
                ago.and_then(|ago| ago.checked_add(CLOCK_SKEW)).is_some_and(|ago| ago < within)
            }
            Repetition::AskAgain(_) | Repetition::Never => false,
        }
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

    /// Whether every token that was ever issued can be presented at any time.
    fn is_free(&self, grant: &Grant) -> bool {
        self.provider().repetition(grant) == Repetition::Free
    }

    fn keep(&self, session: &SessionKey, head: &Head) -> Keep {
        let Patience { successor, shown, mark, .. } = self.settings.patience;
        let left = |end: SystemTime| end.duration_since(self.now()).unwrap_or_default() + CLOCK_SKEW;
        if matches!(head.state, HeadState::Ending { .. } | HeadState::Dead(_)) {
            // As long as a copy of any of its cookies could come.
            let cookies_end = session.subject().map(|subject| left(subject.created_at + mark) + CLOCK_SKEW);
            let mark = cookies_end.unwrap_or(mark).max(END_IS_KNOWN_FOR);
            return Keep { mark, grant: shown, only_with_grant: false };
        }
        let refresh_end = head.grant.as_ref().and_then(|grant| grant.refresh_expires_at);
        let grant = if head.shown && head.state == HeadState::Idle { shown } else { successor };
        // A mark alone ends the older cookies, whose tokens are good there.
        if head.grant.as_ref().is_some_and(|grant| self.is_free(grant)) {
            return Keep { mark: grant, grant, only_with_grant: true };
        }
        Keep { mark: refresh_end.map_or(mark, left), grant, only_with_grant: false }
    }
}
