//! The entries of an index: put, listed, replaced, removed, expired and bounded.

use std::{collections::BTreeMap, time::Duration};

use super::pair::{HALF, LIFE, Pair, key};
use crate::{EntryDraft, INDEX_MAX_ENTRIES, Key};

pub(super) async fn check(store: &Pair<'_>) {
    apart(store).await;
    replacing(store).await;
    recent(store).await;
    removing(store).await;
    expiring(store).await;
    bounded(store).await;
}

fn draft(value: &[u8], ttl: Duration) -> EntryDraft {
    EntryDraft { value: value.to_vec(), ttl, unless_within: Duration::ZERO }
}

pub(super) async fn put(store: &Pair<'_>, index: Key, name: Key, draft: EntryDraft) -> bool {
    store.one().put_entry(&index, &name, draft).await.expect("a living store keeps entries")
}

/// As the second client sees them, which put none.
pub(super) async fn listed(store: &Pair<'_>, index: Key) -> BTreeMap<Key, Vec<u8>> {
    let entries = store.two().entries(&index).await.expect("a living store lists");
    let count = entries.len();
    let by_name: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.name, entry.value)).collect();
    assert_eq!(by_name.len(), count, "rule: an index lists each entry once");
    by_name
}

async fn apart(store: &Pair<'_>) {
    let (index, other, name) = (key("apart: index", 0), key("apart: index", 1), key("apart: name", 0));
    assert!(listed(store, index).await.is_empty(), "rule: an index without entries is empty");
    assert!(put(store, index, name, draft(b"value \0\xff", LIFE)).await, "rule: a new entry is put");
    let found = listed(store, index).await;
    assert_eq!(found, [(name, b"value \0\xff".to_vec())].into(), "rule: an entry is listed as it was put");
    assert!(listed(store, other).await.is_empty(), "rule: indexes are apart");
    assert!(store.record(index).await.is_none(), "rule: an index is no record");
    assert!(put(store, other, name, draft(b"", LIFE)).await, "rule: one name may be in two indexes");
    assert_eq!(listed(store, other).await, [(name, Vec::new())].into(), "rule: a value may be empty");
    assert_eq!(listed(store, index).await, found, "rule: an index keeps its own entry of that name");
}

async fn replacing(store: &Pair<'_>) {
    let (index, name) = (key("replacing: index", 0), key("replacing: name", 0));
    for value in [&b"one"[..], b"two"] {
        assert!(put(store, index, name, draft(value, LIFE)).await, "rule: an entry can be replaced");
        assert_eq!(
            listed(store, index).await,
            [(name, value.to_vec())].into(),
            "rule: the last write counts"
        );
    }
    assert!(put(store, index, name, draft(b"", Duration::ZERO)).await, "rule: no lifetime removes an entry");
    assert!(listed(store, index).await.is_empty(), "rule: no lifetime removes an entry");
}

async fn recent(store: &Pair<'_>) {
    let (index, name) = (key("recent: index", 0), key("recent: name", 0));
    let unless = |value| EntryDraft { unless_within: HALF, ..draft(value, LIFE) };
    assert!(put(store, index, name, unless(b"one")).await, "rule: an entry that is not there is not recent");
    assert!(!put(store, index, name, unless(b"two")).await, "rule: a recent entry stays");
    assert_eq!(listed(store, index).await, [(name, b"one".to_vec())].into(), "rule: a recent entry stays");
    store.advance(HALF).await;
    assert!(put(store, index, name, unless(b"three")).await, "rule: after its time an entry is replaced");
    store.advance(HALF).await;
    let found = listed(store, index).await;
    assert_eq!(found, [(name, b"three".to_vec())].into(), "rule: a replaced entry lives anew");
    store.advance(HALF).await;
    let long = EntryDraft { unless_within: 4 * LIFE, ..draft(b"four", LIFE) };
    assert!(put(store, index, name, long).await, "rule: an expired entry is not recent");
}

async fn removing(store: &Pair<'_>) {
    let index = key("removing: index", 0);
    let names: Vec<_> = (0..5).map(|number| key("removing: name", number)).collect();
    for name in &names {
        assert!(put(store, index, *name, draft(b"value", LIFE)).await, "rule: a new entry is put");
    }
    let remove = async |names: &[Key]| {
        store.two().remove_entries(&index, names).await.expect("a living store removes");
    };
    remove(&[]).await;
    assert_eq!(listed(store, index).await.len(), 5, "rule: no name removes nothing");
    remove(&[names[1], names[3], key("removing: nobody", 0)]).await;
    let left: Vec<_> = listed(store, index).await.into_keys().collect();
    assert_eq!(left, [names[0], names[2], names[4]], "rule: what is named is removed, and nothing else");
    remove(&names).await;
    assert!(listed(store, index).await.is_empty(), "rule: all can be removed");
    assert!(
        put(store, index, names[0], draft(b"again", LIFE)).await,
        "rule: a removed entry can be put again"
    );
}

async fn expiring(store: &Pair<'_>) {
    let index = key("expiring: index", 0);
    let (short, long) = (key("expiring: name", 0), key("expiring: name", 1));
    assert!(put(store, index, long, draft(b"long", LIFE)).await, "rule: a new entry is put");
    assert!(put(store, index, short, draft(b"short", HALF)).await, "rule: a new entry is put");
    assert_eq!(listed(store, index).await.len(), 2, "rule: nothing ends before its time");
    store.advance(HALF).await;
    let left: Vec<_> = listed(store, index).await.into_keys().collect();
    assert_eq!(left, [long], "rule: an entry ends with its own time");
    store.advance(HALF).await;
    assert!(listed(store, index).await.is_empty(), "rule: an index ends with its last entry");
}

async fn bounded(store: &Pair<'_>) {
    let index = key("bounded: index", 0);
    let name = |number: usize| key("bounded: name", u16::try_from(number).expect("a few thousand"));
    for number in 0..INDEX_MAX_ENTRIES {
        assert!(put(store, index, name(number), draft(b"v", LIFE)).await, "rule: a new entry is put");
        // So that the second comes after the first by the clock of the store, whatever its precision.
        if number < 3 {
            store.advance(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(listed(store, index).await.len(), INDEX_MAX_ENTRIES, "rule: an index has room for so many");
    assert!(put(store, index, name(0), draft(b"seen again", LIFE)).await, "rule: a full index replaces");
    let full = listed(store, index).await;
    assert_eq!(full.len(), INDEX_MAX_ENTRIES, "rule: a replacement is no further entry");
    for further in 0..2 {
        let new = name(INDEX_MAX_ENTRIES + further);
        assert!(put(store, index, new, draft(b"v", LIFE)).await, "rule: a full index takes a new entry");
        let found = listed(store, index).await;
        assert_eq!(found.len(), INDEX_MAX_ENTRIES, "rule: an index never has more");
        assert!(found.contains_key(&new), "rule: the new entry is there");
        assert!(!found.contains_key(&name(1 + further)), "rule: the entry written first goes");
        assert!(found.contains_key(&name(0)), "rule: an entry written again goes later");
        assert!(found.contains_key(&name(2 + further)), "rule: no more go than have to");
    }
    let all: Vec<_> = listed(store, index).await.into_keys().collect();
    store.one().remove_entries(&index, &all).await.expect("a living store removes");
    assert!(listed(store, index).await.is_empty(), "rule: a full index can be emptied at once");
}
