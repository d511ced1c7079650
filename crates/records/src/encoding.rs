//! The encoding of a head. Stores keep these numbers across deployments: never reuse one.

use std::ops::Deref;

use ironleaf_auth::{AttemptId, EndReason, Grant, Head, HeadState, NotBefore, Rejection};
use ironleaf_session::{Decoder, Encoder, PayloadError};

use crate::grant::{decode_grant, decode_tokens, encode_grant};

const IDLE: u8 = 0;
/// The first version, which did not identify who presented the token.
const PRESENTED_BY_SOMEBODY: u8 = 1;
const IN_DOUBT_BY_SOMEBODY: u8 = 2;
const DEAD: u8 = 3;
const PRESENTED: u8 = 4;
const IN_DOUBT: u8 = 5;
const ENDING: u8 = 6;
const NEWEST_STATE: u8 = ENDING;

/// Marks a newer version, in the place of the rotation, which never gets this high. The version number follows.
const NOT_THE_FIRST_VERSION: u64 = u64::MAX;
const BODY_VERSION: u64 = 2;

/// Why a head cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A newer version wrote it.
    Newer,
    /// It was altered.
    Altered(PayloadError),
}

impl From<PayloadError> for Unreadable {
    fn from(error: PayloadError) -> Self {
        Self::Altered(error)
    }
}

/// The part that always stays: rotation, state and whether the grant was shown, in at most about forty bytes.
pub(crate) fn encode_mark(head: &Head) -> Vec<u8> {
    let mut out = Encoder::new();
    out.varint(head.rotation);
    out.bool(head.shown);
    match head.state {
        HeadState::Idle => out.u8(IDLE),
        HeadState::Presented { first, by } => {
            out.u8(PRESENTED);
            out.millis(first);
            out.raw(by.as_bytes());
        }
        HeadState::InDoubt { first, since, answered, by } => {
            out.u8(IN_DOUBT);
            out.millis(first);
            out.millis(since);
            out.bool(answered);
            out.raw(by.as_bytes());
        }
        HeadState::Ending { reason, unspent } => {
            out.u8(ENDING);
            out.u8(reason_number(reason));
            out.bool(unspent);
        }
        HeadState::Dead(reason) => {
            out.u8(DEAD);
            out.u8(reason_number(reason));
        }
    }
    if let Some(NotBefore { at, by }) = head.not_before {
        out.millis(at);
        out.raw(by.as_bytes());
    }
    out.finish().to_vec()
}

/// The head without its grant.
pub(crate) fn decode_mark(bytes: &[u8]) -> Result<Head, Unreadable> {
    let mut input = Decoder::new(bytes);
    let rotation = input.varint()?;
    let shown = input.bool()?;
    let state = match input.u8()? {
        IDLE => HeadState::Idle,
        PRESENTED_BY_SOMEBODY => HeadState::Presented { first: input.millis()?, by: AttemptId::default() },
        IN_DOUBT_BY_SOMEBODY => HeadState::InDoubt {
            first: input.millis()?,
            since: input.millis()?,
            answered: false,
            by: AttemptId::default(),
        },
        DEAD => return Ok(over(&mut input, rotation, shown, |reason, _| HeadState::Dead(reason))),
        PRESENTED => HeadState::Presented { first: input.millis()?, by: decode_attempt(&mut input)? },
        IN_DOUBT => HeadState::InDoubt {
            first: input.millis()?,
            since: input.millis()?,
            answered: input.bool()?,
            by: decode_attempt(&mut input)?,
        },
        ENDING => {
            return Ok(over(&mut input, rotation, shown, |reason, input| {
                // If this is not stated, the token may have been presented.
                HeadState::Ending { reason, unspent: input.bool().unwrap_or_default() }
            }));
        }
        newer if newer > NEWEST_STATE => return Err(Unreadable::Newer),
        _ => return Err(PayloadError::Invalid("not the state of a head").into()),
    };
    let not_before = if input.is_empty() { None } else { Some(decode_wait(&mut input)?) };
    // Unknown data follows.
    if !input.is_empty() {
        return Err(Unreadable::Newer);
    }
    Ok(Head { rotation, state, not_before, grant: None, shown })
}

