//! The indexes of [`MemoryStore`](super::MemoryStore).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use super::key_hash::KeyHash;
use crate::{Entry, EntryDraft, INDEX_MAX_ENTRIES, Key, ambient::Moment};

/// The estimated cost of an entry beside its value: its names in the maps and in the sets, and their unused space.
const ENTRY_BYTES: usize = 400;

#[derive(Default)]
pub(super) struct Indexes {
    by_key: HashMap<Key, Index, KeyHash>,
    /// In the order of their writes, which is the order in which they are dropped.
    places: BTreeMap<u64, Place>,
    expiry: BTreeSet<(Moment, u64)>,
    used_bytes: usize,
    writes: u64,
}

/// The entries of one index, and the same in the order of their writes.
#[derive(Default)]
struct Index {
    entries: HashMap<Key, Slot, KeyHash>,
    order: BTreeSet<u64>,
}

#[derive(Clone, Copy)]
struct Place {
    index: Key,
    name: Key,
}

struct Slot {
    /// Which write it was.
    write: u64,
    written: Moment,
    ends: Moment,
    value: Vec<u8>,
}

impl Slot {
    /// An entry from the future was written while the clock was ahead.
    fn was_written_within(&self, time: Duration, now: Moment) -> bool {
        now < self.ends && self.written <= now.latest() && now < self.written.after(time)
    }
}

impl Indexes {
    pub(super) fn bytes_of(value: &[u8]) -> usize {
        ENTRY_BYTES + value.len()
    }

    pub(super) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn put(&mut self, index: Key, name: Key, draft: EntryDraft, now: Moment) -> bool {
        let EntryDraft { value, ttl, unless_within } = draft;
        let found = self.by_key.get(&index).and_then(|index| index.entries.get(&name));
        if found.is_some_and(|slot| slot.was_written_within(unless_within, now)) {
            return false;
        }
        self.remove(&index, &[name]);
        if ttl.is_zero() {
            return true;
        }
        let slot = Slot { write: self.writes, written: now, ends: now.after(ttl), value };
        self.writes += 1;
        self.used_bytes += Self::bytes_of(&slot.value);
        self.places.insert(slot.write, Place { index, name });
        self.expiry.insert((slot.ends, slot.write));
        let of_owner = self.by_key.entry(index).or_default();
        of_owner.order.insert(slot.write);
        of_owner.entries.insert(name, slot);
        let too_many = of_owner.order.first().copied().filter(|_| of_owner.order.len() > INDEX_MAX_ENTRIES);
        if let Some(write) = too_many {
            self.forget(write);
        }
        true
    }

    pub(super) fn entries(&self, index: &Key, now: Moment) -> Vec<Entry> {
        let Some(index) = self.by_key.get(index) else { return Vec::new() };
        let living = index.entries.iter().filter(|(_, slot)| now < slot.ends);
        living.map(|(name, slot)| Entry { name: *name, value: slot.value.clone() }).collect()
    }

    pub(super) fn remove(&mut self, index: &Key, names: &[Key]) {
        for name in names {
            let found = self.by_key.get(index).and_then(|index| index.entries.get(name));
            if let Some(write) = found.map(|slot| slot.write) {
                self.forget(write);
            }
        }
    }

    /// Drops the entry that was written first, of all indexes. Returns whether there was one.
    pub(super) fn drop_first(&mut self) -> bool {
        let first = self.places.first_key_value().map(|(write, _)| *write);
        first.map(|write| self.forget(write)).is_some()
    }

    /// Removes at most this many expired entries.
    pub(super) fn sweep(&mut self, now: Moment, at_most: usize) {
        for _ in 0..at_most {
            match self.expiry.first() {
                Some(&(ends, write)) if ends <= now => self.forget(write),
                _ => return,
            }
        }
    }

    fn forget(&mut self, write: u64) {
        let Some(Place { index, name }) = self.places.remove(&write) else { return };
        let Some(of_owner) = self.by_key.get_mut(&index) else { return };
        of_owner.order.remove(&write);
        if let Some(slot) = of_owner.entries.remove(&name) {
            self.used_bytes -= Self::bytes_of(&slot.value);
            self.expiry.remove(&(slot.ends, write));
        }
        if of_owner.entries.is_empty() {
            self.by_key.remove(&index);
        }
    }
}
