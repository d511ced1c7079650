//! The incoming direction: from the `Cookie` header to a session.

use std::time::SystemTime;

use http::{Extensions, HeaderMap};

use crate::{
    Identity, KeyId, Known, Payload, Purpose, Record, Standing, UnsealError, Unsealed,
    context::Context,
    cookie::{
        chunks::{Arrived, Present},
        header,
    },
    session::{Arrival, State, is_renewal_due},
};

/// One value that was opened.
struct Opened<P> {
    record: Record<P>,
    /// The length of its plaintext, if that has the current encoding.
    plaintext_bytes: Option<usize>,
    newest_key: bool,
    key_id: KeyId,
}

/// What was found in the values of the cookie.
struct Findings<P> {
    best: Option<Opened<P>>,
    /// The newest record that has expired.
    over: Option<Record<P>>,
    unknown: bool,
    tampered: bool,
}

pub(super) fn open<P: Payload>(context: &Context, headers: &HeaderMap) -> (State<P>, Present) {
    let arrived = Arrived::collect(&context.cookie_name, header::pairs(headers));
    let now = context.now();
    if arrived.is_empty() {
        return (State::without(Arrival::Absent, now), Present::default());
    }
    let mut findings = Findings { best: None, over: None, unknown: false, tampered: false };
    for value in &arrived.whole {
        findings.add(context, value, now);
    }
    for value in arrived.assembled() {
        findings.add(context, &value, now);
    }
    (findings.into_state(context, now), arrived.into_present())
}

/// Asks the ledger, if there is one, about a session that was opened. Returns the ledger's extensions for the request.
pub(super) async fn ask_ledger<P: Payload>(context: &Context, state: &mut State<P>) -> Extensions {
    let Some((ledger, record)) = context.ledger.as_ref().zip(state.arrived()) else {
        return Extensions::new();
    };
    let identity = Identity::from(record);
    match ledger.standing(&identity).await {
        Ok(Known { standing, extensions }) => {
            if standing == Standing::Ended {
                state.settle(Arrival::Ended);
            }
            extensions
        }
        Err(error) => {
            tracing::warn!(session = ?identity.id, "{error}; the session is accepted unchecked");
            state.settle(Arrival::Unchecked);
            Extensions::new()
        }
    }
}

impl<P: Payload> Findings<P> {
    fn add(&mut self, context: &Context, value: &[u8], now: SystemTime) {
        let opened = str::from_utf8(value)
            .map_err(|_| UnsealError::Malformed)
            .and_then(|value| context.sealer.unseal(Purpose::Cookie, &context.cookie_name, value));
        match opened {
            Ok(unsealed) => match Record::decode(&unsealed.plaintext) {
                Ok((record, version)) if now < context.expires_at(&record, record.sealed_at) => {
                    let plaintext_bytes = (version == P::VERSION).then_some(unsealed.plaintext.len());
                    let Unsealed { newest_key, key_id, .. } = unsealed;
                    self.offer(Opened { record, plaintext_bytes, newest_key, key_id });
                }
                Ok((record, _)) => {
                    if self.over.as_ref().is_none_or(|over| rank(over) < rank(&record)) {
                        self.over = Some(record);
                    }
                }
                Err(_) => self.unknown = true,
            },
            Err(UnsealError::UnknownKey | UnsealError::UnknownVersion) => self.unknown = true,
            Err(UnsealError::Malformed | UnsealError::Tampered) => self.tampered = true,
        }
    }

    fn offer(&mut self, opened: Opened<P>) {
        if self.best.as_ref().is_none_or(|best| rank(&best.record) < rank(&opened.record)) {
            self.best = Some(opened);
        }
    }

    fn into_state(self, context: &Context, now: SystemTime) -> State<P> {
        // A provisional session must not stand in for one that another replica may know.
        let best = self.best.filter(|best| !(self.unknown && best.record.payload.is_provisional()));
        if let Some(Opened { record, plaintext_bytes, newest_key, key_id }) = best {
            context.sealer.keys().sighted(key_id, record.id, now);
            let renewal_due = !newest_key || is_renewal_due(context, &record, now);
            return State::accepted(record, plaintext_bytes, renewal_due, now);
        }
        let arrival = if self.unknown {
            Arrival::Unknown
        } else if self.tampered {
            tracing::warn!(cookie = context.cookie_name, "a session cookie was altered; it is removed");
            Arrival::Tampered
        } else if self.over.is_some() {
            Arrival::Expired
        } else {
            Arrival::Incomplete
        };
        State::without(arrival, now).with_over(self.over)
    }
}

/// Of one session, the highest rotation wins, and then the latest seal. Of two sessions the newer one wins, because
/// their rotations cannot be compared. A provisional session wins against none that is not.
fn rank<P: Payload>(record: &Record<P>) -> (bool, SystemTime, u64, SystemTime) {
    (!record.payload.is_provisional(), record.created_at, record.rotation, record.sealed_at)
}
