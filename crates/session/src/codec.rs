//! The binary encoding of payloads and envelopes: LEB128 numbers, length-prefixed bytes, nothing optional.
//!
//! There is exactly one encoding of every value, and the decoder takes no other (but for a token kept as text where
//! its segments would do): equal bytes mean an equal session, which is how a change is noticed. `FORMAT.md` describes it for a second implementation.

mod token;

use std::{
    fmt, mem,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{PayloadError, Wiped};

/// Room for a session with a pair of JWTs, so that most are encoded without growing.
const INITIAL_CAPACITY_BYTES: usize = 2048;
/// Ten groups of seven bits hold 64.
const MAX_VARINT_BYTES: usize = 10;

/// Writes values one after the other. The buffer is wiped when it is dropped, and when it grows.
pub struct Encoder {
    bytes: Wiped<Vec<u8>>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An empty encoder.
    pub fn new() -> Self {
        Self { bytes: Wiped::new(Vec::with_capacity(INITIAL_CAPACITY_BYTES)) }
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    /// One byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// An unsigned LEB128 number, at most ten bytes.
    pub fn varint(&mut self, mut value: u64) {
        let mut group = [0; MAX_VARINT_BYTES];
        let mut length = 0;
        loop {
            group[length] = value.to_le_bytes()[0] & 0x7f;
            value >>= 7;
            if value == 0 {
                break;
            }
            group[length] |= 0x80;
            length += 1;
        }
        self.raw(&group[..=length]);
    }

    /// Bytes without a length: the decoder must know how many there are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// The length, then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// The length in bytes, then the UTF-8.
    pub fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Whole seconds since 1970; a time before that becomes 1970.
    pub fn seconds(&mut self, time: SystemTime) {
        self.varint(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    }

    /// Milliseconds since 1970; a time before that becomes 1970.
    pub fn millis(&mut self, time: SystemTime) {
        self.varint(crate::ambient::unix_millis(time));
    }

    /// 0 for nothing; 1 and then what `write` writes.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// A token. One that consists of base64url segments, as a compact JWT does, is stored as the bytes they
    /// decode to, a quarter smaller, but only where encoding them again gives exactly the same text;
    /// any other text is stored as it is.
    pub fn token(&mut self, token: &str) {
        if let Some(segments) = token::segments(token) {
            self.length(segments.len());
            for segment in &segments {
                self.bytes(segment);
            }
        } else {
            self.varint(token::VERBATIM);
            self.str(token);
        }
    }

    /// A serde value in postcard's encoding.
    ///
    /// # Panics
    ///
    /// For a type that postcard cannot encode, such as one that serializes a sequence of unknown length.
    pub fn serde<T: Serialize>(&mut self, value: &T) {
        struct Output<'a>(&'a mut Encoder);
        impl Extend<u8> for Output<'_> {
            fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
                for byte in bytes {
                    self.0.u8(byte);
                }
            }
        }
        postcard::to_extend(value, Output(self)).expect("postcard can encode the payload's type");
    }

    /// What was written.
    pub fn finish(self) -> Wiped<Vec<u8>> {
        self.bytes
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.varint(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Grows by hand, because `Vec` would leave the old, secret bytes behind in freed memory.
    fn make_room(&mut self, additional: usize) {
        let needed = self.bytes.len() + additional;
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()));
            larger.extend_from_slice(&self.bytes);
            self.bytes = Wiped::new(larger);
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Encoder({} bytes)", self.bytes.len())
    }
}

/// Reads what an [`Encoder`] wrote, in the same order.
///
/// Every method fails on bytes that an encoder would not have written; none of them panics.
pub struct Decoder<'a> {
    rest: &'a [u8],
}

type Decoded<T> = Result<T, PayloadError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike, as the type says")]
impl<'a> Decoder<'a> {
    /// A decoder at the start of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// One byte.
    pub fn u8(&mut self) -> Decoded<u8> {
        let (first, rest) = self.rest.split_first().ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    /// One byte, 0 or 1.
    pub fn bool(&mut self) -> Decoded<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(PayloadError::Invalid("a boolean is neither 0 nor 1")),
        }
    }

    /// An unsigned LEB128 number, in its shortest form.
    pub fn varint(&mut self) -> Decoded<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let group = u64::from(byte & 0x7f);
            if (group << shift) >> shift != group || (byte == 0 && shift > 0) {
                break;
            }
            value |= group << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(PayloadError::Invalid("a number is too large or not in its shortest form"))
    }

    /// So many bytes.
    pub fn raw(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// So many bytes as an array.
    pub fn array<const LENGTH: usize>(&mut self) -> Decoded<[u8; LENGTH]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    /// A length and that many bytes.
    pub fn bytes(&mut self) -> Decoded<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| PayloadError::Truncated)?;
        self.raw(length)
    }

    /// A length and that many bytes of UTF-8.
    pub fn str(&mut self) -> Decoded<&'a str> {
        str::from_utf8(self.bytes()?).map_err(|_| PayloadError::Invalid("a text is not UTF-8"))
    }

    /// Whole seconds since 1970.
    pub fn seconds(&mut self) -> Decoded<SystemTime> {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(self.varint()?));
        time.ok_or(PayloadError::Invalid("a time is beyond what the platform knows"))
    }

    /// Milliseconds since 1970.
    pub fn millis(&mut self) -> Decoded<SystemTime> {
        let time = crate::ambient::from_unix_millis(self.varint()?);
        time.ok_or(PayloadError::Invalid("a time is beyond what the platform knows"))
    }

    /// Nothing, or what `read` reads.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<Option<T>> {
        self.bool()?.then(|| read(self)).transpose()
    }

    /// A token, exactly as it was given to [`Encoder::token`].
    pub fn token(&mut self) -> Decoded<Wiped<String>> {
        let count = self.varint()?;
        if count == token::VERBATIM {
            return Ok(Wiped::new(self.str()?.to_owned()));
        }
        let count = usize::try_from(count).ok().filter(|count| *count <= token::MAX_SEGMENTS);
        let count = count.ok_or(PayloadError::Invalid("a token has too many segments"))?;
        let mut segments = [&[][..]; token::MAX_SEGMENTS];
        for segment in &mut segments[..count] {
            *segment = self.bytes()?;
        }
        Ok(token::join(segments[..count].iter().copied()))
    }

    /// A serde value in postcard's encoding.
    pub fn serde<T: DeserializeOwned>(&mut self) -> Decoded<T> {
        let (value, rest) = postcard::take_from_bytes(self.rest)
            .map_err(|_| PayloadError::Invalid("postcard cannot decode the payload's type"))?;
        self.rest = rest;
        Ok(value)
    }

    /// Whether nothing is left. A field that was appended to an encoding is read only where something is.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left. Who keeps it and writes it back as it is loses nothing that a newer release has appended.
    pub fn rest(&mut self) -> &'a [u8] {
        mem::take(&mut self.rest)
    }

    /// Fails unless everything was read.
    pub fn finish(self) -> Decoded<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(PayloadError::Trailing) }
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Decoder({} bytes left)", self.rest.len())
    }
}
