//! What was read before, for as long as nobody has written since.

use std::{
    collections::HashMap,
    fs::{self, File},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError, RwLock},
};

use rusqlite::{Connection, OpenFlags};

use crate::{Key, Record, ambient::Moment};

/// What a client asks for again is asked for within moments. More than this many questions at once are forgotten.
const MAX_ANSWERS: usize = 1024;
/// A request with a session asks for no more. Whoever asks for more is a list, and seldom asks again.
const MAX_KEYS: usize = 4;
/// A session has a body of some kilobytes.
const MAX_BYTES: usize = 16 * 1024;

/// Answers of the file, and the state of the file that they are of.
///
/// A read of three keys takes two system calls to lock the log and some thousand instructions. Nearly always the same
/// browser has just asked, and nobody has written since. To know that takes one system call.
pub(super) struct Unchanged {
    /// `None` if there is no log, and once the store is closed.
    log: RwLock<Option<Log>>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    state: Option<State>,
    answers: HashMap<Box<[Key]>, Answer>,
}

/// The records of some keys, as they are within these times.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) records: Vec<Option<Record>>,
    /// The time of the read. If the clock goes back, what had expired by then may exist.
    pub(super) from: Moment,
    /// When the first part of a record expires.
    pub(super) until: Moment,
}

impl Unchanged {
    /// For the database in `file`.
    pub(super) fn of(file: &Path) -> Self {
        // Without a log, the file is read each time.
        let log = Log::of(file).ok().flatten();
        Self { log: RwLock::new(log), known: Mutex::default() }
    }

    /// The state of the file. Ask before a read, and again after it.
    pub(super) fn state(&self) -> Option<State> {
        self.log.read().unwrap_or_else(PoisonError::into_inner).as_ref()?.index.state()
    }

    /// From now on, nothing is known.
    pub(super) fn close(&self) {
        *self.log.write().unwrap_or_else(PoisonError::into_inner) = None;
        *self.known() = Known::default();
    }

    /// What was read while the file was in this state.
    pub(super) fn answer(&self, state: &State, keys: &[Key], now: Moment) -> Option<Vec<Option<Record>>> {
        let known = self.known();
        let answer = known.answers.get(keys).filter(|_| known.state.as_ref() == Some(state))?;
        (answer.from <= now && now < answer.until).then(|| answer.records.clone())
    }

    /// Keeps what was read between two looks at the state that have found this one.
    pub(super) fn keep(&self, state: State, keys: &[Key], answer: &Answer) {
        if keys.len() > MAX_KEYS || answer.bytes() > MAX_BYTES {
            return;
        }
        let mut known = self.known();
        if known.state.as_ref() != Some(&state) || known.answers.len() >= MAX_ANSWERS {
            known.answers.clear();
            known.state = Some(state);
        }
        known.answers.insert(keys.into(), answer.clone());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn bytes(&self) -> usize {
        let of = |record: &Record| record.mark.len() + record.body.as_ref().map_or(0, Vec::len);
        self.records.iter().flatten().map(of).sum()
    }
}

/// The length of the header of the index, of which there are two copies (SQLite, WAL-mode File Format, section 2.1).
const HEADER_BYTES: usize = 48;
const FORMAT: u32 = 3_007_000;

/// The header of the index: which part of the log counts. Every commit of every process changes it, and readers of the
/// file know of a commit only by it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct State([u8; HEADER_BYTES]);

impl State {
    /// `None` while a commit is changing the header, or if the format is unknown.
    fn parse(copies: &[u8; 2 * HEADER_BYTES]) -> Option<Self> {
        let (header, copy) = copies.split_first_chunk::<HEADER_BYTES>()?;
        let format = u32::from_ne_bytes(*header.first_chunk()?);
        let is_initialised = header[12] == 1;
        (header == copy && format == FORMAT && is_initialised).then_some(Self(*header))
    }
}

/// The log of a file.
struct Log {
    index: LogIndex,
    /// SECURITY: SQLite removes the log together with its index when the last connection of all processes ends, and makes
    /// new ones for the next. The old index would then stay the same for ever. This connection is there for as long as the
    /// index is looked at, whatever becomes of those that work. It holds no part of the log, so the log can be emptied.
    _held: Mutex<Connection>,
}

impl Log {
    fn of(file: &Path) -> rusqlite::Result<Option<Self>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let held = Connection::open_with_flags(file, flags)?;
        // Only now does it have the file and the index.
        held.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))?;
        Ok(LogIndex::of(file).map(|index| Self { index, _held: Mutex::new(held) }))
    }
}

