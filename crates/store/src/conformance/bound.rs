//! What is dropped at the size limit, in which order, and what never is.

use std::{collections::VecDeque, time::Duration};

use super::{
    entries::{listed, put},
    pair::{LIFE, Pair, done, key, mark, with_body},
};
use crate::{Draft, EntryDraft, Eviction, Expected, Key, MARK_MAX_BYTES, Record, StoreError, bound::count};

pub(super) async fn check(store: &Pair<'_>, capacity_bytes: usize) {
    entries_go_before_all_else(store, capacity_bytes).await;
    let mut filling = Filling { store, body_bytes: capacity_bytes / 64, keys: VecDeque::new() };
    filling.shown_bodies_go_first().await;
    filling.a_new_first_body_takes_no_last_ones_place().await;
    filling.marks_never_go().await;
    usage(store, capacity_bytes).await;
    store.advance(LIFE).await;
    let written = store.one().write(&key("after", 0), Expected::Absent, filling.draft(Eviction::Last)).await;
    done(written.expect("rule: what expired makes room again"), "an absent record can be written");
    let record = store.record(key("after", 0)).await.expect("rule: what expired makes room again");
    assert!(record.body.is_some(), "rule: what expired makes room again, for a body, too");
    store.one().check().await.expect("rule: a store that has room again is ready");
}

/// Entries alone fill a store only up to its limit, and make room for whatever else comes.
async fn entries_go_before_all_else(store: &Pair<'_>, capacity_bytes: usize) {
    let index = key("entries go first", 0);
    let value = vec![7; 1024];
    let number = u16::try_from(capacity_bytes / value.len()).expect("the capacity is at most 1 MiB");
    let put = async |number| {
        let draft = EntryDraft { value: value.clone(), ttl: LIFE, unless_within: Duration::ZERO };
        put(store, index, key("entries go first", number), draft).await
    };
    for number in 0..number {
        assert!(put(number).await, "rule: entries make room for entries");
    }
    let entries = listed(store, index).await;
    assert!(!entries.contains_key(&key("entries go first", 0)), "rule: the entry written first goes first");
    assert!(entries.contains_key(&key("entries go first", number - 1)), "rule: the last entry is there");
    let usage = store.one().usage().await.expect("a living store answers");
    let used =
        usage.map(|usage| usage.used_bytes).expect("rule: a store that bounds itself knows how full it is");
    assert!(used <= count(capacity_bytes), "rule: entries take no more than the capacity");
    assert!(used > count(capacity_bytes / 10 * 8), "rule: entries are counted");

    let mut bodies = Vec::new();
    for number in 0..32 {
        let key = key("bodies go after entries", number);
        let draft = with_body(mark("m"), vec![7; capacity_bytes / 64], LIFE, Eviction::First);
        let written = store.one().write(&key, Expected::Absent, draft).await;
        done(written.expect("rule: entries make room"), "an absent record can be written");
        bodies.push(key);
    }
    assert!(listed(store, index).await.len() < entries.len(), "rule: entries make room for bodies");
    let bodies = store.two().read(&bodies).await.expect("a living store reads");
    let is_there = |record: &Option<Record>| record.as_ref().is_some_and(|record| record.body.is_some());
    assert!(bodies.iter().all(is_there), "rule: no body goes while an entry is there");
    // As many marks as fit: from here on there is no room for an entry.
    for number in 0..u16::MAX {
        let filled = mark([7; MARK_MAX_BYTES]);
        if store.one().write(&key("marks before entries", number), Expected::Absent, filled).await.is_err() {
            break;
        }
    }
    assert!(listed(store, index).await.is_empty(), "rule: a full store has no entries");
    assert!(!put(number).await, "rule: an entry without room is not put, and that is no error");
    store.advance(LIFE).await;
}

/// The usage of a full store.
async fn usage(store: &Pair<'_>, capacity_bytes: usize) {
    let usage = store.two().usage().await.expect("a living store answers");
    let usage = usage.expect("rule: a store that bounds itself knows how full it is");
    let capacity_bytes = u64::try_from(capacity_bytes).expect("the capacity is at most 1 MiB");
    assert_eq!(usage.capacity_bytes, capacity_bytes, "rule: its capacity is the one it was given");
    assert!(usage.used_bytes <= capacity_bytes, "rule: it takes no more than its capacity");
    assert!(usage.used_bytes > capacity_bytes / 10 * 9, "rule: a full store is used");
    assert!(usage.entries > 64, "rule: every record is counted");
}

