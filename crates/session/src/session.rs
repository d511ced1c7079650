//! The handle with which a request reads and changes its session.

mod arrival;
mod beginning;
mod refusal;
mod state;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::{
    Payload, Record, SessionId,
    context::Context,
    cookie::{budget, chunks::Seat},
};

pub use arrival::Arrival;
pub(crate) use beginning::Teller;
pub use beginning::{Beginning, Leaving, Left};
pub use refusal::{Overtaken, Refused, SessionTooLarge};
pub(crate) use state::{Departure, Fate, State, Writing};
use state::{Intent, Outlook};

/// The session of one request. All clones share it.
///
/// Changes are written to the cookie when the response head passes the [`SessionLayer`](crate::SessionLayer). A later
/// change, from a streaming body or a task that outlives the request, cannot be written any more. It is refused and
/// logged as a warning, and the method's result says so.
///
/// Requests of one browser run at the same time, and each has its own copy of the session. With a
/// [`Ledger`](crate::Ledger), if two responses have changed the same copy, only the first one to leave is written. The
/// other one carries [`Overtaken`] in its extensions.
///
/// | method | cookie |
/// |---|---|
/// | [`current`](Self::current) | untouched, unless it is due for renewal |
/// | [`insert`](Self::insert) | written |
/// | [`modify`](Self::modify) | written as the next rotation if the payload's encoding changed |
/// | [`amend`](Self::amend) | written if the payload's encoding changed |
/// | [`rotate`](Self::rotate), [`adopt`](Self::adopt) | written |
/// | [`renew`](Self::renew) | written if there is a session |
/// | [`let_rest`](Self::let_rest) | untouched, even if it is due for renewal |
/// | [`destroy`](Self::destroy) | removed |
/// | [`disregard`](Self::disregard) | untouched |
/// | [`discard`](Self::discard) | removed if there is no session, and as far as it came with the request |
pub struct Session<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    context: Arc<Context>,
    state: Mutex<State<P>>,
}

impl<P: Payload> Session<P> {
    pub(crate) fn new(context: Arc<Context>, state: State<P>) -> Self {
        Self { shared: Arc::new(Shared { context, state: Mutex::new(state) }) }
    }

    /// The session in its current state, with the changes of this request. `None` if it is anonymous.
    pub fn current(&self) -> Option<Arc<Record<P>>> {
        let mut state = self.state();
        state.looked_at = true;
        state.record.clone()
    }

    /// The same for code whose result has no influence on the response, such as statistics: the response does not count
    /// as one that depends on the session, and caches may keep it.
    pub fn peek(&self) -> Option<Arc<Record<P>>> {
        self.state().record.clone()
    }

    /// What happened to the session's cookie when the request arrived.
    pub fn arrival(&self) -> Arrival {
        let mut state = self.state();
        state.looked_at = true;
        state.arrival
    }

    /// Whether the ledger has answered for the session, or it began with this request. As with [`peek`](Self::peek), the
    /// response must not depend on it.
    pub fn is_checked(&self) -> bool {
        self.state().arrival != Arrival::Unchecked
    }

    /// The session that arrived and is over: it had expired, or the ledger has ended it. For code that cleans up after it.
    pub fn over(&self) -> Option<Arc<Record<P>>> {
        let mut state = self.state();
        state.looked_at |= state.over.is_some();
        state.over.clone()
    }

    /// The session that came with the request, also if it is over by now.
    pub fn came_with(&self) -> Option<Arc<Record<P>>> {
        let mut state = self.state();
        state.looked_at = true;
        state.came_with()
    }

    /// Signs in: begins a session with a new id and rotation 0, and replaces any other.
    ///
    /// The result tells what happens to the session's cookie. It is `None` if the response head has already passed the
    /// layer; then nothing was done.
    pub fn insert(&self, payload: P, beginning: Beginning) -> Option<Leaving> {
        let context = &self.shared.context;
        let id = SessionId::generate(&context.random);
        let record = Record::begin(id, beginning, payload, context.now());
        let (teller, leaving) = Leaving::new();
        self.changing("insert")?.turn_to(Some(record), Intent::Write, Some(teller));
        Some(leaving)
    }