/// SECURITY: an end counts even if it can be read only in part. Its reason may be newer than this code, and unknown
/// data may follow.
fn over<'a>(
    input: &mut Decoder<'a>,
    rotation: u64,
    shown: bool,
    state: impl FnOnce(EndReason, &mut Decoder<'a>) -> HeadState,
) -> Head {
    let reason = input.u8().map_or(EndReason::SignedOut, reason);
    let state = state(reason, input);
    Head { rotation, state, not_before: decode_wait(input).ok(), grant: None, shown }
}

fn decode_attempt(input: &mut Decoder<'_>) -> Result<AttemptId, PayloadError> {
    input.array().map(AttemptId::from_bytes)
}

fn decode_wait(input: &mut Decoder<'_>) -> Result<NotBefore, PayloadError> {
    Ok(NotBefore { at: input.millis()?, by: decode_attempt(input)? })
}

/// The sealed part. It contains its rotation, so it does not open beside another mark.
pub(crate) fn encode_body(rotation: u64, grant: &Grant) -> impl Deref<Target = Vec<u8>> + use<> {
    let mut out = Encoder::new();
    out.varint(NOT_THE_FIRST_VERSION);
    out.varint(BODY_VERSION);
    out.varint(rotation);
    encode_grant(grant, &mut out);
    out.finish()
}

type DecodeGrant = fn(&mut Decoder<'_>) -> Result<Grant, PayloadError>;

pub(crate) fn decode_body(rotation: u64, bytes: &[u8]) -> Result<Grant, Unreadable> {
    let mut input = Decoder::new(bytes);
    let (named, decode): (u64, DecodeGrant) = match input.varint()? {
        NOT_THE_FIRST_VERSION if input.varint()? != BODY_VERSION => return Err(Unreadable::Newer),
        NOT_THE_FIRST_VERSION => (input.varint()?, decode_grant),
        // It had no identity: the cookie that adopts it keeps its own.
        rotation => (rotation, decode_tokens),
    };
    if named != rotation {
        return Err(PayloadError::Invalid("a grant beside the mark of another rotation").into());
    }
    let grant = decode(&mut input)?;
    input.finish()?;
    Ok(grant)
}

pub(crate) const fn reason_number(reason: EndReason) -> u8 {
    match reason {
        EndReason::SignedOut => 1,
        EndReason::Replaced => 2,
        EndReason::AccountDeleted => 3,
        EndReason::Superseded => 4,
        EndReason::Unresolved => 5,
        EndReason::TimedOut => 6,
        EndReason::PasswordChanged => 7,
        EndReason::EndedByPerson => 8,
        EndReason::EndedByProvider => 9,
        EndReason::NotAllowed => 10,
        EndReason::RoleTaken => 11,
        EndReason::Rejected(Rejection::Reused) => 17,
        EndReason::Rejected(Rejection::AccountGone) => 18,
        // A reason that is newer than this code gets the general number.
        EndReason::Rejected(_) | _ => 16,
    }
}

/// An unknown, newer reason is still an end.
pub(crate) const fn reason(number: u8) -> EndReason {
    match number {
        2 => EndReason::Replaced,
        3 => EndReason::AccountDeleted,
        4 => EndReason::Superseded,
        5 => EndReason::Unresolved,
        6 => EndReason::TimedOut,
        7 => EndReason::PasswordChanged,
        8 => EndReason::EndedByPerson,
        9 => EndReason::EndedByProvider,
        10 => EndReason::NotAllowed,
        11 => EndReason::RoleTaken,
        16 => EndReason::Rejected(Rejection::InvalidGrant),
        17 => EndReason::Rejected(Rejection::Reused),
        18 => EndReason::Rejected(Rejection::AccountGone),
        _ => EndReason::SignedOut,
    }
}
