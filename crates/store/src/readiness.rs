//! Whether a store can be written: found out by writing it, now and then.

use tokio::sync::Mutex;

use crate::{Limit, StoreError};

/// How long an answer is good, in milliseconds: however often readiness is asked, it writes once in this time.
const GOOD_FOR_MILLIS: i64 = 1000;

/// What the last try found. Those who ask meanwhile wait for it.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<Answer>>);

struct Answer {
    /// In milliseconds, by whichever clock the store counts in.
    found_at: i64,
    problem: Option<Problem>,
}

/// An error to be told more than once.
enum Problem {
    Full(Limit),
    Unreachable(String),
}

impl Readiness {
    /// What was found within the last second, or what `write` finds now. `now` is in milliseconds, and only differences count.
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
    /// Not where the clock went back behind it.
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
