//! What a request has done to its session so far, and what the layer must do about it.

use std::{sync::Arc, time::SystemTime};

use super::{arrival::Arrival, beginning::Teller};
use crate::{Encoder, Payload, Record, RotationOrigin, Wiped, envelope::encode_payload};

pub(crate) struct State<P> {
    pub(super) arrival: Arrival,
    /// When the request arrived.
    arrived_at: SystemTime,
    /// The session as it arrived.
    arrived: Option<Arc<Record<P>>>,
    /// The length of its plaintext, if that has the current encoding.
    arrived_bytes: Option<usize>,
    /// The session that arrived and is over.
    pub(super) over: Option<Arc<Record<P>>>,
    pub(super) record: Option<Arc<Record<P>>>,
    pub(super) intent: Intent,
    edits: Edits,
    /// Where the rotation comes from, if it is not the one that arrived.
    rotated: Option<RotationOrigin>,
    /// Tells what happens to an inserted session. Dropping it says that no cookie was sent.
    leaving: Option<Teller>,
    /// Whether the request does not count as a use of the session.
    rests: bool,
    pub(super) end_is_written: bool,
    pub(super) looked_at: bool,
    pub(super) response: Outlook,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Keep,
    Write,
    Remove,
    /// Remove the cookies that arrived, and no other.
    Discard,
}

/// Whether a response will carry the changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    ToCome,
    /// The response head has passed the layer.
    Passed,
    /// The request was dropped. Work that continues without it may still change the session for its own use.
    Dropped,
}

/// Changes that are written only if the encoding differs in the end.
#[derive(Default)]
struct Edits {
    /// The payload's encoding before the first change.
    before: Option<Wiped<Vec<u8>>>,
    /// Whether one of them counts as a rotation.
    count: bool,
}

/// What the layer must do before the response leaves.
pub(crate) struct Departure<P> {
    pub(crate) fate: Fate<P>,
    /// The session that arrived and was replaced or destroyed, if its end is not written down yet.
    pub(crate) ended: Option<Arc<Record<P>>>,
    /// Whether the response depends on the session.
    pub(crate) looked_at: bool,
    /// Tells what happened to an inserted session.
    pub(crate) leaving: Option<Teller>,
}

pub(crate) enum Fate<P> {
    Leave,
    Write(Writing<P>),
    Remove,
    Discard,
}

/// A session that is to be written.
pub(crate) struct Writing<P> {
    pub(crate) record: Arc<Record<P>>,
    pub(crate) origin: RotationOrigin,
    /// Whether the application loses something if the session is not written.
    pub(crate) is_change: bool,
    /// When the request arrived.
    pub(crate) arrived_at: SystemTime,
}

impl<P: Payload> State<P> {
    /// No session arrived.
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
            rests: false,
            end_is_written: false,
            looked_at: false,
            response: Outlook::ToCome,
        }
    }

    /// This session arrived. If its renewal is due, because the seal or its key is old, the cookie is written even without changes.
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

    /// This session arrived, and has expired.
    pub(crate) fn with_over(self, record: Option<Record<P>>) -> Self {
        Self { over: record.map(Arc::new), ..self }
    }

    /// The session as it arrived, to ask the ledger about.
    pub(crate) fn arrived(&self) -> Option<&Record<P>> {
        self.arrived.as_deref()
    }

    /// The session that came with the request, in whatever state it is by now.
    pub(super) fn came_with(&self) -> Option<Arc<Record<P>>> {
        self.over.clone().or_else(|| self.arrived.clone())
    }

    /// Replaces the arrival with the ledger's answer.
    pub(crate) fn settle(&mut self, arrival: Arrival) {
        self.arrival = arrival;
        if arrival == Arrival::Ended {
            self.over = self.arrived.take();
            self.record = None;
        }
    }

    /// Continues with another session, or none. Whoever waits for the previous session's cookie is told so at once.
    pub(super) fn turn_to(&mut self, record: Option<Record<P>>, intent: Intent, leaving: Option<Teller>) {
        self.record = record.map(Arc::new);
        self.intent = intent;
        self.edits = Edits::default();
        self.rotated = None;
        self.leaving = leaving.filter(|_| self.response == Outlook::ToCome);
    }

    /// Withdraws a renewal, if there is nothing else to write.
    pub(super) fn let_rest(&mut self) {
        self.rests = true;
        let arrived = self.arrived.as_ref().zip(self.record.as_ref());
        let is_as_it_came = arrived.is_some_and(|(arrived, record)| Arc::ptr_eq(arrived, record));
        if is_as_it_came && self.intent == Intent::Write {
            self.intent = Intent::Keep;
        }
    }

    pub(super) fn rests(&self) -> bool {
        self.rests
    }

    /// Makes a change that is written only if the encoding differs in the end.
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

    /// Makes a change that is written only if something else is.
    pub(super) fn note<R>(&mut self, change: impl FnOnce(&mut P) -> R) -> Option<R> {
        let mut record = Record::clone(self.record.as_ref()?);
        let result = change(&mut record.payload);
        let was_edited = self.has_edits();
        self.record = Some(Arc::new(record));
        if self.edits.before.is_some() && !was_edited {
            // Later edits are compared with the payload that includes this change.
            self.edits.before = self.record.as_ref().map(|record| encoded(&record.payload));
        }
        Some(result)
    }

    /// Makes a rotation by this response's own change.
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

    /// Takes over a rotation from elsewhere. Earlier changes by this request are not part of it.
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

    /// The length of the session's plaintext, if nothing has changed and it has the current encoding.
    pub(super) fn unchanged_bytes(&self) -> Option<usize> {
        let (arrived, record) = self.arrived.as_ref().zip(self.record.as_ref())?;
        self.arrived_bytes.filter(|_| Arc::ptr_eq(arrived, record))
    }

    /// The record as it would leave now.
    pub(super) fn departing(&self) -> Option<Writing<P>> {
        let mut record = Arc::clone(self.record.as_ref()?);
        let is_change = self.edits.count && self.has_edits();
        let mut origin = self.rotated.unwrap_or(RotationOrigin::Shared);
        // No other response can be based on a session that begins here.
        let came_in = self.arrived.as_ref().is_some_and(|arrived| arrived.id == record.id);
        if is_change && came_in && self.rotated.is_none() {
            let counted = Arc::make_mut(&mut record);
            counted.rotation = counted.rotation.saturating_add(1);
            origin = RotationOrigin::Own;
        }
        let is_change = is_change || origin == RotationOrigin::Own;
        Some(Writing { record, origin, is_change, arrived_at: self.arrived_at })
    }

    /// Closes the session for changes, and returns what to do with the cookie.
    pub(super) fn depart(&mut self) -> Departure<P> {
        self.response = Outlook::Passed;
        let is_due = self.intent == Intent::Write || self.has_edits();
        let is_removed = self.intent == Intent::Remove || self.arrival == Arrival::Tampered;
        let fate = match self.departing() {
            Some(writing) if is_due => Fate::Write(writing),
            None if is_removed => Fate::Remove,
            None if self.intent == Intent::Discard => Fate::Discard,
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

    /// No response will leave, unless one already has.
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
