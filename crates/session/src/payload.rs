//! The application's data in a session, and its encoding.

use std::time::SystemTime;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Decoder, Encoder, PayloadError};

/// The application's data in a session.
///
/// This is intentionally not a serde trait: a type that holds a token can implement it and still be neither `Serialize`
/// nor printable, so it cannot end up in a response by mistake. For plain data there is [`Serde`].
///
/// # When the type changes
///
/// Sessions live for weeks, and during a deployment old and new processes serve the same ones. There are two ways to
/// change the data without signing anybody out.
///
/// **Append a field**, and leave [`VERSION`](Self::VERSION) unchanged. New code reads the field if it is there
/// ([`Decoder::is_empty`] tells), and otherwise uses a default. A type that keeps everything after its last field
/// ([`Decoder::rest`]) and writes it back can read what newer code wrote, and loses nothing of it. Let every type do
/// that from its first release on. For a type that does not, there are bytes left over, and the session is anonymous
/// until a newer process serves it.
///
/// **Raise the version** if old code must not read the new encoding. New code reads the old versions as well. For old
/// code, a session of the new version is anonymous, and its cookie is kept: the person is signed in again with the next
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
/// Every new process writes an appended field from then on, whatever its value, so that the next field can follow it.
pub trait Payload: Clone + Send + Sync + 'static {
    /// The version of the encoding, which is sealed with the payload.
    ///
    /// A payload of a higher version is an anonymous session. Its cookie is kept, because another replica may know the version.
    const VERSION: u32 = 1;

    /// Writes the payload in the encoding of [`VERSION`](Self::VERSION). The same payload must always give the same
    /// bytes, because the cookie is written again when they change.
    fn encode(&self, out: &mut Encoder);

    /// Reads everything that [`encode`](Self::encode) wrote when `version` was its version. It is never called with a
    /// version above [`VERSION`](Self::VERSION).
    ///
    /// # Errors
    ///
    /// [`PayloadError::UnknownVersion`] for a version that it does not read any more, or another [`PayloadError`] if
    /// the bytes are not an encoding of this type.
    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError>;

    /// Whether the session is that of somebody who has not signed in. A browser keeps such a session beside any other:
    /// it never takes the place of one that is not provisional, whichever answer arrives last, and counts only where
    /// there is no other. A session that is not provisional replaces it.
    fn is_provisional(&self) -> bool {
        false
    }

    /// Whether the session's owner asked not to be remembered. The session then ends with the browser: its cookie has
    /// no `Max-Age`, and its idle timeout is
    /// [`unremembered_idle_timeout`](crate::SessionSettings::unremembered_idle_timeout).
    fn ends_with_browser(&self) -> bool {
        false
    }

    /// When the payload becomes worthless, such as the expiry of a refresh token. The session and its cookie live no
    /// longer than that.
    fn expires_at(&self) -> Option<SystemTime> {
        None
    }
}

/// Makes a [`Payload`] from any serde type, in postcard's compact encoding.
///
/// Postcard is not self-describing. If the type's fields change, raise `VERSION`; sessions of the old version are then
/// anonymous. This type reads only its own version, and nothing may be appended. If sessions have to outlive changes of
/// the type, implement [`Payload`] for it directly.
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
