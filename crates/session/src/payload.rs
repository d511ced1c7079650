//! What an application keeps in a session, and how it becomes bytes.

use std::time::SystemTime;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Decoder, Encoder, PayloadError};

/// What an application keeps in a session.
///
/// It is no serde trait on purpose: a type that holds a token can implement it and still be neither
/// `Serialize` nor printable, so that it cannot end in a response by mistake. For plain data there is
/// [`Serde`].
///
/// # When the type changes
///
/// Sessions live for weeks, and during a deployment old and new processes serve the same ones. There are two ways to
/// change what is kept without signing anybody out.
///
/// **Append a field**, and leave [`VERSION`](Self::VERSION) as it is. New code reads the field where it is there
/// ([`Decoder::is_empty`] tells) and has a default for it where it is not. A type that keeps what follows its last field
/// ([`Decoder::rest`]) and writes it back reads what newer code has written, and loses nothing of it. So let every type
/// do that from its first release on; one that does not finds bytes left over, and the session is anonymous to it until a
/// newer process serves it.
///
/// **Raise the version** where old code must not read the new encoding. New code reads the old versions as well. To old
/// code a session of the new version is anonymous, and its cookie is kept: the person is signed in again at the next
/// request that reaches a new process.
///
/// ```
/// use ironleaf_session::{Decoder, Encoder, Payload, PayloadError};
///
/// #[derive(Clone)]
/// struct Visitor {
///     /// In two fields since version 2. Version 1 had one, the whole name.
///     given_name: String,
///     family_name: String,
///     /// Appended to version 2.
///     language: Option<String>,
///     /// What a later release has appended.
///     rest: Vec<u8>,
/// }
///
/// impl Payload for Visitor {
///     const VERSION: u32 = 2;
///
///     fn encode(&self, out: &mut Encoder) {
///         out.str(&self.given_name);
///         out.str(&self.family_name);
///         out.option(self.language.as_deref(), Encoder::str);
///         out.raw(&self.rest);
///     }
///
///     fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
///         let (given_name, family_name) = match version {
///             1 => {
///                 let (given, family) = input.str()?.split_once(' ').unwrap_or_default();
///                 (given.to_owned(), family.to_owned())
///             }
///             2 => (input.str()?.to_owned(), input.str()?.to_owned()),
///             dropped => return Err(PayloadError::UnknownVersion(dropped)),
///         };
///         let language = if input.is_empty() {
///             None
///         } else {
///             input.option(|input| input.str().map(str::to_owned))?
///         };
///         Ok(Self { given_name, family_name, language, rest: input.rest().to_vec() })
///     }
/// }
/// ```
///
/// An appended field is written by every new process from then on, whatever it holds, so that the next one can follow it.
pub trait Payload: Clone + Send + Sync + 'static {
    /// The version of the encoding, which is sealed with the payload.
    ///
    /// A payload of a higher version is an anonymous session, and its cookie is kept, because another replica may
    /// know it.
    const VERSION: u32 = 1;

    /// Writes the payload in the encoding of [`VERSION`](Self::VERSION). The same payload must always give the same
    /// bytes: the cookie is written again when they change.
    fn encode(&self, out: &mut Encoder);

    /// Reads what [`encode`](Self::encode) wrote when `version` was its version, all of it. It is never asked for a
    /// version above [`VERSION`](Self::VERSION).
    ///
    /// # Errors
    ///
    /// [`PayloadError::UnknownVersion`] for a version that it does not read any more, another [`PayloadError`] where the
    /// bytes are not an encoding of this type.
    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError>;

    /// When the payload becomes worthless, such as the end of a refresh token's life. The session and its
    /// cookie live no longer than that.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

/// A [`Payload`] out of any serde type, in postcard's compact encoding.
///
/// Postcard does not describe itself: when the type changes its fields, raise `VERSION`, and sessions of the
/// old version begin anew. It reads no version but its own, and nothing may be appended. A type whose sessions have to
/// outlive its changes implements [`Payload`] itself.
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

    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        if version != VERSION {
            return Err(PayloadError::UnknownVersion(version));
        }
        input.serde().map(Self)
    }
}
