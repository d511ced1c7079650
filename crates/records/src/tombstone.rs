//! The encoding of a tombstone of many sessions. Stores keep these numbers across deployments: never reuse one.

use std::time::SystemTime;

use ironleaf_auth::EndReason;
use ironleaf_session::{Decoder, Encoder, PayloadError};
use ironleaf_store::Key;

use crate::encoding::{reason, reason_number};

/// The number of a changed password in the first version. In a head it stands for another reason.
const FORMER_PASSWORD_CHANGED: u8 = 2;

/// The content of a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grave {
    pub(crate) reason: EndReason,
    /// Sessions that began at this time or later stay; `None` ends every session that the key names.
    pub(crate) not_before: Option<SystemTime>,
    /// Until when it is needed, by the clock of its writer. A tombstone that replaces it is kept as long.
    pub(crate) keep_until: Option<SystemTime>,
    /// Whether the provider was told of each of those sessions. An older version writes this for many sessions that
    /// ended individually.
    pub(crate) is_told: bool,
    /// The end that had already ended the older of those sessions.
    pub(crate) earlier: Option<Earlier>,
    /// The session that stays, whenever it began.
    pub(crate) except: Option<Except>,
}

/// The one session that a tombstone of all others leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Except {
    pub(crate) created_at: SystemTime,
    name: [u8; EXCEPT_BYTES],
}

/// How many bytes of a head's key identify the session: as many as its identifier has.
const EXCEPT_BYTES: usize = 16;

impl Except {
    /// The session whose head has this key.
    pub(crate) fn new(session: &Key, created_at: SystemTime) -> Self {
        let mut name = [0; EXCEPT_BYTES];
        name.copy_from_slice(&session.as_bytes()[..EXCEPT_BYTES]);
        Self { created_at, name }
    }

    fn is(&self, session: &Key) -> bool {
        session.as_bytes().starts_with(&self.name)
    }
}

/// What another tombstone has said about the sessions that began before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub(crate) not_before: SystemTime,
    pub(crate) reason: EndReason,
    pub(crate) is_told: bool,
}

impl Grave {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.u8(number(self.reason));
        out.option(self.not_before, Encoder::millis);
        out.option(self.keep_until, Encoder::millis);
        out.bool(self.is_told);
        // An older version reads an earlier end wherever something follows. One in 1970 is none.
        let (not_before, reason) = (SystemTime::UNIX_EPOCH, self.reason);
        let none = self.except.map(|_| Earlier { not_before, reason, is_told: false });
        if let Some(Earlier { not_before, reason, is_told }) = self.earlier.or(none) {
            out.millis(not_before);
            out.u8(number(reason));
            out.bool(is_told);
        }
        if let Some(Except { created_at, name }) = self.except {
            out.millis(created_at);
            out.raw(&name);
        }
        out.finish().to_vec()
    }

    /// SECURITY: a tombstone that cannot be read ends the session, because it was written to end one. That includes one
    /// whose exception cannot be read.
    pub(crate) fn decode(mark: &[u8]) -> Self {
        let mut input = Decoder::new(mark);
        let reason = input.u8().map_or(EndReason::SignedOut, reason_of);
        let not_before = input.option(Decoder::millis).unwrap_or_default();
        let keep_until = input.option(Decoder::millis).unwrap_or_default();
        let is_told = input.bool().unwrap_or_default();
        let earlier = decode_earlier(&mut input).ok();
        let except = earlier.and_then(|_| decode_except(&mut input).ok());
        let earlier = earlier.filter(|earlier| earlier.not_before > SystemTime::UNIX_EPOCH);
        Self { reason, not_before, keep_until, is_told, earlier, except }
    }

    /// If a session is over that began then and whose head has this key: why, and whether the provider was told.
    pub(crate) fn end_of(self, session: &Key, created_at: SystemTime) -> Option<(EndReason, bool)> {
        if self.except.is_some_and(|except| except.is(session)) {
            return None;
        }
        self.ends(created_at)
    }

    fn ends(self, created_at: SystemTime) -> Option<(EndReason, bool)> {
        match self.earlier {
            Some(earlier) if created_at < earlier.not_before => Some((earlier.reason, earlier.is_told)),
            _ if self.not_before.is_none_or(|not_before| created_at < not_before) => {
                Some((self.reason, self.is_told))
            }
            _ => None,
        }
    }

    /// The union of both: everything that either ends, for as long as either is needed.
    pub(crate) fn and(self, other: Self) -> Self {
        let (later, sooner) = if other.reach() > self.reach() { (other, self) } else { (self, other) };
        // SECURITY: the session that one of them leaves alone is over if the other one ends it.
        let is_left =
            |except: &Except| sooner.except == Some(*except) || sooner.ends(except.created_at).is_none();
        let except = later.except.filter(is_left);
        Self { keep_until: self.keep_until.max(other.keep_until), except, ..later }
    }

    /// The same for a tombstone of many individually ended sessions: the one that it extends still gives the reason for
    /// the older sessions.
    pub(crate) fn beyond(self, found: Self) -> Self {
        if found.reach() >= self.reach() {
            return found.and(self);
        }
        let earlier = found.earlier.or_else(|| found.as_earlier());
        Self { earlier, except: None, ..self.and(found) }
    }

    /// Which sessions it ends, by when they began. An end of every session reaches furthest.
    fn reach(&self) -> (bool, Option<SystemTime>) {
        (self.not_before.is_none(), self.not_before)
    }

    fn as_earlier(self) -> Option<Earlier> {
        let Self { not_before, reason, is_told, .. } = self;
        Some(Earlier { not_before: not_before?, reason, is_told })
    }
}

