//! Envelope v1: what is sealed into the cookie around the payload.

use std::{fmt, time::SystemTime};

use sha2::{Digest as _, Sha256};

use crate::{
    Beginning, Decoder, Encoder, Payload, PayloadError, Random, Wiped,
    ambient::{next_whole_millis, whole_millis},
};

const OWNER_DOMAIN: &[u8] = b"ironleaf/v1/owner\0";
const ID_BYTES: usize = 16;

/// Names one session, from sign-in to sign-out: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; ID_BYTES]);

impl SessionId {
    /// A new id.
    pub fn generate(random: &Random) -> Self {
        let mut bytes = [0; ID_BYTES];
        random(&mut bytes);
        Self(bytes)
    }

    /// The id of these bytes.
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store that hashes them before it keeps them.
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

/// The first three bytes, enough to follow a session through a log and useless for anything else.
impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionId({}..)", hex::encode(&self.0[..3]))
    }
}

/// Whose session it is: a hash of the provider and the subject's name there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner([u8; ID_BYTES]);

impl Owner {
    /// The owner that `provider` knows as `subject`.
    ///
    /// # Security
    ///
    /// Subjects can be guessed (e-mail addresses, small numbers), so a store must not keep this hash where
    /// who signed in is to stay unknown.
    pub fn new(provider: &str, subject: &str) -> Self {
        let length = u64::try_from(provider.len()).unwrap_or(u64::MAX);
        let hash = Sha256::new()
            .chain_update(OWNER_DOMAIN)
            .chain_update(length.to_be_bytes())
            .chain_update(provider)
            .chain_update(subject)
            .finalize();
        let mut bytes = [0; ID_BYTES];
        bytes.copy_from_slice(&hash[..ID_BYTES]);
        Self(bytes)
    }

    /// The owner of these bytes.
    pub const fn from_bytes(bytes: [u8; ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The first 16 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; ID_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Owner({}..)", hex::encode(&self.0[..3]))
    }
}

/// One session as it was unsealed or will be sealed. Times have whole milliseconds.
#[derive(Clone)]
pub struct Record<P> {
    /// The session's id, new at every sign-in.
    pub id: SessionId,
    /// Whose session it is.
    pub owner: Owner,
    /// The id that the provider gave the session, where it gives one.
    pub provider_sid: Option<String>,
    /// How often the payload was rotated since the sign-in.
    pub rotation: u64,
    /// When the session began, or a moment later, see [`Beginning::not_before`]. Never moved.
    pub created_at: SystemTime,
    /// When the owner last proved who they are. Never moved by renewal.
    pub authenticated_at: SystemTime,
    /// When it was last sealed.
    pub sealed_at: SystemTime,
    /// What the application keeps.
    pub payload: P,
}

impl<P: Payload> Record<P> {
    /// A session that begins now, or as late as its beginning has it.
    pub(crate) fn begin(id: SessionId, beginning: Beginning, payload: P, now: SystemTime) -> Self {
        let Beginning { owner, provider_sid, authenticated_at, not_before } = beginning;
        let now = whole_millis(now);
        Self {
            id,
            owner,
            provider_sid,
            rotation: 0,
            // Rounded up: cut to the millisecond it would lie before the very time that it must not lie before.
            created_at: not_before.map_or(now, |not_before| now.max(next_whole_millis(not_before))),
            authenticated_at: authenticated_at.map_or(now, |at| now.min(whole_millis(at))),
            sealed_at: now,
            payload,
        }
    }

    /// The plaintext of the envelope with this time of sealing.
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

    /// With the version of its payload's encoding.
    pub(crate) fn decode(plaintext: &[u8]) -> Result<(Self, u32), PayloadError> {
        let mut input = Decoder::new(plaintext);
        let mut version = 0;
        let record = Self {
            id: SessionId(input.array()?),
            owner: Owner(input.array()?),
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

/// The payload's version, then the payload.
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

/// Without the payload, which may hold secrets.
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
