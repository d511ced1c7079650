//! What an application keeps in a session, and how it becomes bytes.

use std::time::SystemTime;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Decoder, Encoder};

/// What an application keeps in a session.
///
/// It is no serde trait on purpose: a type that holds a token can implement it and still be neither
/// `Serialize` nor printable, so that it cannot end in a response by mistake. For plain data there is
/// [`Serde`].
pub trait Payload: Clone + Send + Sync + 'static {
    /// The version of the encoding. It is sealed with the payload; a payload of another version is an
    /// anonymous session, and its cookie is kept, because another replica may know it.
    const VERSION: u32 = 1;

    /// Writes the payload. The same payload must always give the same bytes: the cookie is written again
    /// when they change.
    fn encode(&self, out: &mut Encoder);

    /// Reads what [`encode`](Self::encode) wrote, all of it.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] where the bytes are not an encoding of this type.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError>;

    /// When the payload becomes worthless, such as the end of a refresh token's life. The session and its
    /// cookie live no longer than that.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

/// Why bytes are not a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// They end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// They go on after the end.
    #[error("there are bytes left over")]
    Trailing,
    /// A value among them is not allowed.
    #[error("{0}")]
    Invalid(&'static str),
    /// They are of another version.
    #[error("version {0} of the payload is not known")]
    UnknownVersion(u32),
}

/// A [`Payload`] out of any serde type, in postcard's compact encoding.
///
/// Postcard does not describe itself: when the type changes its fields, raise `VERSION`, and sessions of the
/// old version begin anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Serde<T, const VERSION: u32 = 1>(pub T);

impl<T, const VERSION: u32> Payload for Serde<T, VERSION>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    const VERSION: u32 = VERSION;

    fn encode(&self, out: &mut Encoder) {
        out.serde(&self.0);
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        input.serde().map(Self)
    }
}
