//! The list of ends: the sessions of an owner that ended individually. Stores keep its bytes across deployments.

use std::time::{Duration, SystemTime};

use ironleaf_session::{Decoder, Encoder, PayloadError};
use ironleaf_store::Key;

/// For each individually ended session, the list remembers this many sessions as reported. They take ten bytes each, a
/// head takes 300.
const TOLD_FOR_EACH: usize = 4;

/// How many bytes of a head's key distinguish sessions of an owner that began in the same millisecond.
const NAME_BYTES: usize = 4;

/// The individually ended sessions of an owner.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    /// Sessions with a head, the oldest first.
    kept: Vec<Ended>,
    /// Sessions without a head whose end the provider was told, the oldest first.
    told: Vec<Told>,
    /// For sessions that began before this time, it is unknown whether the provider was told. None of them is reported
    /// again.
    told_before: Option<SystemTime>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// When the session began.
    pub(crate) created_at: SystemTime,
    /// The key of its head.
    pub(crate) session: Key,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    created_at: SystemTime,
    name: [u8; NAME_BYTES],
}

impl Told {
    fn of(end: &Ended) -> Self {
        let mut name = [0; NAME_BYTES];
        name.copy_from_slice(&end.session.as_bytes()[..NAME_BYTES]);
        Self { created_at: end.created_at, name }
    }
}

impl Ends {
    pub(crate) fn has(&self, session: &Key) -> bool {
        self.kept.iter().any(|end| end.session == *session)
    }

    /// Forgets sessions that began before `oldest`, and returns the oldest ones for which there is no room.
    pub(crate) fn add(&mut self, end: Ended, oldest: SystemTime, room: u32) -> Vec<Ended> {
        self.kept.retain(|end| end.created_at >= oldest);
        self.told.retain(|told| told.created_at >= oldest);
        let at = self.kept.partition_point(|other| other.created_at <= end.created_at);
        self.kept.insert(at, end);
        let too_many = self.kept.len().saturating_sub(room as usize);
        self.kept.drain(..too_many).collect()
    }

    /// Whether everybody who had to be told of the end of this session was told. The session has no head.
    pub(crate) fn is_told(&self, end: &Ended) -> bool {
        self.told_before.is_some_and(|before| end.created_at < before) || self.told.contains(&Told::of(end))
    }

    /// Remembers that the provider was told of a session without a head. Returns `false` if that was known.
    pub(crate) fn tell(&mut self, end: &Ended, room: u32) -> bool {
        if self.is_told(end) {
            return false;
        }
        let at = self.told.partition_point(|told| told.created_at <= end.created_at);
        self.told.insert(at, Told::of(end));
        let too_many = self.told.len().saturating_sub(TOLD_FOR_EACH * room as usize);
        if let Some(newest) = self.told.drain(..too_many).next_back() {
            self.told_before = self.told_before.max(Some(newest.created_at + Duration::from_millis(1)));
        }
        true
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.varint(self.kept.len() as u64);
        for Ended { created_at, session } in &self.kept {
            out.millis(*created_at);
            out.raw(session.as_bytes());
        }
        out.varint(self.told.len() as u64);
        for Told { created_at, name } in &self.told {
            out.millis(*created_at);
            out.raw(name);
        }
        out.option(self.told_before, Encoder::millis);
        out.finish().to_vec()
    }

    /// The first version contains only sessions with a head.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Decoder::new(bytes);
        let kept = many(&mut input, |input| {
            Ok(Ended { created_at: input.millis()?, session: Key::from_bytes(input.array()?) })
        });
        let mut ends = Self { kept: kept.ok()?, ..Self::default() };
        if !input.is_empty() {
            let told =
                many(&mut input, |input| Ok(Told { created_at: input.millis()?, name: input.array()? }));
            ends.told = told.ok()?;
            ends.told_before = input.option(Decoder::millis).ok()?;
        }
        Some(ends)
    }
}

fn many<T>(
    input: &mut Decoder<'_>,
    read: impl Fn(&mut Decoder<'_>) -> Result<T, PayloadError>,
) -> Result<Vec<T>, PayloadError> {
    (0..input.varint()?).map(|_| read(input)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const ROOM: u32 = 2;

    fn end(secs: u8) -> Ended {
        let created_at = UNIX_EPOCH + Duration::from_secs(u64::from(secs));
        Ended { created_at, session: Key::from_bytes([secs; 32]) }
    }

    #[test]
    fn what_it_says_comes_back_as_it_was() {
        let mut ends = Ends::default();
        for secs in 1..=20 {
            assert_eq!(Ends::decode(&ends.encode()).as_ref(), Some(&ends));
            for forgotten in ends.add(end(secs), UNIX_EPOCH, ROOM) {
                ends.tell(&forgotten, ROOM);
            }
        }
        assert!(ends.told_before.is_some());
    }

    /// Frozen: stores keep these bytes across deployments.
    #[test]
    fn a_list_of_the_first_version_is_read() {
        let bytes = [&[1, 0xe8, 0x07][..], &[1; 32]].concat();
        assert_eq!(Ends::decode(&bytes), Some(Ends { kept: vec![end(1)], ..Ends::default() }));
    }

    #[test]
    fn nobody_is_told_twice_and_those_who_are_too_many_not_at_all() {
        let mut ends = Ends::default();
        for secs in 1..=100 {
            assert!(!ends.is_told(&end(secs)), "{secs}");
            assert!(ends.tell(&end(secs), ROOM), "{secs}");
            assert!(
                (1..=secs).all(|told| ends.is_told(&end(told)) && !ends.tell(&end(told), ROOM)),
                "{secs}"
            );
        }
        assert_eq!(ends.told.len(), TOLD_FOR_EACH * ROOM as usize);
    }
}
