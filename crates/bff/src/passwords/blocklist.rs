//! A file of breached passwords, as Have I Been Pwned publishes it: one SHA-1 hash a line in hexadecimal digits, ordered, perhaps
//! with `:` and a count behind. The file has tens of gigabytes, so it stays where it is, and a look-up reads a few lines.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use sha1::{Digest as _, Sha1};
use thiserror::Error;

#[cfg(test)]
mod tests;

const HASH_BYTES: usize = 20;

/// Forty digits, a colon, a count of 64 bits, and both characters that end a line.
const MAX_LINE_BYTES: u64 = 64;

/// A smaller file is read line by line when the application starts.
const SMALL_BYTES: u64 = 256 << 10;

/// How many lines of a larger one are looked at. They are spread evenly.
const SAMPLES: u64 = 512;

/// The hash of a password. It has nothing to do with how passwords are stored.
pub(super) type Hash = [u8; HASH_BYTES];

/// The path of a file of breached passwords. The file may be replaced while the application runs.
#[derive(Debug, Clone)]
pub struct Blocklist(PathBuf);

/// Why a blocklist cannot be used.
#[derive(Debug, Error)]
pub enum BlocklistError {
    /// The file is not there, or not readable.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// The file has no hash in it.
    #[error("it is empty")]
    Empty,
    /// A line is not a hash.
    #[error(
        "the line at byte {0} is not a SHA-1 hash of 40 hexadecimal digits, which may have `:` and a count behind"
    )]
    NoHash(u64),
    /// The hashes are not in order, so none could be found.
    #[error("the line at byte {0} is out of order: the file must be ordered by hash")]
    OutOfOrder(u64),
}

impl Blocklist {
    /// Checks a file at start. A small one is read entirely, and of a larger one some lines.
    ///
    /// # Errors
    ///
    /// [`BlocklistError`].
    pub fn open(path: &Path) -> Result<Self, BlocklistError> {
        Lines::open(path)?.check()?;
        Ok(Self(path.to_owned()))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether a password with this hash is in the file. Reads about forty lines of the largest file.
    ///
    /// The file is opened for each look-up: one that has taken its place counts at once, and one that is gone is
    /// noticed.
    pub(super) fn contains(&self, hash: &Hash) -> Result<bool, BlocklistError> {
        Lines::open(&self.0)?.find(hash)
    }
}

/// The SHA-1 hash of a password in UTF-8.
pub(super) fn hash(password: &str) -> Hash {
    Sha1::digest(password.as_bytes()).into()
}

/// An open file, whose lines can be read in any order.
struct Lines {
    file: File,
    bytes: u64,
}

/// One line of the file: its place, the place of the next one, and what it says.
struct Line {
    start: u64,
    next: u64,
    hash: Hash,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, BlocklistError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes == 0 { Err(BlocklistError::Empty) } else { Ok(Self { file, bytes }) }
    }

    fn find(&mut self, hash: &Hash) -> Result<bool, BlocklistError> {
        let (mut from, mut to) = (0, self.bytes);
        while from < to {
            let line = self.line_around(from + (to - from) / 2)?;
            match line.hash.cmp(hash) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => from = line.next,
                std::cmp::Ordering::Greater => to = line.start,
            }
        }
        Ok(false)
    }

    fn check(&mut self) -> Result<(), BlocklistError> {
        let mut last = self.line_around(0)?;
        for sample in 1.. {
            let at = if self.bytes <= SMALL_BYTES { last.next } else { self.bytes / SAMPLES * sample };
            if at >= self.bytes {
                break;
            }
            last = self.after(&last, at)?;
        }
        // The end of a file is missing where a download was cut off.
        self.after(&last, self.bytes - 1).map(drop)
    }

    /// The line around this place, which must be the same one or greater.
    fn after(&mut self, last: &Line, at: u64) -> Result<Line, BlocklistError> {
        let line = self.line_around(at)?;
        if line.start > last.start && line.hash <= last.hash {
            return Err(BlocklistError::OutOfOrder(line.start));
        }
        Ok(line)
    }

    /// The line that has this byte in it.
    fn line_around(&mut self, at: u64) -> Result<Line, BlocklistError> {
        let from = at.saturating_sub(MAX_LINE_BYTES);
        let mut read = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        (&mut self.file).take(at - from + MAX_LINE_BYTES).read_to_end(&mut read)?;
        let no_hash = || BlocklistError::NoHash(at);
        let here = usize::try_from(at - from).ok().filter(|here| *here < read.len()).ok_or_else(no_hash)?;
        let start = match read[..here].iter().rposition(|byte| *byte == b'\n') {
            Some(before) => before + 1,
            None if from == 0 => 0,
            None => return Err(no_hash()),
        };
        let place = |index: usize| from + index as u64;
        let end = match read[here..].iter().position(|byte| *byte == b'\n') {
            Some(end) => here + end,
            None if place(read.len()) >= self.bytes => read.len(),
            None => return Err(no_hash()),
        };
        let hash = parse(&read[start..end]).ok_or(BlocklistError::NoHash(place(start)))?;
        Ok(Line { start: place(start), next: place(end + 1), hash })
    }
}

/// A line without its end: a hash, perhaps with a count behind.
fn parse(line: &[u8]) -> Option<Hash> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(2 * HASH_BYTES)?;
    let is_count = match rest.split_first() {
        None => true,
        Some((b':', count)) => !count.is_empty() && count.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    let mut hash = [0; HASH_BYTES];
    hex::decode_to_slice(digits, &mut hash).ok().filter(|()| is_count).map(|()| hash)
}
