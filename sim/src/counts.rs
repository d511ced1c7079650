//! How often each fault was injected, and how often each recovery path was taken.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident => $words:literal,)*) => {
        /// Everything that goes wrong, or is unusual enough to be injected.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text in the table.
            pub(crate) const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

faults! {
    Delayed => "core API: answer delayed by seconds",
    NotSent => "core API: refresh not sent",
    ResetBefore => "core API: reset before the token was consumed",
    ResetAfter => "core API: reset after the token was consumed",
    TimeoutBefore => "core API: no answer, token not consumed",
    TimeoutAfter => "core API: no answer, token consumed",
    LateArrival => "core API: token consumed after we gave up",
    ErrorBefore => "core API: 5xx before the token was consumed",
    ErrorAfter => "core API: 5xx after the token was consumed",
    GarbageBefore => "core API: garbage, token not consumed",
    GarbageAfter => "core API: garbage, token consumed",
    TurnedAway => "core API: refresh turned away with 429 and Retry-After",
    OtherCallFailed => "core API: a call other than a refresh failed",
    Outage => "core API: down for minutes",
    AccessRefused => "core API: living access token refused (401)",
    SignInEnded => "provider: a sign-in ended, and a replica told",
    PersonEnded => "provider: every sign-in of a person ended, and a replica told",
    LogoutRepeated => "provider: a logout token sent again",
    SigningKeyRotated => "provider: another key signs from now on",
    SigningKeyWithdrawn => "provider: another key signs, and the last one is withdrawn at once",
    AdminRevoked => "core API: family revoked by an administrator",
    CrashBefore => "replica: crash before the token was consumed",
    CrashAfter => "replica: crash after the token was consumed",
    CrashWithAnswer => "replica: crash just after the answer arrived",
    CrashAfterAnswer => "replica: crash soon after the first page left",
    Restarted => "replica: restarted without need",
    PausedHolder => "replica: lease holder paused beyond its lease",
    Paused => "replica: paused",
    PartitionBefore => "store: partition before the token was consumed",
    PartitionAfter => "store: partition after the token was consumed",
    Partition => "store: partition",
    PartitionAtSignOut => "store: partition while somebody signs out",
    StoreRequestLost => "store: request lost",
    StoreAnswerLost => "store: answer lost after the write was applied",
    StoreSlow => "store: slow",
    StoreFull => "store: full for minutes",
    StoreRefused => "store: a write refused for lack of room",
    EmailChanged => "people: address changed elsewhere",
    CookieInParts => "browser: a session in more than one cookie",
    KeyRotated => "keys: a new secret rolled out",
    KeyUnknown => "keys: a cookie met a replica that does not know its key yet",
    ResponseLost => "browser: response lost",
    ResponsesReordered => "browser: responses arrived in another order",
    Cancelled => "browser: request cancelled",
    CancelledAtOnce => "browser: connection reset within milliseconds",
    ExpiryBurst => "browser: parallel requests with an expired access token",
    CookieRestored => "browser: an old cookie restored",
    LaptopAsleep => "browser: laptop asleep for 12 hours, three rotations behind",
    SignedOutInFlight => "browser: sign-out while other requests are in flight",
    SignedInOver => "browser: sign-in over a living session",
    Guest => "browser: a visit as a guest",
    GuestSignedIn => "browser: a guest signs in",
    SignInAbandoned => "browser: a sign-in abandoned at the provider",
    SignInInTwoTabs => "browser: a sign-in at the provider in two tabs",
    AnswerOpenedAgain => "browser: an answer of the provider opened twice",
    AnswerTooLate => "browser: an answer of the provider opened too late",
    ProvedAgain => "browser: a person proves again who they are",
    NotAskedAgain => "browser: a person was to prove who they are, and was not asked",
    SomebodyElseProved => "browser: a person was to prove who they are, and somebody else did",
    CopyReplayed => "browser: copied cookie replayed after sign-out",
}

/// The counters of one world, or the sum over many.
#[derive(Debug)]
pub(crate) struct Counts {
    faults: Vec<AtomicU64>,
    recoveries: Mutex<BTreeMap<String, u64>>,
}

impl Default for Counts {
    fn default() -> Self {
        let faults = Fault::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        Self { faults, recoveries: Mutex::default() }
    }
}

impl Counts {
    pub(crate) fn fault(&self, fault: Fault) {
        self.faults[fault as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn recovery(&self, path: &str) {
        let mut recoveries = self.recoveries.lock().unwrap_or_else(PoisonError::into_inner);
        match recoveries.get_mut(path) {
            Some(count) => *count += 1,
            None => drop(recoveries.insert(path.to_owned(), 1)),
        }
    }

    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.faults[fault as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn recoveries(&self) -> BTreeMap<String, u64> {
        self.recoveries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add(&self, other: &Self) {
        for (sum, count) in self.faults.iter().zip(&other.faults) {
            sum.fetch_add(count.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let mut recoveries = self.recoveries.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, count) in other.recoveries() {
            *recoveries.entry(path).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_hold_every_fault_and_path() {
        let (sum, one) = (Counts::default(), Counts::default());
        one.fault(Fault::Partition);
        one.recovery("Adopted");
        sum.add(&one);
        sum.add(&one);
        assert_eq!(sum.of(Fault::Partition), 2);
        assert_eq!(sum.of(Fault::Outage), 0);
        assert_eq!(sum.recoveries()["Adopted"], 2);
    }
}
