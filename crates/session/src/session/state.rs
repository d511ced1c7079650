//! What a request has made of its session so far, and what the layer is to do about it.

use std::{sync::Arc, time::SystemTime};

use super::{arrival::Arrival, beginning::Teller};
use crate::{Encoder, Payload, Record, RotationOrigin, Wiped, envelope::encode_payload};

pub(crate) struct State<P> {
    pub(super) arrival: Arrival,
    /// When the request came in.
    arrived_at: SystemTime,
    /// The session as it came in.
    arrived: Option<Arc<Record<P>>>,
    /// How long its plaintext was, where that was in the encoding of today.
    arrived_bytes: Option<usize>,
    /// The session that came in and is over.
    pub(super) over: Option<Arc<Record<P>>>,
    pub(super) record: Option<Arc<Record<P>>>,
    pub(super) intent: Intent,
    edits: Edits,
    /// Where this response has come by another rotation than the one that came in: how.
    rotated: Option<RotationOrigin>,
    /// Waits for what becomes of an inserted session. Dropped, it says that nothing did.
    leaving: Option<Teller>,
    pub(super) end_is_written: bool,
    pub(super) looked_at: bool,
    pub(super) response: Outlook,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Keep,
    Write,
    Remove,
}

/// Whether a response will carry what is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    ToCome,
    /// Its head has passed.
    Passed,
    /// The request was dropped. Work that goes on without it may still change the session, for itself.
    Dropped,
}

/// The changes that are written only if the encoding differs in the end.
#[derive(Default)]
struct Edits {
    /// The payload's encoding before the first one.
    before: Option<Wiped<Vec<u8>>>,
    /// Whether one of them is to count as a rotation.
    count: bool,
}

/// What the layer is to do on the way out.
pub(crate) struct Departure<P> {
    pub(crate) fate: Fate<P>,
    /// The session that came in and was replaced or destroyed, where its end is not written down yet.
    pub(crate) ended: Option<Arc<Record<P>>>,
    /// Whether the response depends on the session.
    pub(crate) looked_at: bool,
    /// Whom to tell what became of an inserted session.
    pub(crate) leaving: Option<Teller>,
}

pub(crate) enum Fate<P> {
    Leave,
    Write(Writing<P>),
    Remove,
}

/// A session that is to be written.
pub(crate) struct Writing<P> {
    pub(crate) record: Arc<Record<P>>,
    pub(crate) origin: RotationOrigin,
    /// Whether something is lost that the application wanted to keep if it is not written.
    pub(crate) is_change: bool,
    /// When the request came in.
    pub(crate) arrived_at: SystemTime,
}

impl<P: Payload> State<P> {
    /// No session came in.
    pub(crate) fn without(arrival: Arrival, arrived_at: SystemTime) -> Self {
        Self {
            arrival,
            arrived_at,
            arrived: None,
            arrived_bytes: None,
            over: None,
            record: None,
            intent: Intent::Keep,
            edits: Edits::default(),
            rotated: None,
            leaving: None,
            end_is_written: false,
            looked_at: false,
            response: Outlook::ToCome,
        }
    }

    /// This one came in. Where its renewal is due, the cookie is written although nothing changes: it is old, or its key is.
    pub(crate) fn accepted(
        record: Record<P>,
        plaintext_bytes: Option<usize>,
        renewal_due: bool,
        arrived_at: SystemTime,
    ) -> Self {
        let record = Some(Arc::new(record));
        let intent = if renewal_due { Intent::Write } else { Intent::Keep };
        Self {
            arrived: record.clone(),
            arrived_bytes: plaintext_bytes,
            record,
            intent,
            ..Self::without(Arrival::Accepted, arrived_at)
        }
    }

    /// This one came in, and its time has run out.
    pub(crate) fn with_over(self, record: Option<Record<P>>) -> Self {
        Self { over: record.map(Arc::new), ..self }
    }

    /// The session as it came in, for the ledger to be asked about.
    pub(crate) fn arrived(&self) -> Option<&Record<P>> {
        self.arrived.as_deref()
    }

    /// The ledger's answer makes another arrival of it.
    pub(crate) fn settle(&mut self, arrival: Arrival) {
        self.arrival = arrival;
        if arrival == Arrival::Ended {
            self.over = self.arrived.take();
            self.record = None;
        }
    }

    /// Another session, or none, from here on. Nobody waits for the cookie of an earlier one any more.
    pub(super) fn turn_to(&mut self, record: Option<Record<P>>, intent: Intent, leaving: Option<Teller>) {
        self.record = record.map(Arc::new);
        self.intent = intent;
        self.edits = Edits::default();
        self.rotated = None;
        self.leaving = leaving.filter(|_| self.response == Outlook::ToCome);
    }

