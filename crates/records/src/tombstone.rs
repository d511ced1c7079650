//! The bytes of a tombstone of many sessions. The numbers are in stores and cross a deployment: never reuse one.

use std::time::SystemTime;

use ironleaf_auth::EndReason;
use ironleaf_session::{Decoder, Encoder};

use crate::encoding::{reason, reason_number};

/// What the first version wrote for a changed password, where a head has the number of another reason.
const FORMER_PASSWORD_CHANGED: u8 = 2;

/// What a tombstone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grave {
    pub(crate) reason: EndReason,
    /// Sessions that began at this time or later live on; `None` ends every one that the key names.
    pub(crate) not_before: Option<SystemTime>,
    /// Until when it is needed, by the clock of whoever wrote it: one that is written over it is kept as long.
    pub(crate) keep_until: Option<SystemTime>,
    /// Whether the provider was told of each of those sessions, or is being told, when it ended.
    pub(crate) is_told: bool,
    /// What had ended some of them before, and why.
    pub(crate) earlier: Option<Earlier>,
}

/// An end whose tombstone another was written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub(crate) reason: EndReason,
    pub(crate) not_before: SystemTime,
    pub(crate) is_told: bool,
}

impl Grave {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.u8(number_of(self.reason));
        out.option(self.not_before, Encoder::millis);
        out.option(self.keep_until, Encoder::millis);
        out.bool(self.is_told);
        out.option(self.earlier, |out, earlier| {
            out.u8(number_of(earlier.reason));
            out.millis(earlier.not_before);
            out.bool(earlier.is_told);
        });
        out.finish().to_vec()
    }

    /// SECURITY: one that cannot be read ends the session: it was written to end one.
    pub(crate) fn decode(mark: &[u8]) -> Self {
        let mut input = Decoder::new(mark);
        let reason = input.u8().map_or(EndReason::SignedOut, reason_of);
        let not_before = input.option(Decoder::millis).unwrap_or_default();
        let keep_until = input.option(Decoder::millis).unwrap_or_default();
        let is_told = input.bool().unwrap_or_default();
        let earlier = input.option(|input| {
            Ok(Earlier {
                reason: reason_of(input.u8()?),
                not_before: input.millis()?,
                is_told: input.bool()?,
            })
        });
        Self { reason, not_before, keep_until, is_told, earlier: earlier.unwrap_or_default() }
    }

    /// Why a session that began then is over, and whether the provider was told; `None` where it is not.
    pub(crate) fn end_of(self, created_at: SystemTime) -> Option<(EndReason, bool)> {
        let earlier = self.earlier.filter(|earlier| created_at < earlier.not_before);
        let earlier = earlier.map(|earlier| (earlier.reason, earlier.is_told));
        self.covers(created_at).then(|| earlier.unwrap_or((self.reason, self.is_told)))
    }

    /// Whether it ends a session that began then.
    pub(crate) fn covers(self, created_at: SystemTime) -> bool {
        self.not_before.is_none_or(|not_before| created_at < not_before)
    }

    /// What holds of both: all that either ends, for as long as either is needed, and each for the reason that it ended for first.
    pub(crate) fn over(self, former: Self) -> Self {
        let keep_until = self.keep_until.max(former.keep_until);
        // Without a time it ends every session.
        let Some(former_bound) = former.not_before else { return Self { keep_until, ..former } };
        if self.not_before.is_some_and(|bound| bound < former_bound) {
            return Self { keep_until, ..former };
        }
        let is_same = (former.reason, former.is_told) == (self.reason, self.is_told);
        let Self { reason, is_told, .. } = former;
        let earlier = if is_same {
            former.earlier
        } else {
            Some(Earlier { reason, not_before: former_bound, is_told })
        };
        Self { keep_until, earlier, ..self }
    }
}

/// A session that was replaced was signed out.
const fn number_of(reason: EndReason) -> u8 {
    match reason {
        EndReason::Replaced => reason_number(EndReason::SignedOut),
        reason => reason_number(reason),
    }
}

fn reason_of(number: u8) -> EndReason {
    match number {
        FORMER_PASSWORD_CHANGED => EndReason::PasswordChanged,
        number => reason(number).unwrap_or(EndReason::SignedOut),
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
                let is_told = keep_until.is_some();
                let earlier = Earlier { reason: EndReason::EndedByPerson, not_before: at, is_told };
                for earlier in [None, Some(earlier)] {
                    let grave = Grave { reason, not_before, keep_until, is_told, earlier };
                    assert_eq!(Grave::decode(&grave.encode()), grave);
                }
            }
        }
    }

    #[test]
    fn one_that_cannot_be_read_ends_every_session() {
        for mark in [&[][..], &[1], &[99, 9], &[3, 1, 200]] {
            assert!(Grave::decode(mark).covers(UNIX_EPOCH + Duration::from_hours(1_000_000)), "{mark:?}");
        }
    }
}
