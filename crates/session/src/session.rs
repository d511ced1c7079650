//! The handle through which a request reads and changes its session.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::{Encoder, Owner, Payload, Record, SessionId, Wiped, context::Context, envelope::encode_payload};

/// The session of one request. Clones are the same session.
///
/// Changes are written to the cookie when the head of the response passes the
/// [`SessionLayer`](crate::SessionLayer). A change that comes later, from a streaming body or a task that
/// outlives the request, cannot be written any more: it is refused, logged as a warning, and the method says
/// so by its result.
///
/// | method | cookie |
/// |---|---|
/// | [`current`](Self::current) | untouched, unless it is due for renewal |
/// | [`insert`](Self::insert) | written |
/// | [`modify`](Self::modify) | written if the payload's encoding changed |
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

/// What became of the session's cookie when the request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// There was none.
    Absent,
    /// It opened and holds.
    Accepted,
    /// It opened and holds, as far as the cookie can tell: the ledger did not answer, so it may have been ended.
    Unchecked,
    /// It opened, but the ledger knows that the session was ended. It is kept: the browser may hold a newer one by
    /// the time the response arrives.
    Ended,
    /// It opened, but its idle or absolute timeout is over, or its payload's life. It is kept, the browser drops it
    /// by itself.
    Expired,
    /// Its key, version or payload version is unknown here. It is kept, another replica may know it.
    Unknown,
    /// Chunks are missing or of different values. They are kept.
    Incomplete,
    /// It was altered. It is removed, unless the request signs in.
    Tampered,
}

/// The session does not fit the header budget, so it was not written and the browser keeps the old cookie.
///
/// The layer logs it as an error and puts it into the response's extensions, where a layer further out can
/// turn the response into a page that says so. A handler that wants to know before asks
/// [`Session::fits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session takes {needed_bytes} bytes of the Cookie header, {budget_bytes} are allowed")]
pub struct SessionTooLarge {
    /// What the session would take.
    pub needed_bytes: usize,
    /// What [`header_budget_bytes`](crate::SessionSettings::header_budget_bytes) allows.
    pub budget_bytes: usize,
}

pub(crate) struct State<P> {
    arrival: Arrival,
    /// The session as it came in.
    arrived: Option<Arc<Record<P>>>,
    record: Option<Arc<Record<P>>>,
    /// Whether the cookie should be sealed anew although nothing changed: it is old, or its key is.
    renewal_due: bool,
    intent: Intent,
    /// The payload's encoding before the first `modify`.
    before: Option<Wiped<Vec<u8>>>,
    looked_at: bool,
    head_has_passed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Intent {
    Keep,
    Write,
    Remove,
}

/// What the layer is to do on the way out.
pub(crate) struct Departure<P> {
    pub(crate) fate: Fate<P>,
    /// The session that came in and was replaced or destroyed.
    pub(crate) ended: Option<Arc<Record<P>>>,
    /// Whether the response depends on the session.
    pub(crate) looked_at: bool,
}

pub(crate) enum Fate<P> {
    Leave,
    Write(Arc<Record<P>>),
    Remove,
}

impl<P: Payload> State<P> {
    /// No session came in.
    pub(crate) fn without(arrival: Arrival) -> Self {
        Self {
            arrival,
            arrived: None,
            record: None,
            renewal_due: false,
            intent: Intent::Keep,
            before: None,
            looked_at: false,
            head_has_passed: false,
        }
    }

    /// This one came in.
    pub(crate) fn accepted(record: Record<P>, renewal_due: bool) -> Self {
        let record = Some(Arc::new(record));
        Self { arrived: record.clone(), record, renewal_due, ..Self::without(Arrival::Accepted) }
    }

    /// The session as it came in, for the ledger to be asked about.
    pub(crate) fn arrived(&self) -> Option<&Record<P>> {
        self.arrived.as_deref()
    }

    /// The ledger's answer makes another arrival of it.
    pub(crate) fn settle(&mut self, arrival: Arrival) {
        self.arrival = arrival;
        if arrival == Arrival::Ended {
            self.arrived = None;
            self.record = None;
        }
    }

    fn replace(&mut self, record: Record<P>, intent: Intent) {
        self.record = Some(Arc::new(record));
        self.intent = intent;
    }

    fn has_changed(&self) -> bool {
        let Some((record, before)) = self.record.as_ref().zip(self.before.as_ref()) else {
            return false;
        };
        encoded(&record.payload) != *before
    }
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

