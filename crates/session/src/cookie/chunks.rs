//! Splits a value that is too long for one cookie, and finds the complete sets of chunks in a request.
//!
//! A chunk is the cookie `name.<index>` with the value `<value id>.<index>.<count>.<part>`. Every value that is written
//! has a new value id, so parts of two values are never joined.
//!
//! The value of a provisional session is always written as chunks, and their names begin at another number:
//! `name.<64 + index>`. So it never takes the place of another session in a browser, whichever answer arrives last.

use super::MAX_COOKIE_BYTES;
use crate::{Random, base64url};

/// Enough for 100 KB, and the index has at most two digits.
pub(crate) const MAX_CHUNKS: usize = 32;
/// The number in the name of the first chunk of a provisional session.
const FIRST_PROVISIONAL: usize = 64;
/// Six bytes: two values of one browser share an id once in 2^48.
const VALUE_ID_BYTES: usize = 6;
const VALUE_ID_CHARS: usize = VALUE_ID_BYTES / 3 * 4;
/// `<value id>.<index>.<count>.` with two digits each.
const CHUNK_HEAD_BYTES: usize = VALUE_ID_CHARS + ".31.32.".len();
/// `.<index>` after the name.
const CHUNK_SUFFIX_BYTES: usize = ".31".len();

/// Which names a value may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The name itself, or the names of chunks.
    Own,
    /// The names of the chunks of a provisional session.
    Provisional,
}

impl Seat {
    pub(crate) const fn of(is_provisional: bool) -> Self {
        if is_provisional { Self::Provisional } else { Self::Own }
    }

    const fn first(self) -> usize {
        match self {
            Self::Own => 0,
            Self::Provisional => FIRST_PROVISIONAL,
        }
    }
}

/// A cookie to be set: its name and its value.
pub(crate) type Pair = (String, String);

/// The value under its name if it fits, otherwise as chunks. `None` if it would need too many chunks.
/// `attributes_bytes` is the length of the `Set-Cookie` line without name and value.
pub(crate) fn split(
    name: &str,
    value: String,
    seat: Seat,
    attributes_bytes: usize,
    random: &Random,
) -> Option<Vec<Pair>> {
    if seat == Seat::Own && name.len() + value.len() + attributes_bytes <= MAX_COOKIE_BYTES {
        return Some(vec![(name.to_owned(), value)]);
    }
    let part_bytes = part_bytes(name, attributes_bytes)?;
    let count = value.len().div_ceil(part_bytes);
    if count > MAX_CHUNKS {
        return None;
    }
    let mut id_bytes = [0; VALUE_ID_BYTES];
    random(&mut id_bytes);
    let mut id = Vec::with_capacity(VALUE_ID_CHARS);
    base64url::encode(&id_bytes, &mut id);
    let id = base64url::into_string(id);
    let chunk = |(index, part): (usize, &[u8])| {
        let part = str::from_utf8(part).ok()?;
        let number = seat.first() + index;
        Some((format!("{name}.{number}"), format!("{id}.{index}.{count}.{part}")))
    };
    value.as_bytes().chunks(part_bytes).enumerate().map(chunk).collect()
}

/// How many bytes these cookies take in the `Cookie` header.
pub(crate) fn header_bytes(pairs: &[Pair]) -> usize {
    const SEPARATOR_BYTES: usize = "; ".len();
    let pair_bytes = |(name, value): &Pair| name.len() + "=".len() + value.len() + SEPARATOR_BYTES;
    pairs.iter().map(pair_bytes).sum::<usize>().saturating_sub(SEPARATOR_BYTES)
}

fn part_bytes(name: &str, attributes_bytes: usize) -> Option<usize> {
    let taken = name.len() + CHUNK_SUFFIX_BYTES + CHUNK_HEAD_BYTES + attributes_bytes;
    MAX_COOKIE_BYTES.checked_sub(taken).filter(|left| *left > 0)
}

/// The cookies of one name that a request brought: whole values and chunks.
#[derive(Default)]
pub(crate) struct Arrived<'a> {
    /// Whole values, in their order in the request. A browser sends a name twice if it has two cookies of different scope.
    pub(crate) whole: Vec<&'a [u8]>,
    chunks: Vec<Chunk<'a>>,
    present_chunks: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Chunk<'a> {
    id: &'a [u8],
    count: usize,
    index: usize,
    part: &'a [u8],
}

/// Which cookies of the name the browser holds. They may be removed or replaced later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Present {
    pub(crate) whole: bool,
    pub(crate) chunks: Vec<usize>,
}

impl<'a> Arrived<'a> {
    pub(crate) fn collect(name: &str, pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut arrived = Self::default();
        for (pair_name, value) in pairs {
            match pair_name.strip_prefix(name.as_bytes()) {
                Some([]) => arrived.whole.push(value),
                Some([b'.', index @ ..]) => {
                    let Some(index) = small_number(index) else {
                        continue;
                    };
                    arrived.present_chunks.push(index);
                    let is_at = |chunk: &Chunk<'_>| {
                        [Seat::Own, Seat::Provisional].iter().any(|seat| seat.first() + chunk.index == index)
                    };
                    arrived.chunks.extend(Chunk::parse(value).filter(is_at));
                }
                _ => {}
            }
        }
        arrived.present_chunks.sort_unstable();
        arrived.present_chunks.dedup();
        arrived
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.present_chunks.is_empty()
    }

    pub(crate) fn into_present(self) -> Present {
        Present { whole: !self.whole.is_empty(), chunks: self.present_chunks }
    }

    /// The values of the complete sets of chunks.
    pub(crate) fn assembled(&self) -> Vec<Vec<u8>> {
        let mut chunks = self.chunks.clone();
        // After sorting, the chunks of one value are adjacent and in order. A hostile header costs n log n.
        chunks.sort_unstable();
        chunks.dedup_by_key(|chunk| (chunk.id, chunk.count, chunk.index));
        let sets = chunks.chunk_by(|one, other| one.id == other.id && one.count == other.count);
        sets.filter(|set| set.len() == set[0].count)
            .map(|set| set.iter().flat_map(|chunk| chunk.part).copied().collect())
            .collect()
    }
}

impl<'a> Chunk<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut fields = value.splitn(4, |byte| *byte == b'.');
        let chunk = Self {
            id: fields.next().filter(|id| id.len() == VALUE_ID_CHARS)?,
            index: small_number(fields.next()?)?,
            count: small_number(fields.next()?)?,
            part: fields.next()?,
        };
        (chunk.index < chunk.count).then_some(chunk)
    }
}

/// A number of a chunk of either seat, without sign or leading zero.
fn small_number(digits: &[u8]) -> Option<usize> {
    let value = match digits {
        [one @ b'0'..=b'9'] => usize::from(one - b'0'),
        [ten @ b'1'..=b'9', one @ b'0'..=b'9'] => usize::from(ten - b'0') * 10 + usize::from(one - b'0'),
        _ => return None,
    };
    (value <= FIRST_PROVISIONAL + MAX_CHUNKS).then_some(value)
}
