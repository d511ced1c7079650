//! Whether a store can be written, which is found out by an occasional write.

use tokio::sync::Mutex;

use crate::{Limit, StoreError};

/// How long a result is valid, in milliseconds. However often readiness is checked, it writes once in this time.
const GOOD_FOR_MILLIS: i64 = 1000;

/// The result of the last try. Concurrent callers wait for it.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<Answer>>);

struct Answer {
    /// In milliseconds, by the clock that the store uses.
    found_at: i64,
    problem: Option<Problem>,
}

/// An error that can be reported more than once.
enum Problem {
    Full(Limit),
    Unreachable(String),
}

impl Readiness {
    /// The result of the last second, or the result of `write` now. `now` is in milliseconds, and only differences
    /// count.
    pub(crate) async fn check(
        &self,
        now: impl Fn() -> i64,
        write: impl AsyncFnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some(answer) = last.as_ref().filter(|answer| answer.is_good(now())) {
            return answer.told();
        }
        let outcome = write().await;
        *last = Some(Answer { found_at: now(), problem: outcome.as_ref().err().map(Problem::of) });
        outcome
    }
}

impl Answer {
    /// A result is not valid if the clock went back behind it.
    fn is_good(&self, now: i64) -> bool {
        (0..GOOD_FOR_MILLIS).contains(&now.saturating_sub(self.found_at))
    }

    fn told(&self) -> Result<(), StoreError> {
        match &self.problem {
            None => Ok(()),
            Some(Problem::Full(limit)) => Err(StoreError::Full(*limit)),
            Some(Problem::Unreachable(words)) => Err(StoreError::Unreachable(words.clone().into())),
        }
    }
}

impl Problem {
    fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Full(limit) => Self::Full(*limit),
            StoreError::Unreachable(cause) => Self::Unreachable(cause.to_string()),
        }
    }
}
