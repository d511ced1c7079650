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
}

impl Grave {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.u8(match self.reason {
            EndReason::Replaced => reason_number(EndReason::SignedOut),
            reason => reason_number(reason),
        });
        out.option(self.not_before, Encoder::millis);
        out.option(self.keep_until, Encoder::millis);
        out.bool(self.is_told);
        out.finish().to_vec()
    }

    /// SECURITY: one that cannot be read ends the session: it was written to end one.
    pub(crate) fn decode(mark: &[u8]) -> Self {
        let mut input = Decoder::new(mark);
        let reason = match input.u8() {
            Ok(FORMER_PASSWORD_CHANGED) => EndReason::PasswordChanged,
            Ok(number) => reason(number),
            Err(_) => EndReason::SignedOut,
        };
        let not_before = input.option(Decoder::millis).unwrap_or_default();
        let keep_until = input.option(Decoder::millis).unwrap_or_default();
        Self { reason, not_before, keep_until, is_told: input.bool().unwrap_or_default() }
    }

    /// Whether it ends a session that began then.
    pub(crate) fn covers(self, created_at: SystemTime) -> bool {
        self.not_before.is_none_or(|not_before| created_at < not_before)
    }

    /// What holds of both: all that either ends, for as long as either is needed.
    pub(crate) fn and(self, other: Self) -> Self {
        let later = if other.not_before > self.not_before { other } else { self };
        Self { keep_until: self.keep_until.max(other.keep_until), ..later }
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
                let grave = Grave { reason, not_before, keep_until, is_told: keep_until.is_some() };
                assert_eq!(Grave::decode(&grave.encode()), grave);
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
