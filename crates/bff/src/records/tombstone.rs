//! The bytes of a tombstone. The numbers are in stores and cross a deployment: never reuse one.

use std::time::SystemTime;

use ironleaf_session::{Decoder, Encoder};

use crate::SignedOutReason;

const SIGNED_OUT: u8 = 1;
const PASSWORD_CHANGED: u8 = 2;
const ACCOUNT_DELETED: u8 = 3;

/// What a tombstone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grave {
    pub(super) reason: SignedOutReason,
    /// Sessions that began at this time or later live on; `None` ends every one that the key names.
    pub(super) not_before: Option<SystemTime>,
}

impl Grave {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.u8(match self.reason {
            SignedOutReason::PasswordChanged => PASSWORD_CHANGED,
            SignedOutReason::AccountDeleted => ACCOUNT_DELETED,
            _ => SIGNED_OUT,
        });
        out.option(self.not_before, Encoder::millis);
        out.finish().to_vec()
    }

    /// SECURITY: one that cannot be read ends the session: it was written to end one.
    pub(super) fn decode(mark: &[u8]) -> Self {
        let mut input = Decoder::new(mark);
        let reason = match input.u8() {
            Ok(PASSWORD_CHANGED) => SignedOutReason::PasswordChanged,
            Ok(ACCOUNT_DELETED) => SignedOutReason::AccountDeleted,
            _ => SignedOutReason::SignedOut,
        };
        Self { reason, not_before: input.option(Decoder::millis).unwrap_or_default() }
    }

    /// Whether it ends a session that began then.
    pub(super) fn covers(self, created_at: SystemTime) -> bool {
        self.not_before.is_none_or(|not_before| created_at < not_before)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn what_it_says_comes_back_as_it_was() {
        let reasons =
            [SignedOutReason::SignedOut, SignedOutReason::PasswordChanged, SignedOutReason::AccountDeleted];
        for reason in reasons {
            for not_before in [None, Some(UNIX_EPOCH + Duration::from_millis(1_800_000_000_123))] {
                let grave = Grave { reason, not_before };
                assert_eq!(Grave::decode(&grave.encode()), grave);
            }
        }
    }

    #[test]
    fn one_that_cannot_be_read_ends_every_session() {
        for mark in [&[][..], &[SIGNED_OUT], &[9, 9], &[ACCOUNT_DELETED, 1, 200]] {
            assert!(Grave::decode(mark).covers(UNIX_EPOCH + Duration::from_hours(1_000_000)), "{mark:?}");
        }
    }
}
