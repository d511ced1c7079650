//! The memory store: the conformance suite, and its own tests.

#[path = "support/clock.rs"]
mod clock;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use clock::TestClock;
use ironleaf_store::{
    Body, Draft, Durability, EntryDraft, Eviction, Expected, Holder, Key, MemoryStore, Store,
    conformance::{self, Subject},
};

struct Memory {
    store: Arc<MemoryStore>,
    clock: TestClock,
}

impl Memory {
    fn of(capacity_bytes: usize) -> Self {
        let clock = TestClock::default();
        Self { store: Arc::new(MemoryStore::new(capacity_bytes, clock.clock())), clock }
    }
}

#[async_trait]
impl Subject for Memory {
    async fn clients(&self) -> [Arc<dyn Store>; 2] {
        [self.store.clone(), self.store.clone()]
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

fn key(number: u64) -> Key {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    Key::from_bytes(bytes)
}

fn draft(mark_ttl: Duration) -> Draft {
    let body = Body { bytes: vec![1; 100], ttl: mark_ttl / 2, eviction: Eviction::Last };
    Draft { mark: vec![1; 16], mark_ttl, body: Some(body), durability: Durability::Synced }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_conforms() {
    conformance::check(&Memory::of(1 << 20)).await;
}

#[tokio::test]
async fn memory_conforms_at_its_size_bound() {
    for capacity_bytes in [64 << 10, 200_000] {
        conformance::check_size_bound(&Memory::of(capacity_bytes), capacity_bytes).await;
    }
}

#[tokio::test]
async fn expired_entries_leave_memory_as_others_come() {
    let memory = Memory::of(1 << 30);
    let mut most = 0;
    for number in 0..20_000 {
        memory.clock.advance(Duration::from_millis(1));
        let written = memory.store.write(&key(number), Expected::Absent, draft(Duration::from_secs(1))).await;
        assert!(written.is_ok());
        let holder = Holder::from_bytes([1; 16]);
        assert!(
            memory
                .store
                .acquire(&key(number), &holder, Duration::from_secs(1))
                .await
                .is_ok_and(|taken| taken)
        );
        most = most.max(memory.store.used_bytes());
    }
    // A thousand of each are alive at any time.
    assert!(most < 1_100_000, "{most} bytes for a thousand living records and leases");
}

#[tokio::test]
async fn a_rewritten_record_is_counted_once() {
    let memory = Memory::of(1 << 30);
    let mut used = Vec::new();
    for _ in 0..100 {
        let written = memory.store.write(&key(1), Expected::Anything, draft(Duration::from_secs(1))).await;
        assert!(written.is_ok());
        used.push(memory.store.used_bytes());
    }
    assert!(used.iter().all(|bytes| *bytes == used[0]), "{used:?}");
}

#[tokio::test]
async fn everything_that_ended_is_given_back() {
    let memory = Memory::of(1 << 20);
    for number in 0..4 {
        assert!(
            memory.store.write(&key(number), Expected::Anything, draft(Duration::from_secs(1))).await.is_ok()
        );
    }
    memory.clock.advance(Duration::from_secs(1));
    let nothing =
        Draft { mark: Vec::new(), mark_ttl: Duration::ZERO, body: None, durability: Durability::Synced };
    for _ in 0..4 {
        assert!(memory.store.write(&key(9), Expected::Anything, nothing.clone()).await.is_ok());
    }
    assert!(memory.store.acquire(&key(9), &Holder::from_bytes([1; 16]), Duration::ZERO).await.is_ok());
    assert!(memory.store.release(&key(9), &Holder::from_bytes([1; 16])).await.is_ok());
    assert_eq!(memory.store.used_bytes(), 0);
}

#[tokio::test]
async fn a_lease_that_was_taken_while_the_clock_was_ahead_ends_with_that() {
    let Memory { store, clock } = Memory::of(1 << 20);
    let (first, heir, other) =
        (Holder::from_bytes([1; 16]), Holder::from_bytes([2; 16]), Holder::from_bytes([3; 16]));
    let (hour, short) = (Duration::from_hours(1), Duration::from_secs(10));
    clock.advance(hour);
    assert!(store.acquire(&key(1), &first, short).await.unwrap());
    assert!(store.acquire(&key(2), &first, short).await.unwrap());
    clock.go_back(hour);
    assert!(store.renew(&key(2), &first, short).await.unwrap(), "it is there, and nobody has taken it");
    assert!(!store.acquire(&key(2), &heir, short).await.unwrap());
    assert!(store.acquire(&key(1), &heir, short).await.unwrap(), "nobody waits for the clock");
    assert!(!store.renew(&key(1), &first, short).await.unwrap());
    assert!(!store.acquire(&key(1), &other, short).await.unwrap());
}

#[tokio::test]
async fn entries_that_are_over_leave_memory_as_others_come() {
    let Memory { store, clock } = Memory::of(1 << 20);
    let draft = |seconds| EntryDraft {
        value: vec![1; 100],
        ttl: Duration::from_secs(seconds),
        unless_within: Duration::ZERO,
    };
    for number in 0..10 {
        assert!(store.put_entry(&key(number), &key(1), draft(10)).await.unwrap());
    }
    clock.advance(Duration::from_secs(10));
    for _ in 0..3 {
        assert!(store.put_entry(&key(99), &key(1), draft(10)).await.unwrap());
    }
    assert!(store.put_entry(&key(99), &key(1), draft(0)).await.unwrap());
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test]
async fn an_entry_that_was_written_while_the_clock_was_ahead_is_not_recent() {
    let Memory { store, clock } = Memory::of(1 << 20);
    let hour = Duration::from_hours(1);
    let draft = || EntryDraft { value: Vec::new(), ttl: 2 * hour, unless_within: hour };
    clock.advance(hour);
    assert!(store.put_entry(&key(1), &key(1), draft()).await.unwrap());
    clock.go_back(hour);
    assert!(store.put_entry(&key(1), &key(1), draft()).await.unwrap());
    assert!(!store.put_entry(&key(1), &key(1), draft()).await.unwrap());
}