fn decode_earlier(input: &mut Decoder<'_>) -> Result<Earlier, PayloadError> {
    Ok(Earlier { not_before: input.millis()?, reason: reason_of(input.u8()?), is_told: input.bool()? })
}

fn decode_except(input: &mut Decoder<'_>) -> Result<Except, PayloadError> {
    Ok(Except { created_at: input.millis()?, name: input.array()? })
}

const fn number(of: EndReason) -> u8 {
    match of {
        EndReason::Replaced => reason_number(EndReason::SignedOut),
        reason => reason_number(reason),
    }
}

const fn reason_of(number: u8) -> EndReason {
    match number {
        FORMER_PASSWORD_CHANGED => EndReason::PasswordChanged,
        number => reason(number),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const SESSION: Key = Key::from_bytes([1; 32]);

    fn at(secs: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(secs)
    }

    fn all_before(secs: u64, except: Option<(Key, u64)>) -> Grave {
        let except = except.map(|(session, created_at)| Except::new(&session, at(created_at)));
        let (reason, not_before) = (EndReason::EndedByPerson, Some(at(secs)));
        Grave { reason, not_before, keep_until: None, is_told: false, earlier: None, except }
    }

    #[test]
    fn an_end_of_every_session_is_replaced_by_no_narrower_one() {
        let every = Grave { not_before: None, ..all_before(0, None) };
        let narrower = all_before(30, None);
        for both in [every.and(narrower), narrower.and(every), narrower.beyond(every), every.beyond(narrower)]
        {
            assert!(both.end_of(&SESSION, at(1000)).is_some(), "{both:?}");
        }
    }

    #[test]
    fn one_session_stays_until_another_end_reaches_it() {
        let other = Key::from_bytes([2; 32]);
        let others = all_before(20, Some((SESSION, 10)));
        assert_eq!(others.end_of(&SESSION, at(10)), None);
        assert!(others.end_of(&other, at(10)).is_some() && others.end_of(&other, at(20)).is_none());
        for (next, stays) in [
            (all_before(5, None), true),
            (all_before(10, None), true),
            (all_before(11, None), false),
            (all_before(20, None), false),
            (all_before(30, None), false),
            (all_before(30, Some((SESSION, 10))), true),
            (all_before(30, Some((other, 25))), false),
        ] {
            for both in [next.and(others), others.and(next)] {
                assert_eq!(both.end_of(&SESSION, at(10)).is_none(), stays, "{next:?}");
                assert!(both.end_of(&Key::from_bytes([3; 32]), at(19)).is_some());
            }
        }
        let overflow = all_before(30, None).beyond(others);
        assert!(overflow.end_of(&SESSION, at(10)).is_some(), "it may have been ended by itself since");
        assert_eq!(all_before(5, None).beyond(others).end_of(&SESSION, at(10)), None);
    }

    /// Frozen. What follows the earlier end is new, and an older version ends the session as well.
    #[test]
    fn an_older_version_reads_no_earlier_end_from_an_exception() {
        let grave = all_before(2, Some((SESSION, 1)));
        let bytes = format!("0801d00f0000000800e807{}", "01".repeat(16));
        assert_eq!(hex::encode(grave.encode()), bytes);
        assert!(grave.encode().len() <= ironleaf_store::MARK_MAX_BYTES);
    }

    #[test]
    fn what_it_says_comes_back_as_it_was() {
        let at = UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
        for reason in [EndReason::SignedOut, EndReason::PasswordChanged, EndReason::AccountDeleted] {
            for (not_before, keep_until) in [(None, None), (Some(at), None), (Some(at), Some(at))] {
                for earlier in [None, Some(Earlier { not_before: at, reason, is_told: true })] {
                    let is_told = keep_until.is_some();
                    let except = not_before.map(|at| Except::new(&SESSION, at));
                    for except in [None, except] {
                        let grave = Grave { reason, not_before, keep_until, is_told, earlier, except };
                        assert_eq!(Grave::decode(&grave.encode()), grave);
                    }
                }
            }
        }
    }

    #[test]
    fn one_that_cannot_be_read_ends_every_session() {
        for mark in [&[][..], &[1], &[99, 9], &[3, 1, 200]] {
            let created_at = UNIX_EPOCH + Duration::from_hours(1_000_000);
            assert!(Grave::decode(mark).end_of(&SESSION, created_at).is_some(), "{mark:?}");
        }
    }

    /// Frozen: stores keep these bytes across deployments, and an older process reads as far as it knows.
    #[test]
    fn what_is_appended_leaves_what_an_older_version_reads_as_it_was() {
        let at = UNIX_EPOCH + Duration::from_secs(1);
        let earlier = Earlier { not_before: at, reason: EndReason::EndedByPerson, is_told: false };
        let grave = Grave {
            reason: EndReason::SignedOut,
            not_before: Some(UNIX_EPOCH + Duration::from_secs(2)),
            keep_until: None,
            is_told: false,
            earlier: Some(earlier),
            except: None,
        };
        assert_eq!(hex::encode(grave.encode()), "0101d00f0000e8070800");
        assert_eq!(hex::encode(Grave { earlier: None, ..grave }.encode()), "0101d00f0000");
    }

    #[test]
    fn what_many_ends_add_up_to_says_nothing_of_what_had_ended_before() {
        let grave = |secs, reason, is_told| Grave {
            reason,
            not_before: Some(at(secs)),
            keep_until: None,
            is_told,
            earlier: None,
            except: None,
        };
        let changed = grave(10, EndReason::PasswordChanged, false);
        let mut many = grave(5, EndReason::SignedOut, false).beyond(changed);
        assert_eq!(many, changed);
        for reached in [20, 30, 25] {
            many = grave(reached, EndReason::SignedOut, false).beyond(many);
        }
        for (secs, end) in [
            (9, Some((EndReason::PasswordChanged, false))),
            (10, Some((EndReason::SignedOut, false))),
            (29, Some((EndReason::SignedOut, false))),
            (30, None),
        ] {
            assert_eq!(many.end_of(&SESSION, at(secs)), end, "{secs}");
        }
        // An older version says that it has told the provider of them.
        let told = grave(20, EndReason::SignedOut, false).beyond(grave(10, EndReason::SignedOut, true));
        assert_eq!((told.ends(at(9)).unwrap().1, told.ends(at(10)).unwrap().1), (true, false));
    }
}
