//! The maps behind [`MemoryStore`](super::MemoryStore), and the sets that order what is removed next.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{index::Indexes, key_hash::KeyHash};
use crate::{
    Draft, EntryDraft, Eviction, Expected, Holder, Key, Record, StoreError, Usage, Version, Written,
    ambient::Moment,
    bound::{Admission, UsedBytes, count},
};

/// The estimated cost of a record beside its bytes: its key in the map and in the sets, and their unused space.
const RECORD_BYTES: usize = 320;
const LEASE_BYTES: usize = 240;

/// One write adds at most two entries to the expiry set, so removing more than two per write keeps up with any load.
const SWEEP_STEP: usize = 4;

pub(super) struct State {
    records: HashMap<Key, Slot, KeyHash>,
    leases: HashMap<Key, Lease, KeyHash>,
    pub(super) indexes: Indexes,
    expiry: BTreeSet<(Moment, Target)>,
    /// In the order in which they are dropped: all `First`, the oldest write first, then all `Last`.
    bodies: BTreeMap<(Eviction, u128), Key>,
    used: UsedBytes,
    capacity_bytes: usize,
    /// The last version. One counter serves all keys, so no version repeats for any of them.
    versions: u128,
}

struct Slot {
    version: u128,
    mark: Vec<u8>,
    ends: Moment,
    body: Option<SlotBody>,
}

struct SlotBody {
    bytes: Vec<u8>,
    ends: Moment,
    eviction: Eviction,
}

struct Lease {
    holder: Holder,
    began: Moment,
    ends: Moment,
}

impl Lease {
    /// A lease that began in the future was taken while the clock was ahead.
    fn is_held(&self, now: Moment) -> bool {
        now < self.ends && self.began <= now.latest()
    }
}

/// Entries that expire at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Record(Key),
    Body(Key),
    Lease(Key),
}

