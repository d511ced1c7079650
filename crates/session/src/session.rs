//! The handle through which a request reads and changes its session.

mod arrival;
mod beginning;
mod refusal;
mod state;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::{Payload, Record, SessionId, context::Context, cookie::budget};

pub use arrival::Arrival;
pub(crate) use beginning::Teller;
pub use beginning::{Beginning, Leaving, Left};
pub use refusal::{Overtaken, Refused, SessionTooLarge};
pub(crate) use state::{Departure, Fate, State, Writing};
use state::{Intent, Outlook};

/// The session of one request. Clones are the same session.
///
/// Changes are written to the cookie when the head of the response passes the
/// [`SessionLayer`](crate::SessionLayer). A change that comes later, from a streaming body or a task that
/// outlives the request, cannot be written any more: it is refused, logged as a warning, and the method says
/// so by its result.
///
/// Requests of one browser run at the same time, and each has its own copy of the session. With a
/// [`Ledger`](crate::Ledger), of two responses that changed the same copy only the first to leave is written; the other
/// one carries [`Overtaken`] in its extensions.
///
/// | method | cookie |
/// |---|---|
/// | [`current`](Self::current) | untouched, unless it is due for renewal |
/// | [`insert`](Self::insert) | written |
/// | [`modify`](Self::modify) | written as the next rotation if the payload's encoding changed |
/// | [`amend`](Self::amend) | written if the payload's encoding changed |
/// | [`rotate`](Self::rotate), [`adopt`](Self::adopt) | written |
/// | [`renew`](Self::renew) | written if there is a session |
/// | [`destroy`](Self::destroy) | removed |
/// | [`disregard`](Self::disregard) | untouched |
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

    /// The session as it stands, with the changes of this request; `None` is an anonymous one.
    pub fn current(&self) -> Option<Arc<Record<P>>> {
        let mut state = self.state();
        state.looked_at = true;
        state.record.clone()
    }

    /// What became of the session's cookie when the request came in.
    pub fn arrival(&self) -> Arrival {
        let mut state = self.state();
        state.looked_at = true;
        state.arrival
    }

    /// The session that came in and is over: its time had run out, or the ledger has ended it. For cleaning up after it.
    pub fn over(&self) -> Option<Arc<Record<P>>> {
        let mut state = self.state();
        state.looked_at |= state.over.is_some();
        state.over.clone()
    }

    /// Signs in: begins a session with a new id and rotation 0, in place of any other.
    ///
    /// What it gives tells what becomes of the session's cookie. `None` if the head of the response has passed and
    /// nothing was done.
    pub fn insert(&self, payload: P, beginning: Beginning) -> Option<Leaving> {
        let context = &self.shared.context;
        let id = SessionId::generate(&context.random);
        let record = Record::begin(id, beginning, payload, context.now());
        let (teller, leaving) = Leaving::new();
        self.changing("insert")?.turn_to(Some(record), Intent::Write, Some(teller));
        Some(leaving)
    }

    /// Changes the payload. If its encoding differs in the end, the response leaves with the next rotation, however many
    /// changes there were; one that [`rotate`](Self::rotate) or [`adopt`](Self::adopt) has counted is not counted again.
    ///
    /// With a [`Ledger`](crate::Ledger), a change that was overtaken by another one is not written, and the response
    /// says so: see [`Overtaken`]. After [`adopt`](Self::adopt), whose rotation any number of responses may have, it is
    /// the last one to leave that stays.
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn modify<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("modify")?.edit(true, change)
    }

    /// Changes the payload and leaves the rotation as it is, where rotations are counted elsewhere. The cookie is written
    /// if the encoding differs in the end. Of two responses at the same time the last one to leave stays, so it is for what
    /// may be lost, such as a copy of what is kept elsewhere.
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn amend<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("amend")?.edit(false, change)
    }

    /// Changes the payload where the cookie is written anyway. Otherwise the change is lost, so it is for what costs nothing to
    /// lose, such as a later end of a life.
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn note<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        self.changing("note")?.note(change)
    }

    /// Changes the payload as the next rotation, which a refresh of its tokens is, and returns its number.
    ///
    /// With a [`Ledger`](crate::Ledger), it can be [overtaken](Overtaken).
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn rotate(&self, change: impl FnOnce(&mut P)) -> Option<u64> {
        self.changing("rotate")?.rotate(change)
    }

    /// Takes over a newer rotation that was learned from elsewhere, such as a store, in place of what was changed here. A
    /// renewal may bring a new session id of the provider; `None` leaves the one there is.
    ///
    /// `false` if there is no session, if its rotation is as new, or if the head of the response has passed.
    pub fn adopt(&self, rotation: u64, payload: P, provider_sid: Option<String>) -> bool {
        self.changing("adopt").is_some_and(|mut state| state.adopt(rotation, payload, provider_sid))
    }

    /// Has the session sealed anew even if nothing changed, which begins its idle timeout anew.
    ///
    /// `false` if there is no session, or if the head of the response has passed.
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

    /// Signs out: the session is gone at once, its cookie with the response.
    ///
    /// It removes a cookie that could not be read, too. `false` if the head of the response has passed.
    pub fn destroy(&self) -> bool {
        let Some(mut state) = self.changing("destroy") else {
            return false;
        };
        state.turn_to(None, Intent::Remove, None);
        true
    }

    /// The caller has written down the end of the session that came in, or leaves it to a task of its own: the layer does
    /// not do it a second time.
    pub fn end_is_written(&self) {
        self.state().end_is_written = true;
    }

    /// Goes on as an anonymous request and leaves the cookie alone: the session may live, in a newer cookie of the same
    /// browser, but not through the one that came with this request.
    ///
    /// `false` if the head of the response has passed.
    pub fn disregard(&self) -> bool {
        let Some(mut state) = self.changing("disregard") else {
            return false;
        };
        state.turn_to(None, Intent::Keep, None);
        true
    }

    /// Whether the session, as it stands, fits the header budget.
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
        // It is encoded even where nothing changed: its cookie may be in an older version's encoding, which was shorter.
        departing.map_or(Ok(()), |Writing { record, .. }| {
            budget::fits(context, record.encode(record.sealed_at).len())
        })
    }

    /// Closes the session for changes and says what is to be done with the cookie.
    pub(crate) fn depart(&self) -> Departure<P> {
        self.state().depart()
    }

    /// No response will leave. Whoever waits for one learns it; work that goes on may still change the session, for itself.
    pub(crate) fn abandon(&self) {
        self.state().abandon();
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        // A panic in `change` leaves the state as it was: it works on a copy.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self, method: &'static str) -> Option<MutexGuard<'_, State<P>>> {
        let mut state = self.state();
        if state.response == Outlook::Passed {
            tracing::warn!(
                method,
                "a session was changed after the head of the response had passed; the change is lost"
            );
            return None;
        }
        state.looked_at = true;
        Some(state)
    }
}

/// Whether a record sealed at `sealed_at` is due for renewal.
pub(crate) fn is_renewal_due(context: &Context, sealed_at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(sealed_at).is_ok_and(|age| age >= context.settings.renewal_threshold())
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
