//! One fault of one kind at a time, for the table, in place of the weather and the dice.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ironleaf_auth::{AuthorizationRequest, Grant};

use crate::core_api::FamilyId;

/// The kinds of faults in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    AnswerLost,
    RequestLost,
    Reset,
    Error,
    Throttled,
    Slow,
    TwoReplicas,
    Killed,
    StoreUnreachable,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::AnswerLost,
        Self::RequestLost,
        Self::Reset,
        Self::Error,
        Self::Throttled,
        Self::Slow,
        Self::TwoReplicas,
        Self::Killed,
        Self::StoreUnreachable,
    ];

    /// The row of the table.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::AnswerLost => "the answer is lost after the back end acted",
            Self::RequestLost => "no answer, and the back end did not act",
            Self::Reset => "the connection is reset, before or after the back end acted",
            Self::Error => "a 5xx, before or after the back end acted",
            Self::Throttled => "429 for some seconds",
            Self::Slow => "an answer that takes 3 to 12 seconds",
            Self::TwoReplicas => "two replicas at once",
            Self::Killed => "the process is killed during the refresh",
            Self::StoreUnreachable => "the store is unreachable from the middle of the refresh on",
        }
    }
}

/// Who meets the faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Client {
    Ours,
    /// It keeps the tokens in a cookie and refreshes whenever a call is answered with 401.
    Plain,
}

/// The faults of a world in which nothing else goes wrong.
pub(crate) struct Script {
    pub(crate) kind: Kind,
    pub(crate) client: Client,
    armed: Mutex<Option<Armed>>,
    plain: Mutex<Plain>,
}

/// The next refresh of this family meets the fault.
#[derive(Clone, Copy)]
struct Armed {
    family: FamilyId,
    turn: u32,
    /// Until when it goes on. Only a rate limit lasts.
    until: Option<Duration>,
}

/// What the cookies of the plain client hold. The cookie itself is only the number.
#[derive(Default)]
struct Plain {
    grants: Vec<Grant>,
    attempt: Option<AuthorizationRequest>,
}

impl Script {
    pub(crate) fn new(kind: Kind, client: Client) -> Self {
        Self { kind, client, armed: Mutex::default(), plain: Mutex::default() }
    }

    /// The next refresh of this family meets the fault. Faults that have several forms take turns.
    pub(crate) fn arm(&self, family: FamilyId, turn: u32) {
        *self.armed() = Some(Armed { family, turn, until: None });
    }

    /// The turn of the fault that the next refresh of this family may meet.
    pub(crate) fn turn_of(&self, family: FamilyId) -> Option<u32> {
        self.armed().filter(|armed| armed.family == family).map(|armed| armed.turn)
    }

    /// The refresh meets the fault, if it still lasts: its remaining time, where it lasts for `lasting`.
    pub(crate) fn strike(&self, family: FamilyId, now: Duration, lasting: Duration) -> Option<Duration> {
        let mut armed = self.armed();
        let found = armed.filter(|armed| armed.family == family)?;
        let until = found.until.unwrap_or(now + lasting);
        *armed = (self.kind == Kind::Throttled).then_some(Armed { until: Some(until), ..found });
        (found.until.is_none() || now < until).then(|| until.saturating_sub(now))
    }

    /// Keeps a grant for a cookie of the plain client, and returns the cookie's value.
    pub(crate) fn keep(&self, grant: Grant) -> usize {
        let mut plain = self.plain();
        plain.grants.push(grant);
        plain.grants.len() - 1
    }

    /// The grant in such a cookie.
    pub(crate) fn kept(&self, value: usize) -> Option<Grant> {
        self.plain().grants.get(value).cloned()
    }

    /// The plain client has one sign-in by redirect at a time.
    pub(crate) fn begin_attempt(&self, attempt: AuthorizationRequest) {
        self.plain().attempt = Some(attempt);
    }

    pub(crate) fn attempt(&self) -> Option<AuthorizationRequest> {
        self.plain().attempt.take()
    }

    fn armed(&self) -> MutexGuard<'_, Option<Armed>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plain(&self) -> MutexGuard<'_, Plain> {
        self.plain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: FamilyId = FamilyId(3);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_fault_meets_one_refresh_of_its_family() {
        let script = Script::new(Kind::Reset, Client::Ours);
        script.arm(FAMILY, 7);
        assert_eq!(script.turn_of(FamilyId(4)), None);
        assert_eq!(script.strike(FamilyId(4), SECOND, SECOND), None);
        assert_eq!(script.turn_of(FAMILY), Some(7));
        assert_eq!(script.strike(FAMILY, SECOND, SECOND), Some(SECOND));
        assert_eq!(script.strike(FAMILY, SECOND, SECOND), None);
    }

    #[test]
    fn a_rate_limit_lasts() {
        let script = Script::new(Kind::Throttled, Client::Plain);
        script.arm(FAMILY, 0);
        assert_eq!(script.strike(FAMILY, SECOND, 3 * SECOND), Some(3 * SECOND));
        assert_eq!(script.strike(FAMILY, 2 * SECOND, 9 * SECOND), Some(2 * SECOND));
        assert_eq!(script.strike(FAMILY, 4 * SECOND, SECOND), None);
    }
}
