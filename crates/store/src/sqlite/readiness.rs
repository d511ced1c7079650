//! Whether the file can be written: found out by writing it, now and then.

use tokio::sync::Mutex;

use super::{RECORD_BYTES, database::Database, records::make_room};
use crate::{Clock, Durability, Limit, StoreError, ambient::Moment, bound::UsedBytes};

/// How long an answer is good, in milliseconds: however often readiness is asked, it writes once in this time.
const GOOD_FOR_MILLIS: i64 = 1000;

/// What the last try found. Those who ask meanwhile wait for it.
#[derive(Default)]
pub(super) struct Readiness(Mutex<Option<Answer>>);

struct Answer {
    found_at: Moment,
    problem: Option<Problem>,
}

/// An error to be told more than once.
enum Problem {
    Full(Limit),
    Unreachable(String),
}

impl Readiness {
    pub(super) async fn check(
        &self,
        database: &Database,
        capacity_bytes: usize,
        clock: &Clock,
    ) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some(answer) = last.as_ref().filter(|answer| answer.is_good(Moment::now(clock))) {
            return answer.told();
        }
        let outcome = write(database, capacity_bytes, Moment::now(clock)).await;
        *last =
            Some(Answer { found_at: Moment::now(clock), problem: outcome.as_ref().err().map(Problem::of) });
        outcome
    }
}

impl Answer {
    /// Not where the clock went back behind it.
    fn is_good(&self, now: Moment) -> bool {
        (0..GOOD_FOR_MILLIS).contains(&now.unix_millis().saturating_sub(self.found_at.unix_millis()))
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

/// Not synced: a disk that takes the write and loses power later is none of this question.
async fn write(database: &Database, capacity_bytes: usize, now: Moment) -> Result<(), StoreError> {
    let mut transaction = database.begin(Durability::Relaxed).await?;
    let outcome = async {
        sqlx::query("UPDATE checks SET count = count + 1").execute(&mut *transaction).await?;
        let mark = UsedBytes::largest_mark(RECORD_BYTES);
        make_room(&mut transaction, &mark, now, capacity_bytes).await?.admit(&mark, capacity_bytes)
    };
    let outcome = outcome.await;
    transaction.end(outcome.map(drop)).await
}