    /// Changes the payload. If its encoding differs in the end, the response leaves with the next rotation, however
    /// many changes there were. After [`rotate`](Self::rotate) or [`adopt`](Self::adopt), the rotation is not counted
    /// again.
    ///
    /// With a [`Ledger`](crate::Ledger), a change that was overtaken by another one is not written, and the response
    /// says so: see [`Overtaken`]. After [`adopt`](Self::adopt), any number of responses may have the same rotation,
    /// and the change of the last one to leave stays.
    ///
    /// The session is locked during the call, so `change` must not use it. `None` if there is no session, or if the
    /// response head has already passed the layer.
    pub fn modify<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("modify")?.edit(true, change)
    }

    /// Changes the payload without a new rotation, for rotations that are counted elsewhere. The cookie is written if
    /// the encoding differs in the end. Of two concurrent responses, the last one to leave stays. So use this only for
    /// data that may be lost, such as a copy of data that is kept elsewhere.
    ///
    /// The session is locked during the call, so `change` must not use it. `None` if there is no session, or if the
    /// response head has already passed the layer.
    pub fn amend<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("amend")?.edit(false, change)
    }

    /// Changes the payload if the cookie is written anyway. Otherwise the change is lost, so use this only for data
    /// that is harmless to lose, such as a later expiry.
    ///
    /// The session is locked during the call, so `change` must not use it. `None` if there is no session, or if the
    /// response head has already passed the layer.
    pub fn note<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("note")?.note(change)
    }

    /// Changes the payload as the next rotation, such as a refresh of its tokens, and returns the number of that rotation.
    ///
    /// With a [`Ledger`](crate::Ledger), the change can be [overtaken](Overtaken).
    ///
    /// The session is locked during the call, so `change` must not use it. `None` if there is no session, or if the
    /// response head has already passed the layer.
    pub fn rotate(&self, change: impl FnOnce(&mut P)) -> Option<u64> {
        self.changing("rotate")?.rotate(change)
    }

    /// Takes over a newer rotation from elsewhere, such as a store, and discards the changes made here. A renewal may
    /// bring a new session id of the provider; with `None` the present one stays.
    ///
    /// `false` if there is no session, if its rotation is not older, or if the response head has already passed the layer.
    pub fn adopt(&self, rotation: u64, payload: P, provider_sid: Option<String>) -> bool {
        self.changing("adopt").is_some_and(|mut state| state.adopt(rotation, payload, provider_sid))
    }

    /// Has the session sealed again even if nothing changed, which restarts its idle timeout.
    ///
    /// `false` if there is no session, or if the response head has already passed the layer.
    pub fn renew(&self) -> bool {
        let Some(mut state) = self.changing("renew") else {
            return false;
        };
        if state.record.is_none() {
            return false;
        }
        state.intent = Intent::Write;
        true
    }

    /// Does not have the session sealed again only because that is due: this request does not count as a use of it, and
    /// its idle timeout goes on. For requests that a page sends by itself. Changes are written all the same.
    ///
    /// `false` if the response head has already passed the layer.
    pub fn let_rest(&self) -> bool {
        let Some(mut state) = self.changing("let_rest") else {
            return false;
        };
        state.let_rest();
        true
    }

    /// Whether this request [does not count as a use](Self::let_rest).
    pub fn rests(&self) -> bool {
        self.state().rests()
    }

    /// Signs out: the session is gone at once, and the response removes its cookie.
    ///
    /// It also removes a cookie that could not be read. `false` if the response head has already passed the layer.
    pub fn destroy(&self) -> bool {
        let Some(mut state) = self.changing("destroy") else {
            return false;
        };
        state.turn_to(None, Intent::Remove, None);
        true
    }

    /// States that the caller has written down the end of the session that arrived, or has a task that does so. The
    /// layer then does not write it again.
    pub fn end_is_written(&self) {
        self.state().end_is_written = true;
    }

    /// Continues as an anonymous request and leaves the cookie alone. The session may continue in a newer cookie of the
    /// same browser, but not with the one of this request.
    ///
    /// `false` if the response head has already passed the layer.
    pub fn disregard(&self) -> bool {
        let Some(mut state) = self.changing("disregard") else {
            return false;
        };
        state.turn_to(None, Intent::Keep, None);
        true
    }

    /// Has the response remove the cookie of a session that is over. Nothing is written to the ledger.
    ///
    /// A browser knows cookies by their names alone. So if it has got another session meanwhile, that one goes as well:
    /// ask first whether somebody is signing in there.
    ///
    /// `false` if there is a session, or if the response head has already passed the layer.
    pub fn discard(&self) -> bool {
        let Some(mut state) = self.changing("discard") else {
            return false;
        };
        if state.record.is_some() {
            return false;
        }
        state.turn_to(None, Intent::Discard, None);
        true
    }

    /// Whether the session in its current state fits the header budget.
    ///
    /// # Errors
    ///
    /// [`SessionTooLarge`] if it does not: the layer will refuse to write it.
    pub fn fits(&self) -> Result<(), SessionTooLarge> {
        let context = &self.shared.context;
        let unchanged_bytes = self.state().unchanged_bytes();
        if unchanged_bytes.is_some_and(|bytes| budget::is_far_from_the_budget(context, bytes)) {
            return Ok(());
        }
        let departing = self.state().departing();
        // It is encoded even if nothing changed: its cookie may have the shorter encoding of an older version.
        departing.map_or(Ok(()), |Writing { record, .. }| {
            let seat = Seat::of(record.payload.is_provisional());
            budget::fits(context, seat, record.encode(record.sealed_at).len())
        })
    }

    /// Closes the session for changes, and returns what to do with the cookie.
    pub(crate) fn depart(&self) -> Departure<P> {
        self.state().depart()
    }

    /// No response will leave. Whoever waits for one is told so. Work that continues may still change the session for its own use.
    pub(crate) fn abandon(&self) {
        self.state().abandon();
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        // A panic in `change` leaves the state unchanged, because `change` works on a copy.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self, method: &'static str) -> Option<MutexGuard<'_, State<P>>> {
        let mut state = self.state();
        if state.response == Outlook::Passed {
            tracing::warn!(
                method,
                "a session was changed after the response head had left the session layer; the change is lost"
            );
            return None;
        }
        state.looked_at = true;
        Some(state)
    }
}

/// Whether the record is due for renewal.
pub(crate) fn is_renewal_due<P: Payload>(context: &Context, record: &Record<P>, now: SystemTime) -> bool {
    let threshold = context.settings.renewal_threshold(&record.payload);
    now.duration_since(record.sealed_at).is_ok_and(|age| age >= threshold)
}

impl<P> Clone for Session<P> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}