impl State {
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self {
            records: HashMap::default(),
            leases: HashMap::default(),
            indexes: Indexes::default(),
            expiry: BTreeSet::new(),
            bodies: BTreeMap::new(),
            used: UsedBytes::default(),
            capacity_bytes,
            versions: 0,
        }
    }

    pub(super) fn used_bytes(&self) -> usize {
        self.used.total() + self.indexes.used_bytes()
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            used_bytes: count(self.used_bytes()),
            capacity_bytes: count(self.capacity_bytes),
            entries: count(self.records.len() + self.leases.len() + self.indexes.len()),
        }
    }

    /// Whether there is room for another mark.
    pub(super) fn check(&mut self, now: Moment) -> Result<(), StoreError> {
        self.make_room(now, None, &UsedBytes::largest_mark(RECORD_BYTES)).map(drop)
    }

    pub(super) fn read(&self, key: &Key, now: Moment) -> Option<Record> {
        let slot = self.living(key, now)?;
        let body = slot.body.as_ref().filter(|body| now < body.ends);
        Some(Record {
            version: Version::from_bytes(slot.version.to_be_bytes()),
            mark: slot.mark.clone(),
            body: body.map(|body| body.bytes.clone()),
        })
    }

    pub(super) fn write(
        &mut self,
        key: &Key,
        expected: Expected,
        draft: Draft,
        now: Moment,
    ) -> Result<Written, StoreError> {
        self.sweep(now, SWEEP_STEP);
        let met = match (expected, self.living(key, now)) {
            (Expected::Anything, _) | (Expected::Absent, None) => true,
            (Expected::Version(version), Some(slot)) => slot.version.to_be_bytes() == *version.as_bytes(),
            (Expected::Absent, Some(_)) | (Expected::Version(_), None) => false,
        };
        if !met {
            return Ok(Written::Conflict);
        }

        let ends = now.after(draft.mark_ttl);
        let body = draft.body.map(|body| SlotBody {
            bytes: body.bytes,
            ends: now.after(body.ttl).min(ends),
            eviction: body.eviction,
        });
        let mut slot = Slot { version: self.versions + 1, mark: draft.mark, ends, body };
        if self.make_room(now, Some(key), &slot.used())? == Admission::WithoutBody {
            slot.body = None;
        }
        self.forget_record(key);
        self.versions = slot.version;
        self.keep(*key, slot);
        self.evict();
        Ok(Written::Done(Version::from_bytes(self.versions.to_be_bytes())))
    }

    pub(super) fn acquire(
        &mut self,
        lease: &Key,
        holder: &Holder,
        now: Moment,
        ends: Moment,
    ) -> Result<bool, StoreError> {
        self.sweep(now, SWEEP_STEP);
        match self.leases.get(lease) {
            Some(held) if held.is_held(now) && held.holder != *holder => return Ok(false),
            Some(_) => self.forget_lease(lease),
            None => {
                self.make_room(now, None, &UsedBytes { fixed: LEASE_BYTES, ..UsedBytes::default() })?;
            }
        }
        self.leases.insert(*lease, Lease { holder: *holder, began: now, ends });
        self.expiry.insert((ends, Target::Lease(*lease)));
        self.used.fixed += LEASE_BYTES;
        self.evict();
        Ok(true)
    }

    pub(super) fn renew(&mut self, lease: &Key, holder: &Holder, now: Moment, ends: Moment) -> bool {
        let Some(held) = self.leases.get_mut(lease).filter(|held| held.holder == *holder && now < held.ends)
        else {
            return false;
        };
        self.expiry.remove(&(held.ends, Target::Lease(*lease)));
        (held.began, held.ends) = (now, ends);
        self.expiry.insert((ends, Target::Lease(*lease)));
        true
    }

    pub(super) fn release(&mut self, lease: &Key, holder: &Holder) {
        if self.leases.get(lease).is_some_and(|held| held.holder == *holder) {
            self.forget_lease(lease);
        }
    }

    /// An entry takes the place of other entries alone.
    pub(super) fn put_entry(&mut self, index: Key, name: Key, draft: EntryDraft, now: Moment) -> bool {
        self.sweep(now, SWEEP_STEP);
        if self.used.total() + Indexes::bytes_of(&draft.value) > self.capacity_bytes {
            self.sweep(now, usize::MAX);
        }
        let has_room = self.used.total() + Indexes::bytes_of(&draft.value) <= self.capacity_bytes;
        let is_put = has_room && self.indexes.put(index, name, draft, now);
        self.evict();
        is_put
    }

    fn living(&self, key: &Key, now: Moment) -> Option<&Slot> {
        self.records.get(key).filter(|slot| now < slot.ends)
    }

    /// Decides what happens to an entry that replaces the record of this key. Expired entries are removed first.
    fn make_room(
        &mut self,
        now: Moment,
        key: Option<&Key>,
        entry: &UsedBytes,
    ) -> Result<Admission, StoreError> {
        if self.used_bytes() + entry.total() > self.capacity_bytes {
            self.sweep(now, usize::MAX);
        }
        let mut others = self.used;
        if let Some(replaced) = key.and_then(|key| self.records.get(key)) {
            others.subtract(&replaced.used());
        }
        others.admit(entry, self.capacity_bytes)
    }

    /// Drops entries, then bodies, until the rest fits. [`make_room`](Self::make_room) has checked that this is enough.
    fn evict(&mut self) {
        while self.used_bytes() > self.capacity_bytes {
            if self.indexes.drop_first() {
                continue;
            }
            let Some((_, key)) = self.bodies.first_key_value() else { return };
            self.forget_body(&key.clone());
        }
    }

    /// Removes at most this many of what has expired, and as many entries of indexes.
    fn sweep(&mut self, now: Moment, at_most: usize) {
        self.indexes.sweep(now, at_most);
        for _ in 0..at_most {
            match self.expiry.first() {
                Some(&(ends, target)) if ends <= now => match target {
                    Target::Record(key) => self.forget_record(&key),
                    Target::Body(key) => self.forget_body(&key),
                    Target::Lease(lease) => self.forget_lease(&lease),
                },
                _ => return,
            }
        }
    }

    fn keep(&mut self, key: Key, slot: Slot) {
        self.used.add(&slot.used());
        self.expiry.insert((slot.ends, Target::Record(key)));
        if let Some(body) = &slot.body {
            self.bodies.insert((body.eviction, slot.version), key);
            if body.ends < slot.ends {
                self.expiry.insert((body.ends, Target::Body(key)));
            }
        }
        self.records.insert(key, slot);
    }

    fn forget_record(&mut self, key: &Key) {
        self.forget_body(key);
        if let Some(slot) = self.records.remove(key) {
            self.used.subtract(&slot.used());
            self.expiry.remove(&(slot.ends, Target::Record(*key)));
        }
    }

    fn forget_body(&mut self, key: &Key) {
        let Some(slot) = self.records.get_mut(key) else { return };
        let before = slot.used();
        let Some(body) = slot.body.take() else { return };
        self.used.subtract(&before);
        self.used.add(&slot.used());
        self.bodies.remove(&(body.eviction, slot.version));
        self.expiry.remove(&(body.ends, Target::Body(*key)));
    }

    fn forget_lease(&mut self, lease: &Key) {
        if let Some(held) = self.leases.remove(lease) {
            self.used.fixed -= LEASE_BYTES;
            self.expiry.remove(&(held.ends, Target::Lease(*lease)));
        }
    }
}

impl Slot {
    fn used(&self) -> UsedBytes {
        let body = self.body.as_ref().map(|body| UsedBytes::body(body.eviction, body.bytes.len()));
        UsedBytes { fixed: RECORD_BYTES + self.mark.len(), ..body.unwrap_or_default() }
    }
}
