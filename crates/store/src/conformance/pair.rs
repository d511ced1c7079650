//! What the rules share: two clients of one store, and what they write.

use std::{sync::Arc, time::Duration};

use super::subject::Subject;
use crate::{Body, Draft, Durability, Eviction, Holder, Key, Record, Store, Version, Written};

/// The time that records and leases of the suite get.
pub(super) const LIFE: Duration = Duration::from_secs(100);
/// Half of it: nothing has ended, and twice it everything has.
pub(super) const HALF: Duration = Duration::from_secs(50);

/// How many tasks race for one thing.
pub(super) const RACERS: u8 = 32;

pub(super) struct Pair<'a> {
    subject: &'a dyn Subject,
    pub(super) clients: [Arc<dyn Store>; 2],
}

impl<'a> Pair<'a> {
    pub(super) async fn of(subject: &'a dyn Subject) -> Self {
        Self { subject, clients: subject.clients().await }
    }

    pub(super) fn one(&self) -> &dyn Store {
        &self.clients[0]
    }

    pub(super) fn two(&self) -> &dyn Store {
        &self.clients[1]
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.subject.advance(by).await;
    }

    /// As the second client sees it, who wrote nothing.
    pub(super) async fn record(&self, key: Key) -> Option<Record> {
        let mut records = self.two().read(&[key]).await.expect("a living store reads");
        assert_eq!(records.len(), 1, "rule: a read answers every key once");
        records.remove(0)
    }
}

/// Every rule has keys of its own, so that all run on one store.
pub(super) fn key(rule: &str, number: u16) -> Key {
    let mut bytes = [0; 32];
    let length = rule.len().min(30);
    bytes[..length].copy_from_slice(&rule.as_bytes()[..length]);
    bytes[30..].copy_from_slice(&number.to_be_bytes());
    Key::from_bytes(bytes)
}

pub(super) fn holder(number: u8) -> Holder {
    Holder::from_bytes([number; 16])
}

pub(super) fn mark(mark: impl AsRef<[u8]>) -> Draft {
    Draft { mark: mark.as_ref().to_vec(), mark_ttl: LIFE, body: None, durability: Durability::Synced }
}

pub(super) fn with_body(draft: Draft, bytes: impl AsRef<[u8]>, ttl: Duration, eviction: Eviction) -> Draft {
    Draft { body: Some(Body { bytes: bytes.as_ref().to_vec(), ttl, eviction }), ..draft }
}

pub(super) fn done(written: Written, rule: &str) -> Version {
    match written {
        Written::Done(version) => version,
        Written::Conflict => panic!("rule: {rule}"),
    }
}