struct Filling<'a> {
    store: &'a Pair<'a>,
    body_bytes: usize,
    /// The keys in the order of their writes.
    keys: VecDeque<(Key, Eviction)>,
}

impl Filling<'_> {
    fn draft(&self, eviction: Eviction) -> Draft {
        with_body(mark([7; MARK_MAX_BYTES]), vec![7; self.body_bytes], LIFE, eviction)
    }

    async fn put(&mut self, eviction: Eviction) {
        let key = key("filling", u16::try_from(self.keys.len()).expect("the capacity is at most 1 MiB"));
        let written = self.store.one().write(&key, Expected::Absent, self.draft(eviction)).await;
        done(written.expect("rule: while bodies may go there is room"), "an absent record can be written");
        self.keys.push_back((key, eviction));
    }

    /// Whether each body of this kind still exists, the oldest first. All marks exist.
    async fn present(&self, kind: Eviction) -> Vec<bool> {
        let of_kind = self.keys.iter().filter(|(_, eviction)| *eviction == kind);
        let keys: Vec<_> = of_kind.map(|(key, _)| *key).collect();
        let records = self.store.two().read(&keys).await.expect("a living store reads");
        let present = |record: Option<Record>| record.expect("rule: a mark is never evicted").body.is_some();
        records.into_iter().map(present).collect()
    }

    async fn shown_bodies_go_first(&mut self) {
        for _ in 0..4 {
            self.put(Eviction::First).await;
            self.put(Eviction::Last).await;
        }
        assert!(
            self.present(Eviction::First).await.iter().all(|there| *there),
            "rule: nothing goes before the bound"
        );
        // More than the capacity, whatever a record costs.
        for _ in 0..64 {
            self.put(Eviction::Last).await;
            let (first, last) = (self.present(Eviction::First).await, self.present(Eviction::Last).await);
            for bodies in [&first, &last] {
                assert!(bodies.is_sorted(), "rule: of one kind the oldest bodies go first");
            }
            let first_left = first.contains(&true);
            assert!(
                !first_left || !last.contains(&false),
                "rule: no Last body goes while a First one is there"
            );
            assert_eq!(last.last(), Some(&true), "rule: a Last body just written is there");
        }
        assert!(!self.present(Eviction::Last).await[0], "rule: at the bound bodies go");
    }

    async fn a_new_first_body_takes_no_last_ones_place(&mut self) {
        let before = self.present(Eviction::Last).await;
        let there = before.iter().filter(|there| **there).count();
        for _ in 0..4 {
            self.put(Eviction::First).await;
        }
        let after = self.present(Eviction::Last).await;
        let left = after.iter().filter(|there| **there).count();
        // Four marks need room: less than one body each.
        assert!(there - left <= 4, "rule: a new First body does not push out Last ones; only its mark does");
    }

    async fn marks_never_go(&mut self) {
        let mut refused = None;
        for number in 0..u16::MAX {
            let key = key("marks", number);
            match self.store.one().write(&key, Expected::Absent, mark([7; MARK_MAX_BYTES])).await {
                Ok(written) => {
                    done(written, "an absent record can be written");
                    self.keys.push_back((key, Eviction::First));
                }
                Err(StoreError::Full(_)) => {
                    refused = Some(key);
                    break;
                }
                Err(error) => panic!("rule: a full store says that it is full, not {error}"),
            }
        }
        let refused = refused.expect("rule: the bound holds for marks, too");
        assert!(self.store.record(refused).await.is_none(), "rule: a write refused as full leaves nothing");
        let checked = self.store.two().check().await;
        assert!(matches!(checked, Err(StoreError::Full(_))), "rule: a full store is not ready, and says why");
        let bodies = [self.present(Eviction::First).await, self.present(Eviction::Last).await].concat();
        assert!(!bodies.contains(&true), "rule: a store is full only when no body is left to go");

        let (key, _) = self.keys[0];
        let before = self.store.record(key).await;
        let outcome = self.store.one().write(&key, Expected::Anything, self.draft(Eviction::Last)).await;
        assert!(
            matches!(outcome, Err(StoreError::Full(_))),
            "rule: a Last body without room is refused, not dropped"
        );
        assert!(self.store.record(key).await == before, "rule: a write refused as full changes nothing");
    }
}
