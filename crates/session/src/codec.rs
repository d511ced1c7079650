//! The binary encoding of payloads and envelopes: LEB128 numbers and length-prefixed bytes.
//!
//! Every value has exactly one encoding, and the decoder accepts no other. (The exception is a token that is stored as
//! text although it could be segments.) So equal bytes mean an equal session, and that is how a change is noticed.
//! `FORMAT.md` describes the encoding for a second implementation.

mod token;

use std::{
    fmt, mem,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{PayloadError, Wiped};

/// Enough for a session with a pair of JWTs, so that most are encoded without a reallocation.
const INITIAL_CAPACITY_BYTES: usize = 2048;
/// Ten groups of seven bits hold 64 bits.
const MAX_VARINT_BYTES: usize = 10;

/// Writes values one after the other. The buffer is wiped on drop, and also when it grows.
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

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    /// Writes one byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// Writes an unsigned LEB128 number of at most ten bytes.
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

    /// Writes bytes without their length: the decoder must know how many there are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes the length, then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// Writes the length in bytes, then the UTF-8 text.
    pub fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes whole seconds since 1970; an earlier time becomes 1970.
    pub fn seconds(&mut self, time: SystemTime) {
        self.varint(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    }

    /// Writes milliseconds since 1970; an earlier time becomes 1970.
    pub fn millis(&mut self, time: SystemTime) {
        self.varint(crate::ambient::unix_millis(time));
    }

    /// Writes 0 for `None`; for a value, 1 and then what `write` writes.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Writes a token. If it consists of base64url segments, as a compact JWT does, the bytes that they decode to are
    /// stored, which takes a quarter less. This is done only if encoding them again gives exactly the same text. Any
    /// other text is stored unchanged.
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

    /// Writes a serde value in postcard's encoding.
    ///
    /// # Panics
    ///
    /// If postcard cannot encode the type, such as one that serializes a sequence of unknown length.
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

    /// The encoded bytes.
    pub fn finish(self) -> Wiped<Vec<u8>> {
        self.bytes
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.varint(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Grows the buffer by hand, because `Vec` would leave the old, secret bytes in freed memory.
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
/// Every method fails on bytes that an encoder would not have written. None of them panics.
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

    /// Reads one byte.
    pub fn u8(&mut self) -> Decoded<u8> {
        let (first, rest) = self.rest.split_first().ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    /// Reads one byte, 0 or 1.
    pub fn bool(&mut self) -> Decoded<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(PayloadError::Invalid("a boolean is neither 0 nor 1")),
        }
    }

    /// Reads an unsigned LEB128 number in its shortest form.
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

    /// Reads `length` bytes.
    pub fn raw(&mut self, length: usize) -> Decoded<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Reads `LENGTH` bytes as an array.
    pub fn array<const LENGTH: usize>(&mut self) -> Decoded<[u8; LENGTH]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(PayloadError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    /// Reads a length and that many bytes.
    pub fn bytes(&mut self) -> Decoded<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| PayloadError::Truncated)?;
        self.raw(length)
    }

    /// Reads a length and that many bytes of UTF-8 text.
    pub fn str(&mut self) -> Decoded<&'a str> {
        str::from_utf8(self.bytes()?).map_err(|_| PayloadError::Invalid("a text is not UTF-8"))
    }

    /// Reads whole seconds since 1970.
    pub fn seconds(&mut self) -> Decoded<SystemTime> {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(self.varint()?));
        time.ok_or(PayloadError::Invalid("a time is beyond what the platform knows"))
    }

    /// Reads milliseconds since 1970.
    pub fn millis(&mut self) -> Decoded<SystemTime> {
        let time = crate::ambient::from_unix_millis(self.varint()?);
        time.ok_or(PayloadError::Invalid("a time is beyond what the platform knows"))
    }

    /// Reads `None`, or a value with `read`.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<Option<T>> {
        self.bool()?.then(|| read(self)).transpose()
    }

    /// Reads a token, exactly as it was given to [`Encoder::token`].
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

    /// Reads a serde value in postcard's encoding.
    pub fn serde<T: DeserializeOwned>(&mut self) -> Decoded<T> {
        let (value, rest) = postcard::take_from_bytes(self.rest)
            .map_err(|_| PayloadError::Invalid("postcard cannot decode the payload's type"))?;
        self.rest = rest;
        Ok(value)
    }

    /// Whether everything was read. Read an appended field only if this is `false`.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything that was not read yet. A type that keeps it and writes it back unchanged loses nothing that a newer
    /// release appended.
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
