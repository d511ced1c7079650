//! The connection from a replica to the shared store, and everything that goes wrong on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_store::{Draft, Expected, Holder, Key, Limit, MemoryStore, Record, Store, StoreError, Written};

use crate::counts::Fault;
use crate::timeline::pass;
use crate::world::World;

/// How many of a thousand calls meet each of these.
const REQUEST_LOST_PER_MILLE: u32 = 3;
const ANSWER_LOST_PER_MILLE: u32 = 3;
const SLOW_PER_MILLE: u32 = 3;

/// The store as one replica reaches it.
pub(crate) struct FaultyStore {
    pub(crate) world: Arc<World>,
    pub(crate) replica: usize,
}

/// What happens to a call.
struct Plan {
    before: Duration,
    after: Duration,
    arrives: bool,
    answered: bool,
}

impl FaultyStore {
    fn plan(&self) -> Plan {
        let replica = &self.world.replicas[self.replica];
        let now = self.world.now();
        let mut dice = self.world.dice();
        let mut plan = Plan { before: Duration::ZERO, after: Duration::ZERO, arrives: true, answered: true };
        let latency = dice.millis(0, 3);
        if dice.once_in(2) {
            plan.before = latency;
        } else {
            plan.after = latency;
        }
        if replica.is_partitioned() {
            replica.disturb_store(now);
            plan.before = dice.millis(1, 150);
            plan.arrives = false;
            plan.answered = false;
        } else if self.world.script().is_some() {
            // Nothing else happens in a world of the table.
        } else if dice.per_mille(REQUEST_LOST_PER_MILLE) {
            self.hit(Fault::StoreRequestLost);
            plan.before = dice.millis(1, 250);
            plan.arrives = false;
            plan.answered = false;
        } else if dice.per_mille(ANSWER_LOST_PER_MILLE) {
            self.hit(Fault::StoreAnswerLost);
            plan.after = dice.millis(1, 250);
            plan.answered = false;
        } else if dice.per_mille(SLOW_PER_MILLE) {
            self.hit(Fault::StoreSlow);
            plan.before = dice.millis(50, 400);
            plan.after = dice.millis(50, 400);
        }
        plan
    }

    fn hit(&self, fault: Fault) {
        self.world.counts.fault(fault);
        self.world.replicas[self.replica].disturb_store(self.world.now());
    }

    async fn through<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let plan = self.plan();
        pass(plan.before).await;
        if !plan.arrives {
            return Err(lost("connection reset before anything arrived"));
        }
        let result = call.await;
        pass(plan.after).await;
        // A partition that began in the meantime swallows the answer.
        if !plan.answered || self.world.replicas[self.replica].is_partitioned() {
            return Err(lost("no answer"));
        }
        result
    }

    /// The store is full of marks, which are never dropped, so no existing record can grow.
    async fn needs_room(&self, key: &Key, draft: &Draft) -> bool {
        let kept = self.store().read(&[*key]).await.ok().and_then(|mut found| found.pop().flatten());
        kept.is_none_or(|kept| draft.body.is_some() && kept.body.is_none())
    }

    fn store(&self) -> &MemoryStore {
        &self.world.store
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.through(self.store().read(keys)).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        if self.world.is_store_full() && self.needs_room(key, &draft).await {
            self.hit(Fault::StoreRefused);
            return self.through(async { Err(StoreError::Full(Limit::Size)) }).await;
        }
        self.through(self.store().write(key, expected, draft)).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.through(self.store().acquire(lease, holder, ttl)).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.through(self.store().renew(lease, holder, ttl)).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.through(self.store().release(lease, holder)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.through(self.store().check()).await
    }
}

fn lost(words: &str) -> StoreError {
    StoreError::Unreachable(words.into())
}
