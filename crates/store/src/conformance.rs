//! The suite that every store has to pass. Each rule is a sentence; a store that breaks one panics with it.
//!
//! The suite moves time with [`Subject::advance`] and never sleeps. A store whose time also runs by itself passes if
//! each rule takes less than ten seconds.

mod bound;
mod leases;
mod records;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Body, Draft, Durability, Eviction, Holder, Key, Record, Store, Version, Written};

/// A store under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Two clients of one store, as two processes would have them. This is called once.
    async fn clients(&self) -> [Arc<dyn Store>; 2];

    /// Moves the store's time.
    async fn advance(&self, by: Duration);
}

/// Checks all rules except those of the size limit. The store must be empty, and needs room for a few hundred
/// kilobytes.
///
/// # Panics
///
/// At the first rule that is broken, with its name.
pub async fn check(subject: &dyn Subject) {
    let store = &Pair::of(subject).await;
    for client in &store.clients {
        client.check().await.expect("rule: a store that is there answers");
    }
    records::check(store).await;
    leases::check(store).await;
}

/// Checks the size limit, for a store that has one. The store must be empty and have this capacity, between 64 KiB and
/// 1 MiB.
///
/// # Panics
///
/// At the first rule that is broken, with its name.
pub async fn check_size_bound(subject: &dyn Subject, capacity_bytes: usize) {
    bound::check(&Pair::of(subject).await, capacity_bytes).await;
}

/// The lifetime of the suite's records and leases.
const LIFE: Duration = Duration::from_secs(100);
/// Half of it: after this, nothing has expired; after twice this, everything has.
const HALF: Duration = Duration::from_secs(50);

/// How many tasks compete for one thing.
const RACERS: u8 = 32;

struct Pair<'a> {
    subject: &'a dyn Subject,
    clients: [Arc<dyn Store>; 2],
}

impl<'a> Pair<'a> {
    async fn of(subject: &'a dyn Subject) -> Self {
        Self { subject, clients: subject.clients().await }
    }

    fn one(&self) -> &dyn Store {
        &self.clients[0]
    }

    fn two(&self) -> &dyn Store {
        &self.clients[1]
    }

    async fn advance(&self, by: Duration) {
        self.subject.advance(by).await;
    }

    /// The record as the second client sees it, which wrote nothing.
    async fn record(&self, key: Key) -> Option<Record> {
        let mut records = self.two().read(&[key]).await.expect("a living store reads");
        assert_eq!(records.len(), 1, "rule: a read answers every key once");
        records.remove(0)
    }
}

/// Every rule has its own keys, so all rules run on one store.
fn key(rule: &str, number: u16) -> Key {
    let mut bytes = [0; 32];
    let length = rule.len().min(30);
    bytes[..length].copy_from_slice(&rule.as_bytes()[..length]);
    bytes[30..].copy_from_slice(&number.to_be_bytes());
    Key::from_bytes(bytes)
}

fn holder(number: u8) -> Holder {
    Holder::from_bytes([number; 16])
}

fn mark(mark: impl AsRef<[u8]>) -> Draft {
    Draft { mark: mark.as_ref().to_vec(), mark_ttl: LIFE, body: None, durability: Durability::Synced }
}

fn with_body(draft: Draft, bytes: impl AsRef<[u8]>, ttl: Duration, eviction: Eviction) -> Draft {
    Draft { body: Some(Body { bytes: bytes.as_ref().to_vec(), ttl, eviction }), ..draft }
}

fn done(written: Written, rule: &str) -> Version {
    match written {
        Written::Done(version) => version,
        Written::Conflict => panic!("rule: {rule}"),
    }
}