/// The index of a log, as a file: SQLite maps it into memory, which shows the same bytes.
struct LogIndex(&'static File);

impl LogIndex {
    fn of(file: &Path) -> Option<Self> {
        /// Each index that this process has ever opened, by its device and its number.
        ///
        /// SECURITY: they are never closed. SQLite locks the index by `fcntl`, and a process loses all these locks once it
        /// closes the file under any of its descriptors (POSIX, `fcntl`).
        static OPEN: LazyLock<Mutex<HashMap<(u64, u64), &'static File>>> = LazyLock::new(Mutex::default);
        // As SQLite does: the index is beside the file itself, and not beside a link to it.
        let mut name = fs::canonicalize(file).ok()?.into_os_string();
        name.push("-shm");
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let metadata = fs::metadata(&name).ok()?;
        let number = (metadata.dev(), metadata.ino());
        if let Some(index) = open.get(&number) {
            return Some(Self(index));
        }
        let index: &'static File = Box::leak(Box::new(File::open(&name).ok()?));
        open.insert(number, index);
        Some(Self(index))
    }

    fn state(&self) -> Option<State> {
        let mut copies = [0; 2 * HEADER_BYTES];
        self.0.read_exact_at(&mut copies, 0).ok()?;
        State::parse(&copies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn header() -> [u8; 2 * HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..4].copy_from_slice(&FORMAT.to_ne_bytes());
        header[12] = 1;
        header[16] = 7;
        let mut copies = [0; 2 * HEADER_BYTES];
        copies[..HEADER_BYTES].copy_from_slice(&header);
        copies[HEADER_BYTES..].copy_from_slice(&header);
        copies
    }

    #[test]
    fn a_state_is_known_only_if_both_copies_say_it() {
        assert!(State::parse(&header()).is_some());
        for byte in 0..2 * HEADER_BYTES {
            let mut changed = header();
            changed[byte] ^= 1;
            assert!(State::parse(&changed).is_none(), "{byte}");
        }
        for (byte, value) in [(0, 0xff), (12, 0)] {
            let mut other = header();
            (other[byte], other[byte + HEADER_BYTES]) = (value, value);
            assert!(State::parse(&other).is_none(), "{byte}");
        }
    }

    #[test]
    fn what_is_kept_is_of_one_state_and_has_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let unchanged = Unchanged::of(&folder.path().join("none.sqlite3"));
        assert!(unchanged.state().is_none(), "there is no log");
        let now = Moment::from_unix_millis(5);
        let answer = Answer { records: vec![None], from: now, until: Moment::from_unix_millis(9) };
        let states = [1, 2].map(|byte| State([byte; HEADER_BYTES]));
        let key = |number: usize| Key::from_bytes(std::array::from_fn(|at| number.to_be_bytes()[at % 8]));
        for number in 0..3 * MAX_ANSWERS {
            unchanged.keep(states[0].clone(), &[key(number)], &answer);
            assert!(unchanged.known().answers.len() <= MAX_ANSWERS);
            assert_eq!(unchanged.answer(&states[0], &[key(number)], now), Some(vec![None]));
            assert_eq!(unchanged.answer(&states[1], &[key(number)], now), None);
        }
        unchanged.keep(states[1].clone(), &[key(0)], &answer);
        assert_eq!(unchanged.known().answers.len(), 1);
        unchanged.keep(states[1].clone(), &[0, 1, 2, 3, 4].map(key), &answer);
        let record =
            Record { version: Version::from_bytes([0; 16]), mark: vec![0], body: Some(vec![0; MAX_BYTES]) };
        unchanged.keep(states[1].clone(), &[key(1)], &Answer { records: vec![Some(record)], ..answer });
        assert_eq!(unchanged.known().answers.len(), 1, "what is large is not kept");
    }
}
