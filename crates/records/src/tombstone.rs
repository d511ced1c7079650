//! The encoding of a tombstone of many sessions. Stores keep these numbers across deployments: never reuse one.

use std::time::SystemTime;

use ironleaf_auth::EndReason;
use ironleaf_session::{Decoder, Encoder, PayloadError};

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
        if let Some(Earlier { not_before, reason, is_told }) = self.earlier {
            out.millis(not_before);
            out.u8(number(reason));
            out.bool(is_told);
        }
        out.finish().to_vec()
    }

    /// SECURITY: a tombstone that cannot be read ends the session, because it was written to end one.
    pub(crate) fn decode(mark: &[u8]) -> Self {
        let mut input = Decoder::new(mark);
        let reason = input.u8().map_or(EndReason::SignedOut, reason_of);
        let not_before = input.option(Decoder::millis).unwrap_or_default();
        let keep_until = input.option(Decoder::millis).unwrap_or_default();
        let is_told = input.bool().unwrap_or_default();
        Self { reason, not_before, keep_until, is_told, earlier: decode_earlier(&mut input).ok() }
    }

    /// If a session that began then is over: why, and whether the provider was told.
    pub(crate) fn end_of(self, created_at: SystemTime) -> Option<(EndReason, bool)> {
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
        let later = if other.not_before > self.not_before { other } else { self };
        Self { keep_until: self.keep_until.max(other.keep_until), ..later }
    }

    /// The same for a tombstone of many individually ended sessions: the one that it extends still gives the reason for
    /// the older sessions.
    pub(crate) fn beyond(self, found: Self) -> Self {
        if found.not_before >= self.not_before {
            return found.and(self);
        }
        Self { earlier: found.earlier.or_else(|| found.as_earlier()), ..self.and(found) }
    }

    fn as_earlier(self) -> Option<Earlier> {
        let Self { not_before, reason, is_told, .. } = self;
        Some(Earlier { not_before: not_before?, reason, is_told })
    }
}

fn decode_earlier(input: &mut Decoder<'_>) -> Result<Earlier, PayloadError> {
    Ok(Earlier { not_before: input.millis()?, reason: reason_of(input.u8()?), is_told: input.bool()? })
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

    #[test]
    fn what_it_says_comes_back_as_it_was() {
        let at = UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
        for reason in [EndReason::SignedOut, EndReason::PasswordChanged, EndReason::AccountDeleted] {
            for (not_before, keep_until) in [(None, None), (Some(at), None), (Some(at), Some(at))] {
                for earlier in [None, Some(Earlier { not_before: at, reason, is_told: true })] {
                    let is_told = keep_until.is_some();
                    let grave = Grave { reason, not_before, keep_until, is_told, earlier };
                    assert_eq!(Grave::decode(&grave.encode()), grave);
                }
            }
        }
    }

    #[test]
    fn one_that_cannot_be_read_ends_every_session() {
        for mark in [&[][..], &[1], &[99, 9], &[3, 1, 200]] {
            let created_at = UNIX_EPOCH + Duration::from_hours(1_000_000);
            assert!(Grave::decode(mark).end_of(created_at).is_some(), "{mark:?}");
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
        };
        assert_eq!(hex::encode(grave.encode()), "0101d00f0000e8070800");
        assert_eq!(hex::encode(Grave { earlier: None, ..grave }.encode()), "0101d00f0000");
    }

    #[test]
    fn what_many_ends_add_up_to_says_nothing_of_what_had_ended_before() {
        let at = |secs| UNIX_EPOCH + Duration::from_secs(secs);
        let grave = |secs, reason, is_told| Grave {
            reason,
            not_before: Some(at(secs)),
            keep_until: None,
            is_told,
            earlier: None,
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
            assert_eq!(many.end_of(at(secs)), end, "{secs}");
        }
        // An older version says that it has told the provider of them.
        let told = grave(20, EndReason::SignedOut, false).beyond(grave(10, EndReason::SignedOut, true));
        assert_eq!((told.end_of(at(9)).unwrap().1, told.end_of(at(10)).unwrap().1), (true, false));
    }
}
