//! The bytes of a head. The numbers are in stores and cross a deployment: never reuse one.

use std::ops::Deref;

use ironleaf_auth::{EndReason, Grant, Head, HeadState, Rejection};
use ironleaf_session::{Decoder, Encoder, PayloadError};

use crate::principal::{decode_grant, encode_grant};

const IDLE: u8 = 0;
const PRESENTED: u8 = 1;
const IN_DOUBT: u8 = 2;
const DEAD: u8 = 3;

/// The part that stays: rotation, state and whether it was shown, in some ten bytes.
pub(super) fn encode_mark(head: &Head) -> Vec<u8> {
    let mut out = Encoder::new();
    out.varint(head.rotation);
    out.bool(head.shown);
    match head.state {
        HeadState::Idle => out.u8(IDLE),
        HeadState::Presented { first } => {
            out.u8(PRESENTED);
            out.millis(first);
        }
        HeadState::InDoubt { first, since } => {
            out.u8(IN_DOUBT);
            out.millis(first);
            out.millis(since);
        }
        HeadState::Dead(reason) => {
            out.u8(DEAD);
            out.u8(reason_number(reason));
        }
    }
    out.finish().to_vec()
}

/// The head without its grant.
pub(super) fn decode_mark(bytes: &[u8]) -> Result<Head, PayloadError> {
    let mut input = Decoder::new(bytes);
    let rotation = input.varint()?;
    let shown = input.bool()?;
    let state = match input.u8()? {
        IDLE => HeadState::Idle,
        PRESENTED => HeadState::Presented { first: input.millis()? },
        IN_DOUBT => HeadState::InDoubt { first: input.millis()?, since: input.millis()? },
        DEAD => HeadState::Dead(reason(input.u8()?)?),
        _ => return Err(PayloadError::Invalid("unknown state of a head")),
    };
    input.finish()?;
    Ok(Head { rotation, state, grant: None, shown })
}

/// The part that is sealed. It names its rotation, so that it opens beside no other mark.
pub(super) fn encode_body(rotation: u64, grant: &Grant) -> impl Deref<Target = Vec<u8>> + use<> {
    let mut out = Encoder::new();
    out.varint(rotation);
    encode_grant(grant, &mut out);
    out.finish()
}

pub(super) fn decode_body(rotation: u64, bytes: &[u8]) -> Result<Grant, PayloadError> {
    let mut input = Decoder::new(bytes);
    if input.varint()? != rotation {
        return Err(PayloadError::Invalid("a grant beside the mark of another rotation"));
    }
    let grant = decode_grant(&mut input)?;
    input.finish()?;
    Ok(grant)
}

const fn reason_number(reason: EndReason) -> u8 {
    match reason {
        EndReason::SignedOut => 1,
        EndReason::Replaced => 2,
        EndReason::AccountDeleted => 3,
        EndReason::Superseded => 4,
        EndReason::Unresolved => 5,
        EndReason::Rejected(Rejection::Reused) => 17,
        EndReason::Rejected(Rejection::AccountGone) => 18,
        // A reason that is newer than this code is told apart nowhere.
        EndReason::Rejected(_) | _ => 16,
    }
}

fn reason(number: u8) -> Result<EndReason, PayloadError> {
    Ok(match number {
        1 => EndReason::SignedOut,
        2 => EndReason::Replaced,
        3 => EndReason::AccountDeleted,
        4 => EndReason::Superseded,
        5 => EndReason::Unresolved,
        16 => EndReason::Rejected(Rejection::InvalidGrant),
        17 => EndReason::Rejected(Rejection::Reused),
        18 => EndReason::Rejected(Rejection::AccountGone),
        _ => return Err(PayloadError::Invalid("unknown reason of an end")),
    })
}