    /// A change that is written only if the encoding differs in the end.
    pub(super) fn edit<R>(&mut self, counts: bool, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        let mut record = Record::clone(self.record.as_ref()?);
        if self.edits.before.is_none() {
            self.edits.before = Some(encoded(&record.payload));
        }
        self.edits.count |= counts;
        let result = change(&mut record.payload);
        self.record = Some(Arc::new(record));
        Some(result)
    }

    /// A change that is written only if something else is.
    pub(super) fn note<R>(&mut self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        let mut record = Record::clone(self.record.as_ref()?);
        let result = change(&mut record.payload);
        let was_edited = self.has_edits();
        self.record = Some(Arc::new(record));
        if self.edits.before.is_some() && !was_edited {
            // What was compared with so far is not what a later edit is to be compared with.
            self.edits.before = self.record.as_ref().map(|record| encoded(&record.payload));
        }
        Some(result)
    }

    /// A rotation of the response's own.
    pub(super) fn rotate(&mut self, change: impl FnOnce(&mut P)) -> Option<u64> {
        let mut record = Record::clone(self.record.as_ref()?);
        change(&mut record.payload);
        record.rotation = record.rotation.saturating_add(1);
        let rotation = record.rotation;
        self.record = Some(Arc::new(record));
        self.rotated = Some(RotationOrigin::Own);
        self.intent = Intent::Write;
        Some(rotation)
    }

    /// A rotation that was learned from elsewhere. What was changed here before is not in it.
    pub(super) fn adopt(&mut self, rotation: u64, payload: P, provider_sid: Option<String>) -> bool {
        let Some(current) = self.record.as_ref().filter(|current| current.rotation < rotation) else {
            return false;
        };
        let mut record = Record { rotation, payload, ..Record::clone(current) };
        record.provider_sid = provider_sid.or(record.provider_sid);
        self.record = Some(Arc::new(record));
        self.edits = Edits::default();
        self.rotated = Some(RotationOrigin::Shared);
        self.intent = Intent::Write;
        true
    }

    /// How long the plaintext of the session is, where nothing has changed and it is in the encoding of today.
    pub(super) fn unchanged_bytes(&self) -> Option<usize> {
        let (arrived, record) = self.arrived.as_ref().zip(self.record.as_ref())?;
        self.arrived_bytes.filter(|_| Arc::ptr_eq(arrived, record))
    }

    /// The record as it would leave now.
    pub(super) fn departing(&self) -> Option<Writing<P>> {
        let mut record = Arc::clone(self.record.as_ref()?);
        let is_change = self.edits.count && self.has_edits();
        let mut origin = self.rotated.unwrap_or(RotationOrigin::Shared);
        // Nobody else can have built on a session that begins here.
        let came_in = self.arrived.as_ref().is_some_and(|arrived| arrived.id == record.id);
        if is_change && came_in && self.rotated.is_none() {
            let counted = Arc::make_mut(&mut record);
            counted.rotation = counted.rotation.saturating_add(1);
            origin = RotationOrigin::Own;
        }
        let is_change = is_change || origin == RotationOrigin::Own;
        Some(Writing { record, origin, is_change, arrived_at: self.arrived_at })
    }

    /// Closes the session for changes and says what is to be done with the cookie.
    pub(super) fn depart(&mut self) -> Departure<P> {
        self.response = Outlook::Passed;
        let is_due = self.intent == Intent::Write || self.has_edits();
        let is_removed = self.intent == Intent::Remove || self.arrival == Arrival::Tampered;
        let fate = match self.departing() {
            Some(writing) if is_due => Fate::Write(writing),
            None if is_removed => Fate::Remove,
            _ => Fate::Leave,
        };
        if let Fate::Write(writing) = &fate {
            self.record = Some(Arc::clone(&writing.record));
        }
        let is_other =
            |arrived: &Arc<Record<P>>| self.record.as_ref().is_none_or(|record| record.id != arrived.id);
        let ended = self.arrived.clone().filter(is_other).filter(|_| !self.end_is_written);
        Departure { fate, ended, looked_at: self.looked_at, leaving: self.leaving.take() }
    }

    /// No response will leave, unless one has.
    pub(super) fn abandon(&mut self) {
        if self.response == Outlook::ToCome {
            self.response = Outlook::Dropped;
            self.leaving = None;
        }
    }

    fn has_edits(&self) -> bool {
        let edited = self.record.as_ref().zip(self.edits.before.as_ref());
        edited.is_some_and(|(record, before)| encoded(&record.payload) != *before)
    }
}

fn encoded<P: Payload>(payload: &P) -> Wiped<Vec<u8>> {
    let mut out = Encoder::new();
    encode_payload(&mut out, payload);
    out.finish()
}