    /// Signs in: begins a session with a new id and rotation 0, in place of any other.
    ///
    /// `false` if the head of the response has passed and nothing was done.
    pub fn insert(&self, payload: P, owner: Owner, provider_sid: Option<String>) -> bool {
        let context = &self.shared.context;
        let id = SessionId::generate(&context.random);
        let record = Record::begin(id, owner, provider_sid, payload, context.now());
        let Some(mut state) = self.changing("insert") else {
            return false;
        };
        state.before = None;
        state.replace(record, Intent::Write);
        true
    }

    /// Changes the payload. The cookie is written if its encoding differs in the end.
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn modify<R>(&self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        let mut state = self.changing("modify")?;
        let mut record = Record::clone(state.record.as_ref()?);
        if state.before.is_none() {
            state.before = Some(encoded(&record.payload));
        }
        let result = change(&mut record.payload);
        let intent = state.intent;
        state.replace(record, intent);
        Some(result)
    }

    /// Changes the payload as the next rotation, which a refresh of its tokens is, and returns its number.
    ///
    /// The session is locked meanwhile: `change` must not use it. `None` if there is no session, or if the
    /// head of the response has passed.
    pub fn rotate(&self, change: impl FnOnce(&mut P)) -> Option<u64> {
        let mut state = self.changing("rotate")?;
        let mut record = Record::clone(state.record.as_ref()?);
        change(&mut record.payload);
        record.rotation = record.rotation.saturating_add(1);
        let rotation = record.rotation;
        state.replace(record, Intent::Write);
        Some(rotation)
    }

    /// Takes over a newer rotation that was learned from elsewhere, such as a store.
    ///
    /// `false` if there is no session, if its rotation is as new, or if the head of the response has passed.
    pub fn adopt(&self, rotation: u64, payload: P) -> bool {
        let Some(mut state) = self.changing("adopt") else {
            return false;
        };
        let Some(current) = state.record.as_ref().filter(|current| current.rotation < rotation) else {
            return false;
        };
        let mut record = Record::clone(current);
        record.rotation = rotation;
        record.payload = payload;
        state.replace(record, Intent::Write);
        true
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
        state.record = None;
        state.before = None;
        state.intent = Intent::Remove;
        true
    }

    /// Goes on as an anonymous request and leaves the cookie alone: the session may live, in a newer cookie of the same
    /// browser, but not through the one that came with this request.
    ///
    /// `false` if the head of the response has passed.
    pub fn disregard(&self) -> bool {
        let Some(mut state) = self.changing("disregard") else {
            return false;
        };
        state.record = None;
        state.before = None;
        state.intent = Intent::Keep;
        true
    }

    /// Whether the session, as it stands, fits the header budget.
    ///
    /// # Errors
    ///
    /// [`SessionTooLarge`] if it does not: the layer will refuse to write it.
    pub fn fits(&self) -> Result<(), SessionTooLarge> {
        // It is encoded even where nothing changed: its cookie may be in an older version's encoding, which was shorter.
        let record = self.state().record.clone();
        record.map_or(Ok(()), |record| {
            crate::layer::fits(&self.shared.context, record.encode(record.sealed_at).len())
        })
    }

    /// Closes the session for changes and says what is to be done with the cookie.
    pub(crate) fn depart(&self) -> Departure<P> {
        let mut state = self.state();
        state.head_has_passed = true;
        let is_due = state.intent == Intent::Write || state.renewal_due || state.has_changed();
        let is_removed = state.intent == Intent::Remove || state.arrival == Arrival::Tampered;
        let fate = match &state.record {
            Some(record) if is_due => Fate::Write(Arc::clone(record)),
            None if is_removed => Fate::Remove,
            _ => Fate::Leave,
        };
        let is_other =
            |arrived: &Arc<Record<P>>| state.record.as_ref().is_none_or(|record| record.id != arrived.id);
        let ended = state.arrived.clone().filter(is_other);
        Departure { fate, ended, looked_at: state.looked_at }
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        // A panic in `change` leaves the state as it was: it works on a copy.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self, method: &'static str) -> Option<MutexGuard<'_, State<P>>> {
        let mut state = self.state();
        if state.head_has_passed {
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

fn encoded<P: Payload>(payload: &P) -> Wiped<Vec<u8>> {
    let mut out = Encoder::new();
    encode_payload(&mut out, payload);
    out.finish()
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
