//! Counters since start, for development and tests.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counters since this core API was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Sign-ins with a password.
    pub sign_ins: u64,
    /// Refreshes answered with a pair of tokens; a repeated answer for the same `Idempotency-Key` counts again.
    pub refreshes_accepted: u64,
    /// Refreshes answered with 401.
    pub refreshes_refused: u64,
    /// Families that ended early: by reuse, `invalidateTokens`, a new password, or a deleted user.
    pub families_revoked: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) sign_ins: Counter,
    pub(crate) refreshes_accepted: Counter,
    pub(crate) refreshes_refused: Counter,
    pub(crate) families_revoked: Counter,
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            sign_ins: self.sign_ins.read(),
            refreshes_accepted: self.refreshes_accepted.read(),
            refreshes_refused: self.refreshes_refused.read(),
            families_revoked: self.families_revoked.read(),
        }
    }
}
