//! Ways to break the token lifecycle on purpose, so that a simulation can show that it would notice them.
//!
//! This module exists only with the feature `mutants`. A mutant applies to the whole process.

use std::sync::atomic::{AtomicU8, Ordering};

/// One way to break the lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mutant {
    /// Every request refreshes for itself, without a lease.
    NoSingleFlight = 1,
    /// Nothing is stored outside the cookie.
    NoHead,
    /// Requests that wait are answered before the head is committed.
    HeadAfterAnswer,
    /// A refresh is cancelled with the request that started it.
    ClosedConnectionCancels,
    /// A refresh in doubt is repeated at once.
    InDoubtRetriedAtOnce,
    /// An heir presents the token as if nobody had done so before.
    HeirRefreshesAsIfFresh,
    /// A replica that cannot reach the store refreshes on its own.
    AloneInPartition,
    /// Ended sessions are not looked for.
    TombstonesNotChecked,
    /// A cookie under an unknown key is removed.
    CookieRemovedOnUnknownKey,
    /// A provider that asks to wait is asked again by the next request.
    RetryAfterIgnored,
    /// Every provider in doubt is asked again as early as one that revokes a family.
    WaitOfAnotherStyle,
    /// The answer to a sign-in by redirect is taken as often as it is opened.
    RedirectAnswerTakenAgain,
    /// A logout token is taken as often as it is sent.
    LogoutTokenTakenAgain,
    /// Whoever comes back from a re-authentication is believed.
    ProofNotChecked,
}

impl Mutant {
    /// All mutants.
    pub const ALL: [Self; 14] = [
        Self::NoSingleFlight,
        Self::NoHead,
        Self::HeadAfterAnswer,
        Self::ClosedConnectionCancels,
        Self::InDoubtRetriedAtOnce,
        Self::HeirRefreshesAsIfFresh,
        Self::AloneInPartition,
        Self::TombstonesNotChecked,
        Self::CookieRemovedOnUnknownKey,
        Self::RetryAfterIgnored,
        Self::WaitOfAnotherStyle,
        Self::RedirectAnswerTakenAgain,
        Self::LogoutTokenTakenAgain,
        Self::ProofNotChecked,
    ];
}

static ACTIVE: AtomicU8 = AtomicU8::new(0);

/// Breaks the process in this way; `None` repairs it.
pub fn activate(mutant: Option<Mutant>) {
    ACTIVE.store(mutant.map_or(0, |mutant| mutant as u8), Ordering::Relaxed);
}

/// Whether the process is broken in this way.
pub fn is_active(mutant: Mutant) -> bool {
    ACTIVE.load(Ordering::Relaxed) == mutant as u8
}
