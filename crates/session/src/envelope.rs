//! Envelope v1: the data that is sealed into the cookie around the payload.

use std::{fmt, time::SystemTime};

use crate::{
    Beginning, Decoder, Encoder, Owner, Payload, PayloadError, SessionId, Wiped,
    ambient::{next_whole_millis, whole_millis},
};

/// One session as it was unsealed or will be sealed. Times are whole milliseconds.
#[derive(Clone)]
pub struct Record<P> {
    /// The session's id, new at every sign-in.
    pub id: SessionId,
    /// Whose session it is.
    pub owner: Owner,
    /// The provider's id of the session, if it has one.
    pub provider_sid: Option<String>,
    /// How often the payload has been rotated since the sign-in.
    pub rotation: u64,
    /// When the session began, or slightly later; see [`Beginning::not_before`]. It never changes.
    pub created_at: SystemTime,
    /// When the owner last proved who they are. A renewal never changes it.
    pub authenticated_at: SystemTime,
    /// When it was last sealed.
    pub sealed_at: SystemTime,
    /// The application's data.
    pub payload: P,
}

impl<P: Payload> Record<P> {
    /// A session that begins now, or at `not_before` if that is later.
    pub(crate) fn begin(id: SessionId, beginning: Beginning, payload: P, now: SystemTime) -> Self {
        let Beginning { owner, provider_sid, authenticated_at, not_before } = beginning;
        let now = whole_millis(now);
        Self {
            id,
            owner,
            provider_sid,
            rotation: 0,
            // Rounded up: truncation to the millisecond could give a time before `not_before`.
            created_at: not_before.map_or(now, |not_before| now.max(next_whole_millis(not_before))),
            authenticated_at: authenticated_at.map_or(now, |at| now.min(whole_millis(at))),
            sealed_at: now,
            payload,
        }
    }

    /// The plaintext of the envelope, sealed at this time.
    pub(crate) fn encode(&self, sealed_at: SystemTime) -> Wiped<Vec<u8>> {
        let mut out = Encoder::new();
        out.raw(self.id.as_bytes());
        out.raw(self.owner.as_bytes());
        out.option(self.provider_sid.as_deref(), Encoder::str);
        out.varint(self.rotation);
        out.millis(self.created_at);
        out.millis(self.authenticated_at);
        out.millis(sealed_at);
        encode_payload(&mut out, &self.payload);
        out.finish()
    }

    /// The record, and the version of its payload's encoding.
    pub(crate) fn decode(plaintext: &[u8]) -> Result<(Self, u32), PayloadError> {
        let mut input = Decoder::new(plaintext);
        let mut version = 0;
        let record = Self {
            id: SessionId::from_bytes(input.array()?),
            owner: Owner::from_bytes(input.array()?),
            provider_sid: input.option(|input| input.str().map(str::to_owned))?,
            rotation: input.varint()?,
            created_at: input.millis()?,
            authenticated_at: input.millis()?,
            sealed_at: input.millis()?,
            payload: decode_versioned(&mut input, &mut version)?,
        };
        input.finish()?;
        Ok((record, version))
    }
}

/// Writes the payload's version, then the payload.
pub(crate) fn encode_payload<P: Payload>(out: &mut Encoder, payload: &P) {
    out.varint(P::VERSION.into());
    payload.encode(out);
}

pub(crate) fn decode_payload<P: Payload>(input: &mut Decoder<'_>) -> Result<P, PayloadError> {
    decode_versioned(input, &mut 0)
}

fn decode_versioned<P: Payload>(input: &mut Decoder<'_>, version: &mut u32) -> Result<P, PayloadError> {
    *version = u32::try_from(input.varint()?)
        .map_err(|_| PayloadError::Invalid("the payload's version is no 32-bit number"))?;
    if *version > P::VERSION {
        return Err(PayloadError::UnknownVersion(*version));
    }
    P::decode(*version, input)
}

/// Leaves out the payload, which may hold secrets.
impl<P> fmt::Debug for Record<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .field("rotation", &self.rotation)
            .field("created_at", &self.created_at)
            .field("sealed_at", &self.sealed_at)
            .finish_non_exhaustive()
    }
}
